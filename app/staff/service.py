"""Commands of staff: ask for other roles, ask for somebody to be invited, let them in. Others agree by governance."""

from collections.abc import Collection

from sqlalchemy import update

from app.core import clock, crypto, ids, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.core.permissions import Permission, Role, conflicts
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.rules import Facts
from app.identity import errors as identity_errors
from app.identity import queries as identity
from app.identity import rules as identity_rules
from app.identity import service as identity_service
from app.identity.rules import Audience
from app.staff import errors, events, queries, rules
from app.staff.models import Invitation


def request_roles(operator_id: str, *, roles: Collection[str], reason: str, maker: str, actor: Actor) -> Request:
    """Ask that somebody have these roles and no others. Raises NothingChanges, RolesConflict, as governance does."""
    person = identity.operator_for_operators(operator_id)
    payload = {
        "operator_id": person.id,
        "name": person.name,
        "roles": sorted(set(roles)),
        "was": sorted(set(person.roles)),
    }
    return governance.submit(
        ROLES.name, payload, target=f"operator:{person.id}", reason=reason, maker=maker, actor=actor
    )


def request_invitation(
    name: str, *, email: str, roles: Collection[str], reason: str, maker: str, actor: Actor
) -> Request:
    """Ask that somebody be let in. Raises NameMissing, RolesMissing, RolesConflict, BadEmail, AlreadyHired."""
    payload = {"name": _cleaned(name), "email": identity_service.canonical(email), "roles": sorted(set(roles))}
    return governance.submit(INVITATION.name, payload, reason=reason, maker=maker, actor=actor)


def break_glass(role: str, *, reason: str, operator_id: str, actor: Actor) -> Request:
    """Take a role alone, for an hour, when nobody else is there: compliance and audit are told, a review is open.

    Raises NotLent, BorrowedAlready, ReviewWaits, NobodyWatches, ReasonMissing.
    """
    identity_service.lock_operator(operator_id)  # of two clicks the second waits, and is told
    person = identity.operator_for_operators(operator_id)
    if role not in rules.LENT or Role.ADMIN not in identity.roles_for_system(operator_id):
        raise errors.NotLent
    if identity.borrowed_for_system(operator_id):
        raise errors.BorrowedAlready
    if governance_queries.about_for_operators(f"borrowed:{operator_id}"):
        raise errors.ReviewWaits
    if not any(identity.active_count_for_system(role) for role in rules.WATCHERS):
        raise errors.NobodyWatches
    borrowed_id = ids.new("brw")
    payload = {"borrowed_id": borrowed_id, "operator_id": person.id, "name": person.name, "role": role}
    review = governance.submit(
        REVIEW.name, payload, target=f"borrowed:{person.id}", reason=reason, maker=operator_id, actor=actor
    )
    identity_service.borrow(borrowed_id, operator_id=operator_id, role=role, reason=review.reason, review_id=review.id)
    outbox.emit(events.GlassBroken(borrowed_id=borrowed_id))
    return review


def begin(name: str, *, email: str, password: str, roles: Collection[Role]) -> str:
    """Make one of the first operators, alone, for no one is there to agree yet: the operator's id.

    Raises NameMissing, HouseStaffed when those who could invite are there, RolesMissing for roles that the first do not
    have, and as identity's `hire`.
    """
    cleaned = _cleaned(name)
    if not roles or not set(roles) <= rules.FIRST.keys():
        raise errors.RolesMissing
    for role in roles:
        if identity.active_count_for_system(role) >= rules.FIRST[role]:
            raise errors.HouseStaffed
    return identity_service.hire(cleaned, email=email, password=password, roles=list(roles))


def accept(token: str, *, password: str, about: tuple[str, ...] = ()) -> str:
    """Let in who has the link, with a password of their own: the operator's id.

    `about` are words that no password may consist of, beside name and address. Raises LinkSpent, and as `admit` does.
    """
    found = open_invitation(token)
    db.session.refresh(found, with_for_update=True)
    _check_open(found)
    operator_id = identity_service.admit(
        found.login_id, name=found.name, password=password, roles=found.roles, about=about
    )
    found.accepted_at, found.token_sealed = clock.now(), None
    db.session.flush()
    return operator_id


def open_invitation(token: str) -> Invitation:
    """The invitation of a link that still works. Raises LinkSpent."""
    found = queries.by_token_for_system(token)
    if found is None:
        raise errors.LinkSpent
    _check_open(found)
    return found


def withdraw(invitation_id: str) -> None:
    """Take an invitation back: its link works no more, mailed or not. Raises NotFound, JoinedAlready."""
    found = db.session.get(Invitation, invitation_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    if found.accepted_at is not None:
        raise errors.JoinedAlready
    found.revoked_at, found.token_sealed = found.revoked_at or clock.now(), None
    db.session.flush()


def _check_open(found: Invitation) -> None:
    if found.accepted_at is not None or found.revoked_at is not None or clock.now() >= found.expires_at:
        raise errors.LinkSpent


def forget_token(invitation_id: str) -> None:
    """The mail with the link went out: from here on only its reader knows it."""
    db.session.get_one(Invitation, invitation_id).token_sealed = None
    db.session.flush()


def _check_roles(roles: Collection[str]) -> None:
    if not set(roles) <= rules.KNOWN:
        raise errors.RolesMissing
    clashing = conflicts(roles)
    if clashing:
        first, second = clashing[0]
        raise identity_errors.RolesConflict(
            f"{rules.in_words([first])} and {rules.in_words([second])} may not meet in one person.".capitalize()
        )


def _check_change(payload: Payload) -> None:
    person = identity.operator_for_operators(payload["operator_id"])
    if set(person.roles) != set(payload["was"]):
        raise errors.RolesMoved
    if set(payload["roles"]) == set(payload["was"]):
        raise errors.NothingChanges
    _check_roles(payload["roles"])


def _change(agreed: Agreed) -> str:
    _check_change(agreed.payload)
    identity_service.set_roles(agreed.payload["operator_id"], roles=agreed.payload["roles"])
    return f"{agreed.payload['name']} is {rules.in_words(agreed.payload['roles'])} now"


def _cleaned(name: str) -> str:
    """It stands in approvals and in the record: nothing in it that is not seen. Raises NameMissing."""
    cleaned = identity_rules.clean_name(name)
    if cleaned is None:
        raise errors.NameMissing
    return cleaned


def _check_invitation(payload: Payload) -> None:
    _cleaned(payload["name"])
    if not payload["roles"]:
        raise errors.RolesMissing
    _check_roles(payload["roles"])
    if identity.is_hired_for_system(payload["email"]):
        raise identity_errors.AlreadyHired


def _invite(agreed: Agreed) -> str:
    _check_invitation(agreed.payload)
    # A login that nobody knows the password of: who has the link chooses one.
    who = identity_service.applicant(agreed.payload["email"], password=crypto.new_token(), audience=Audience.OPERATOR)
    if who.confirmed:
        raise identity_errors.AlreadyHired
    claim = identity_service.add_login(who) if who.first else identity_service.claim_anew(who, login_id=who.login_id)
    moment, token, invitation_id = clock.now(), crypto.new_token(), ids.new("inv")
    waits = (Invitation.login_id == claim.login_id) & Invitation.accepted_at.is_(None) & Invitation.revoked_at.is_(None)
    db.session.execute(update(Invitation).where(waits).values(revoked_at=moment, token_sealed=None))
    db.session.add(
        Invitation(
            id=invitation_id,
            request_id=agreed.request_id,
            login_id=claim.login_id,
            name=agreed.payload["name"],
            roles=agreed.payload["roles"],
            token_hash=crypto.token_hash(token),
            token_sealed=crypto.seal(token, context=invitation_id),
            created_at=moment,
            expires_at=moment + rules.LINK_LIVES,
        )
    )
    db.session.flush()
    outbox.emit(events.Invited(invitation_id=invitation_id, login_id=claim.login_id))
    return "A link to join was mailed"


REVIEW = Kind(
    name="staff.review",
    title="Review of an emergency",
    make=Permission.OPERATORS_REQUEST,
    dry_run=lambda _payload: None,
    execute=lambda _agreed: "Reviewed and found in order",
    describe=lambda payload: [
        Line("Operator", payload["name"]),
        Line("Took the role", rules.in_words([payload["role"]])),
        Line("For", "an hour at most; what was recorded of it stands below"),
    ],
    summary=lambda payload: f"{payload['name']} took the role of {rules.in_words([payload['role']])} alone",
    must_be_decided=True,
)

ROLES = Kind(
    name="staff.roles",
    title="Roles of an operator",
    make=Permission.OPERATORS_REQUEST,
    dry_run=_check_change,
    execute=_change,
    describe=lambda payload: [
        Line("Operator", payload["name"]),
        Line("Roles", rules.in_words(payload["roles"]), was=rules.in_words(payload["was"])),
    ],
    summary=lambda payload: f"Roles of {payload['name']}: {rules.in_words(payload['roles'])}",
    facts=lambda payload: Facts(target=rules.side(set(payload["roles"]) ^ set(payload["was"]))),
)

INVITATION = Kind(
    name="staff.invitation",
    title="Invitation",
    make=Permission.OPERATORS_REQUEST,
    dry_run=_check_invitation,
    execute=_invite,
    describe=lambda payload: [
        Line("Name", payload["name"]),
        Line("E-mail address", payload["email"]),
        Line("Roles", rules.in_words(payload["roles"])),
    ],
    summary=lambda payload: f"Invite {payload['name']} as {rules.in_words(payload['roles'])}",
    facts=lambda payload: Facts(target=rules.side(payload["roles"])),
)
