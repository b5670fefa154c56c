"""Commands of identity: register, sign in and out, e-mail codes, operators. The only writer of its tables."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select, update

from app.core import clock, crypto, ids, logs, outbox
from app.core.db import db, work_was_left
from app.core.errors import Unauthenticated
from app.core.permissions import Role, conflicts
from app.identity import devices, errors, events, passwords, rehearsal, rules
from app.identity.models import BorrowedRole, EmailCode, Login, Operator, SignedIn

log = logs.get("identity")


@dataclass(frozen=True)
class Entry:
    """A fresh session: the token goes to the browser and is not kept."""

    token: str
    session_id: str
    login_id: str


def canonical(email: str) -> str:
    """One spelling per address. Raises BadEmail."""
    try:
        return validate_email(email, check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise errors.BadEmail from error


@dataclass(frozen=True)
class Claim:
    """Somebody's unproved claim to a login: its id, and the password it was claimed with (as a stamp of its hash).

    A later sign-up with the same address makes the earlier claim worthless, so that nobody confirms an account whose
    password a stranger chose.
    """

    login_id: str
    stamp: str


@dataclass(frozen=True)
class Registered:
    """What became of a registration: the claim to confirm, whether the login is new, who had confirmed it before."""

    claim: Claim
    fresh: bool
    owner: str | None = None


def register(email: str, *, password: str, audience: rules.Audience, about: tuple[str, ...] = ()) -> Registered:
    """Make a login, or claim one that was never confirmed: the last claim counts. A confirmed one stays as it is.

    `about` are words that say who they are, and who we are. Raises BadEmail, WeakPassword, CommonPassword,
    PersonalPassword.
    """
    passwords.check(password, about=(email, *about))
    address, kept = canonical(email), passwords.hash_of(password)
    known = db.session.scalars(
        select(Login).filter_by(audience=audience, email=address).with_for_update()
    ).one_or_none()
    if known is not None and known.email_confirmed_at is not None:
        return Registered(decoy(), fresh=False, owner=known.id)
    if known is not None:
        known.password_hash = kept
        _spend_codes(known.id)
        db.session.flush()
        return Registered(claim_of(known), fresh=False)
    return Registered(_add_login(address, kept=kept, audience=audience), fresh=True)


def stand_in(audience: rules.Audience) -> Claim:
    """A login of nobody, for a rehearsal: only what is taken back may be done with it."""
    return _add_login(crypto.new_token(), kept="", audience=audience)


def _add_login(address: str, *, kept: str, audience: rules.Audience) -> Claim:
    login = Login(id=ids.new("lg"), audience=audience, email=address, password_hash=kept, created_at=clock.now())
    db.session.add(login)
    db.session.flush()
    return claim_of(login)


def claim_of(login: Login) -> Claim:
    """The claim that this login's present password makes."""
    return Claim(login.id, crypto.token_hash(login.password_hash).hex())


def decoy() -> Claim:
    """A claim to nothing, which looks like any other from outside."""
    return Claim(ids.new("lg"), crypto.token_hash(crypto.new_token()).hex())


def sign_in(email: str, *, password: str, audience: rules.Audience, device: str, ip: str = "") -> Entry | Claim:
    """Open a session; a login that was never confirmed gets its claim back instead.

    Raises WrongCredentials for an unknown, disabled or mistaken login alike.
    """
    try:
        address = canonical(email)
    except errors.BadEmail:
        address = ""
    login = db.session.scalars(select(Login).filter_by(audience=audience, email=address)).one_or_none()
    right = passwords.verify(password, kept=login.password_hash if login else None)
    if not right or login is None or login.disabled_at is not None:
        log.info("sign-in refused", extra={"facts": {"audience": str(audience), "login": login.id if login else None}})
        raise errors.WrongCredentials
    if login.email_confirmed_at is None:
        return claim_of(login)
    if passwords.stale(login.password_hash):
        login.password_hash = passwords.hash_of(password)
    return open_session(login.id, audience=audience, device=device, ip=ip)


def open_session(login_id: str, *, audience: rules.Audience, device: str, ip: str = "") -> Entry:
    """Open a session for somebody whose right to it was just proved; `device` is what their browser calls itself."""
    token, moment = crypto.new_token(), clock.now()
    session = SignedIn(
        id=ids.new("ses"),
        login_id=login_id,
        audience=audience,
        token_hash=crypto.token_hash(token),
        device=device[:200],
        device_name=devices.in_words(device),
        ip=ip,
        created_at=moment,
        seen_at=moment,
        expires_at=moment + rules.SESSION_LIVES,
    )
    db.session.add(session)
    db.session.flush()
    return Entry(token, session.id, login_id)


def touch(session_id: str) -> None:
    """Note that a session is in use."""
    moment = clock.now()
    stale = SignedIn.seen_at < moment - rules.SEEN_RESOLUTION
    db.session.execute(update(SignedIn).where(SignedIn.id == session_id, stale).values(seen_at=moment))


def rotate(session_id: str) -> str:
    """Give a live session another token; the old one is dead at once. Raises Unauthenticated when it is no more."""
    token = crypto.new_token()
    live = (SignedIn.id == session_id) & SignedIn.revoked_at.is_(None)
    changed = update(SignedIn).where(live).values(token_hash=crypto.token_hash(token)).returning(SignedIn.id)
    if db.session.scalar(changed) is None:
        raise Unauthenticated
    return token


def sign_out(session_id: str) -> None:
    """End a session at once, wherever its token has gone."""
    live = (SignedIn.id == session_id) & SignedIn.revoked_at.is_(None)
    db.session.execute(update(SignedIn).where(live).values(revoked_at=clock.now()))


def issue_code(claim: Claim, *, mailed: bool = True) -> None:
    """Make a code for a claim that still counts, and have it mailed. Raises CodesTooFast within a minute of the last.

    For a claim that counts no more, or never did, it is a rehearsal: nothing is sent and nothing is said.
    """
    login = _claimed(claim)
    owner = login.id if login else rehearsal.NOBODY
    last = select(EmailCode.created_at).where(EmailCode.login_id == owner).order_by(EmailCode.created_at.desc())
    moment = clock.now()
    if not rules.resend_allowed(last_sent_at=db.session.scalars(last.limit(1)).one_or_none(), at=moment):
        raise errors.CodesTooFast
    code_id = ids.new("ec")
    code = EmailCode(
        id=code_id,
        login_id=owner,
        code_sealed=crypto.seal(crypto.new_code(), context=code_id),
        created_at=moment,
        expires_at=moment + rules.CODE_LIVES,
    )
    with rehearsal.work(counts=login is not None):
        db.session.add(code)
        if mailed:
            outbox.emit(events.EmailCodeIssued(code_id=code_id, login_id=owner))
    if login is None:  # what was taken back wakes nobody; a wake-up for nothing costs what one for something does
        work_was_left(db.session())


def confirm_email(claim: Claim, *, code: str) -> bool:
    """Use the newest code of a claim. False for a wrong, spent or old one, and for a claim that does not count.

    A wrong try is counted, so the caller commits either way.
    """
    login = _claimed(claim)
    owner = login.id if login else rehearsal.NOBODY
    newest = select(EmailCode).where(EmailCode.login_id == owner).order_by(EmailCode.created_at.desc()).limit(1)
    # Nobody's code is everybody's who has no claim: they do not wait for each other.
    row = db.session.scalars(newest.with_for_update(skip_locked=login is None)).one_or_none()
    moment = clock.now()
    if row is None or not rules.code_is_live(
        tries=row.tries, expires_at=row.expires_at, used_at=row.used_at, at=moment
    ):
        return False
    with rehearsal.work(counts=login is not None):
        row.tries += 1
    if login is None:
        return False
    right = crypto.same(crypto.unseal(row.code_sealed, context=row.id), code.strip().replace(" ", ""))
    if right:
        row.used_at = moment
        login.email_confirmed_at = moment
        outbox.emit(events.EmailConfirmed(login_id=login.id))
    db.session.flush()
    return right


def _claimed(claim: Claim) -> Login | None:
    """The login of a claim that still counts: unconfirmed, and with the password it was claimed with."""
    login = db.session.scalars(select(Login).where(Login.id == claim.login_id).with_for_update()).one_or_none()
    counts = login is not None and login.email_confirmed_at is None
    return login if counts and login and crypto.same(claim_of(login).stamp, claim.stamp) else None


def _spend_codes(login_id: str) -> None:
    unused = (EmailCode.login_id == login_id) & EmailCode.used_at.is_(None)
    db.session.execute(update(EmailCode).where(unused).values(used_at=clock.now()))


def hire(name: str, *, email: str, password: str, roles: list[Role]) -> str:
    """Add an operator. Raises AlreadyHired, RolesConflict for roles that may not meet."""
    clashing = conflicts(roles)
    if clashing:
        raise errors.RolesConflict(roles=[list(pair) for pair in clashing])
    registered = register(email, password=password, audience=rules.Audience.OPERATOR, about=(name,))
    if not registered.fresh:
        raise errors.AlreadyHired
    login_id, moment = registered.claim.login_id, clock.now()
    db.session.get_one(Login, login_id).email_confirmed_at = moment  # an address given by the house
    operator = Operator(id=ids.new("op"), login_id=login_id, name=name, roles=list(roles), created_at=moment)
    db.session.add(operator)
    db.session.flush()
    return operator.id


def set_roles(operator_id: str, *, roles: list[str]) -> None:
    """Give an operator these roles and no others, from their next request on. The database wants it approved."""
    person = db.session.get_one(Operator, operator_id, with_for_update=True)
    person.roles = list(roles)
    db.session.flush()


def admit(login_id: str, *, name: str, password: str, roles: list[str], about: tuple[str, ...] = ()) -> str:
    """Make an operator of a login that was prepared for them, with the password they chose.

    Raises WeakPassword, CommonPassword, PersonalPassword, AlreadyHired.
    """
    login, moment = db.session.get_one(Login, login_id, with_for_update=True), clock.now()
    passwords.check(password, about=(login.email, name, *about))
    if login.email_confirmed_at is not None:
        raise errors.AlreadyHired
    login.password_hash, login.email_confirmed_at = passwords.hash_of(password), moment
    operator = Operator(id=ids.new("op"), login_id=login_id, name=name, roles=list(roles), created_at=moment)
    db.session.add(operator)
    db.session.flush()
    return operator.id


def borrow(borrowed_id: str, *, operator_id: str, role: str, reason: str, review_id: str) -> None:
    """Give an operator a role for an hour, under a review that is open already. The database wants that review."""
    moment = clock.now()
    db.session.add(
        BorrowedRole(
            id=borrowed_id,
            operator_id=operator_id,
            role=role,
            reason=reason,
            review_id=review_id,
            since=moment,
            until=moment + rules.BORROWED_FOR,
        )
    )
    db.session.flush()


def give_back(operator_id: str) -> None:
    """End what an operator has borrowed, at once."""
    live = (BorrowedRole.operator_id == operator_id) & BorrowedRole.returned_at.is_(None)
    db.session.execute(update(BorrowedRole).where(live).values(returned_at=clock.now()))
