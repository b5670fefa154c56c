"""Commands of identity: register, sign in and out, e-mail codes, operators. The only writer of its tables."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select, update

from app.core import clock, crypto, ids, outbox
from app.core.db import db
from app.core.permissions import Role, conflicts
from app.identity import errors, events, passwords, rules
from app.identity.models import EmailCode, Login, Operator, SignedIn


@dataclass(frozen=True)
class Entry:
    """A fresh session: the token goes to the browser and is not kept."""

    token: str
    session_id: str
    login_id: str
    confirmed: bool


def canonical(email: str) -> str:
    """One spelling per address. Raises BadEmail."""
    try:
        return validate_email(email, check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise errors.BadEmail from error


def register(email: str, *, password: str, audience: rules.Audience) -> tuple[str, bool]:
    """Make a login: its id and whether it is new. A taken address is not told apart from a fresh one by its work.

    Raises BadEmail, WeakPassword.
    """
    if not rules.password_fits(password):
        raise errors.WeakPassword
    address, kept = canonical(email), passwords.hash_of(password)
    taken = db.session.scalars(select(Login.id).filter_by(audience=audience, email=address)).one_or_none()
    if taken:
        return taken, False
    login = Login(id=ids.new("lg"), audience=audience, email=address, password_hash=kept, created_at=clock.now())
    db.session.add(login)
    db.session.flush()
    return login.id, True


def sign_in(email: str, *, password: str, audience: rules.Audience, device: str) -> Entry:
    """Open a session. Raises WrongCredentials for an unknown, disabled or mistaken login alike."""
    try:
        address = canonical(email)
    except errors.BadEmail:
        address = ""
    login = db.session.scalars(select(Login).filter_by(audience=audience, email=address)).one_or_none()
    right = passwords.verify(password, kept=login.password_hash if login else None)
    if not right or login is None or login.disabled_at is not None:
        raise errors.WrongCredentials
    return open_session(login.id, audience=audience, device=device)


def open_session(login_id: str, *, audience: rules.Audience, device: str) -> Entry:
    """Open a session for somebody whose right to it was just proved."""
    login = db.session.get_one(Login, login_id)
    token, moment = crypto.new_token(), clock.now()
    session = SignedIn(
        id=ids.new("ses"),
        login_id=login_id,
        audience=audience,
        token_hash=crypto.token_hash(token),
        device=device[:200],
        created_at=moment,
        seen_at=moment,
        expires_at=moment + rules.SESSION_LIVES,
    )
    db.session.add(session)
    db.session.flush()
    return Entry(token, session.id, login_id, login.email_confirmed_at is not None)


def touch(session_id: str) -> None:
    """Note that a session is in use."""
    moment = clock.now()
    stale = SignedIn.seen_at < moment - rules.SEEN_RESOLUTION
    db.session.execute(update(SignedIn).where(SignedIn.id == session_id, stale).values(seen_at=moment))


def sign_out(session_id: str) -> None:
    """End a session at once, wherever its token has gone."""
    live = (SignedIn.id == session_id) & SignedIn.revoked_at.is_(None)
    db.session.execute(update(SignedIn).where(live).values(revoked_at=clock.now()))


def issue_code(login_id: str) -> None:
    """Make a code and have it mailed. Raises CodesTooFast within a minute of the last one."""
    db.session.scalars(select(Login).where(Login.id == login_id).with_for_update()).one()
    last = select(EmailCode.created_at).where(EmailCode.login_id == login_id).order_by(EmailCode.created_at.desc())
    moment = clock.now()
    if not rules.resend_allowed(last_sent_at=db.session.scalars(last.limit(1)).one_or_none(), at=moment):
        raise errors.CodesTooFast
    code_id = ids.new("ec")
    db.session.add(
        EmailCode(
            id=code_id,
            login_id=login_id,
            code_sealed=crypto.seal(crypto.new_code(), context=code_id),
            created_at=moment,
            expires_at=moment + rules.CODE_LIVES,
        )
    )
    outbox.emit(events.EmailCodeIssued(code_id=code_id, login_id=login_id))
    db.session.flush()


def confirm_email(login_id: str, *, code: str) -> bool:
    """Use the newest code. False for a wrong one, which is counted: the caller commits either way.

    Raises TooManyTries when no code is left to try.
    """
    newest = (
        select(EmailCode)
        .where(EmailCode.login_id == login_id)
        .order_by(EmailCode.created_at.desc())
        .limit(1)
        .with_for_update()
    )
    row = db.session.scalars(newest).one_or_none()
    moment = clock.now()
    if row is None or not rules.code_is_live(
        tries=row.tries, expires_at=row.expires_at, used_at=row.used_at, at=moment
    ):
        raise errors.TooManyTries
    row.tries += 1
    right = crypto.same(crypto.unseal(row.code_sealed, context=row.id), code.strip().replace(" ", ""))
    if right:
        row.used_at = moment
        db.session.get_one(Login, login_id).email_confirmed_at = moment
        outbox.emit(events.EmailConfirmed(login_id=login_id))
    db.session.flush()
    return right


def hire(name: str, *, email: str, password: str, roles: list[Role]) -> str:
    """Add an operator, or answer the one with this address. Raises RolesConflict for roles that may not meet."""
    clashing = conflicts(roles)
    if clashing:
        raise errors.RolesConflict(roles=[list(pair) for pair in clashing])
    login_id, fresh = register(email, password=password, audience=rules.Audience.OPERATOR)
    if not fresh:
        return db.session.scalars(select(Operator.id).where(Operator.login_id == login_id)).one()
    moment = clock.now()
    db.session.get_one(Login, login_id).email_confirmed_at = moment  # an address given by the house
    operator = Operator(id=ids.new("op"), login_id=login_id, name=name, roles=list(roles), created_at=moment)
    db.session.add(operator)
    db.session.flush()
    return operator.id
