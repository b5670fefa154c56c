"""Commands of identity: register, sign in and out, e-mail codes, operators. The only writer of its tables."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select, text, update

from app.core import clock, crypto, ids, logs, outbox
from app.core.db import db, work_was_left
from app.core.errors import Unauthenticated
from app.core.permissions import Role, conflicts
from app.identity import codes, devices, errors, events, passwords, rehearsal, rules, sessions
from app.identity.models import BorrowedRole, Login, Operator, SignedIn

log = logs.get("identity")

_RESERVED = text("SELECT pg_advisory_xact_lock(hashtextextended(:address, 0))")


@dataclass(frozen=True)
class Entry:
    """A fresh session: the token goes to the browser and is not kept."""

    token: str
    session_id: str
    login_id: str


def canonical(email: str) -> str:
    """One spelling per address. Raises BadEmail."""
    if len(email) > rules.ADDRESS_LENGTH_MAX:  # (what is thrown at a door is not even looked at)
        raise errors.BadEmail
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
class Applicant:
    """Somebody who wants a login: their address and password hash, and the login that has this address already."""

    audience: rules.Audience
    address: str
    kept: str
    login_id: str = ""
    confirmed: bool = False

    @property
    def first(self) -> bool:
        """Whether nobody had this address before."""
        return not self.login_id

    @property
    def unproved(self) -> bool:
        """Whether somebody had it, and never confirmed it: the last claim counts."""
        return bool(self.login_id) and not self.confirmed


def applicant(email: str, *, password: str, audience: rules.Audience, about: tuple[str, ...] = ()) -> Applicant:
    """Look at who wants a login; nothing is written yet, and their address is nobody else's until the caller commits.

    `about` are words that say who they are, and who we are. Raises BadEmail, WeakPassword, CommonPassword,
    PersonalPassword.
    """
    passwords.check(password, about=(email, *about))
    address, kept = canonical(email), passwords.hash_of(password)
    # A login that is not there yet cannot be locked: without this, of two who come at once one would be a fault.
    db.session.execute(_RESERVED, {"address": f"login {audience} {address}"})
    known = db.session.scalars(
        select(Login).filter_by(audience=audience, email=address).with_for_update()
    ).one_or_none()
    if known is None:
        return Applicant(audience, address, kept)
    return Applicant(audience, address, kept, known.id, confirmed=known.email_confirmed_at is not None)


def add_login(who: Applicant) -> Claim:
    """Make their login. For an address that has one it is nobody's: only what is taken back may be done with it."""
    login = Login(
        id=ids.new("lg"),
        audience=who.audience,
        email=who.address if who.first else crypto.new_token(),
        password_hash=who.kept,
        created_at=clock.now(),
    )
    db.session.add(login)
    db.session.flush()
    return claim_of(login)


def claim_anew(who: Applicant, *, login_id: str) -> Claim:
    """Give an unconfirmed login the password of whoever claims it now; codes of earlier claims are worthless."""
    db.session.execute(update(Login).where(Login.id == login_id).values(password_hash=who.kept))
    codes.spend(login_id)
    return Claim(login_id, crypto.token_hash(who.kept).hex())


def claim_of(login: Login) -> Claim:
    """The claim that this login's present password makes."""
    return Claim(login.id, crypto.token_hash(login.password_hash).hex())


def decoy() -> Claim:
    """A claim to nothing, which looks like any other from outside."""
    return Claim(ids.new("lg"), crypto.token_hash(crypto.new_token()).hex())


@dataclass(frozen=True)
class Device:
    """What somebody comes with: what it calls itself, and from where. `known` is None where nothing tells."""

    name: str
    ip: str = ""
    known: bool | None = None


def sign_in(email: str, *, password: str, audience: rules.Audience, device: Device) -> Entry:
    """Open a session, and tell of a device that is new.

    Raises WrongCredentials for an unknown, unconfirmed, disabled or mistaken login alike.
    """
    try:
        address = canonical(email)
    except errors.BadEmail:
        address = ""
    login = db.session.scalars(select(Login).filter_by(audience=audience, email=address)).one_or_none()
    kept = login.password_hash if login and _may_enter(login) else None
    right = passwords.verify(password, kept=login.password_hash if login else None)
    if login is None or kept is None or not right:
        raise _refused(audience, login)
    anew = passwords.hash_of(password) if passwords.stale(kept) else kept
    # Hashing takes its time, and nothing was held meanwhile: somebody may have reset this password, or shut them out.
    again = select(Login).where(Login.id == login.id).with_for_update(key_share=True)
    login = db.session.scalars(again.execution_options(populate_existing=True)).one()
    if login.password_hash != kept or not _may_enter(login):
        raise _refused(audience, login)
    login.password_hash = anew
    known = _was_here(login.id, device) if device.known is None else device.known
    entry = open_session(login.id, audience=audience, device=device)
    if not known:
        outbox.emit(events.NewDevice(session_id=entry.session_id, login_id=login.id))
    return entry


def _may_enter(login: Login) -> bool:
    return login.email_confirmed_at is not None and login.disabled_at is None


def _refused(audience: rules.Audience, login: Login | None) -> errors.WrongCredentials:
    log.info("sign-in refused", extra={"facts": {"audience": str(audience), "login": login.id if login else None}})
    return errors.WrongCredentials()


def _was_here(login_id: str, device: Device) -> bool:
    same = (SignedIn.device == device.name[:200]) & (SignedIn.ip == device.ip)
    earlier = select(SignedIn.id).where(SignedIn.login_id == login_id, same).limit(1)
    return db.session.scalars(earlier).first() is not None


def open_session(login_id: str, *, audience: rules.Audience, device: Device) -> Entry:
    """Open a session for somebody whose right to it was just proved."""
    token, moment = crypto.new_token(), clock.now()
    session = SignedIn(
        id=ids.new("ses"),
        login_id=login_id,
        audience=audience,
        token_hash=crypto.token_hash(token),
        device=device.name[:200],
        device_name=devices.in_words(device.name),
        ip=device.ip,
        created_at=moment,
        seen_at=moment,
        expires_at=moment + rules.SESSION_LIVES,
        password_at=moment,
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
    """Make a code for a claim that still counts, and have it mailed, at most one a minute.

    For a claim that counts no more, or never did, and within the minute, it is a rehearsal: nothing is sent and nothing
    is said.
    """
    login = _claimed(claim)
    owner = login.id if login else rehearsal.NOBODY
    counts = codes.may_follow(owner) and login is not None
    with rehearsal.work(counts=counts):
        code_id = codes.make(owner)
        if mailed:
            outbox.emit(events.EmailCodeIssued(code_id=code_id, login_id=owner))
    if not counts:  # what was taken back wakes nobody; a wake-up for nothing costs what one for something does
        work_was_left(db.session())


def confirm_email(claim: Claim, *, code: str) -> bool:
    """Use the newest code of a claim. False for a wrong, spent or old one, and for a claim that does not count.

    A wrong try is counted, so the caller commits either way.
    """
    login = _claimed(claim)
    own = codes.live(claim.login_id)
    # Nobody's code is everybody's who has no claim, or no code: they do not wait for each other.
    nobodys = codes.live(rehearsal.NOBODY, waits=False)
    row = own if login else None
    with rehearsal.work(counts=row is not None):
        for tried in filter(None, [row or nobodys]):
            tried.tries += 1
    if login is None or row is None:
        return False
    right = codes.matches(row, typed=code)
    if right:
        row.used_at = login.email_confirmed_at = clock.now()
        outbox.emit(events.EmailConfirmed(login_id=login.id))
    db.session.flush()
    return right


def _claimed(claim: Claim) -> Login | None:
    """The login of a claim that still counts: unconfirmed, and with the password it was claimed with."""
    login = db.session.scalars(select(Login).where(Login.id == claim.login_id).with_for_update()).one_or_none()
    counts = login is not None and login.email_confirmed_at is None
    return login if counts and login and crypto.same(claim_of(login).stamp, claim.stamp) else None


def hire(name: str, *, email: str, password: str, roles: list[Role]) -> str:
    """Add an operator. Raises AlreadyHired, RolesConflict for roles that may not meet."""
    clashing = conflicts(roles)
    if clashing:
        raise errors.RolesConflict(roles=[list(pair) for pair in clashing])
    who = applicant(email, password=password, audience=rules.Audience.OPERATOR, about=(name,))
    if not who.first:
        raise errors.AlreadyHired
    login_id, moment = add_login(who).login_id, clock.now()
    db.session.get_one(Login, login_id).email_confirmed_at = moment  # an address given by the house
    operator = Operator(id=ids.new("op"), login_id=login_id, name=name, roles=list(roles), created_at=moment)
    db.session.add(operator)
    db.session.flush()
    return operator.id


def set_roles(operator_id: str, *, roles: list[str]) -> None:
    """Give an operator these roles and no others, also no borrowed one; their sessions end.

    The database wants it approved.
    """
    person = db.session.get_one(Operator, operator_id, with_for_update=True)
    person.roles = list(roles)
    db.session.flush()
    give_back(operator_id)
    sessions.end_all(person.login_id)


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


def lock_operator(operator_id: str) -> None:
    """Hold an operator's row until the caller's transaction ends: of two who do the same, one waits."""
    db.session.execute(select(Operator.id).where(Operator.id == operator_id).with_for_update())


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
