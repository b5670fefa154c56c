"""Reads of identity."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import QueryableAttribute

from app.core import clock, crypto
from app.core.db import db
from app.core.errors import NotFound
from app.core.permissions import Role
from app.identity import api_keys, rules, signing
from app.identity.models import (
    ApiKey,
    BorrowedRole,
    Code,
    Login,
    Operator,
    Passkey,
    PasswordReset,
    Phone,
    RecoveryCode,
    SecurityChange,
    SignedIn,
    TotpApp,
)


@dataclass(frozen=True)
class Seen:
    """Who a session token belongs to, whether they have a second factor, and when this session proved one last."""

    session_id: str  # empty for a program that shows its key itself
    login_id: str
    email: str
    enrolled: bool
    factor_at: datetime | None
    scopes: frozenset[str] | None = None  # None: the person's own session, which may do all
    key_id: str = ""
    password_at: datetime | None = None


@dataclass(frozen=True)
class Factors:
    """The second factors of a login, and how many recovery codes are left."""

    app: TotpApp | None
    passkeys: list[Passkey]
    codes_left: int

    @property
    def usable(self) -> int:
        """How many of them still open a session; codes do not count."""
        return (self.app is not None) + sum(key.suspect_at is None for key in self.passkeys)


def seen_for_system(token: str, *, audience: rules.Audience) -> Seen | None:
    """Whose live session this token is, or None. The door's question, before there is an owner."""
    return _seen((SignedIn.token_hash == crypto.token_hash(token)) & (SignedIn.audience == audience))


def seen_by_session_for_system(session_id: str, *, audience: rules.Audience) -> Seen | None:
    """Whose live session this row is, for what hangs on a session of another browser's or name's."""
    return _seen((SignedIn.id == session_id) & (SignedIn.audience == audience))


def _seen(which: ColumnElement[bool]) -> Seen | None:
    statement = select(SignedIn, Login, _has_factor(SignedIn.login_id)).join(Login, Login.id == SignedIn.login_id)
    row = db.session.execute(statement.where(which)).one_or_none()
    if row is None:
        return None
    session, login, enrolled = row
    live = rules.session_is_live(
        audience=session.audience,
        seen_at=session.seen_at,
        expires_at=session.expires_at,
        revoked_at=session.revoked_at,
        at=clock.now(),
    )
    if not live or login.disabled_at is not None:
        return None
    return Seen(session.id, login.id, login.email, enrolled, session.factor_at, password_at=session.password_at)


def _has_factor(login_id: QueryableAttribute[str] | str) -> ColumnElement[bool]:
    """A suspect passkey counts: who has one was enrolled, and may not enrol anew with a password alone."""
    app = select(TotpApp.id).where(
        TotpApp.login_id == login_id, TotpApp.confirmed_at.is_not(None), TotpApp.removed_at.is_(None)
    )
    passkey = select(Passkey.id).where(Passkey.login_id == login_id, Passkey.removed_at.is_(None))
    return or_(app.exists(), passkey.exists())


def enrolled(*, owner: str) -> bool:
    """Whether this login has a second factor."""
    return bool(db.session.scalar(select(_has_factor(owner))))


def enrolled_since(*, owner: str) -> datetime | None:
    """Since when this login has a usable second factor; None while it has none."""
    app = live_app(owner=owner)
    times = [key.created_at for key in passkeys_of(owner=owner) if key.suspect_at is None]
    return min([*times, *([app.confirmed_at] if app and app.confirmed_at else [])], default=None)


def security_changes(*, owner: str) -> list[datetime]:
    """When what opens this login was changed (another password, phone or address, a factor less), newest first."""
    times = select(SecurityChange.changed_at).filter_by(login_id=owner).order_by(SecurityChange.changed_at.desc())
    return list(db.session.scalars(times))


def last_security_changes(*, owner: str) -> dict[str, datetime]:
    """When what opens this login was changed last, by kind of change."""
    newest = select(SecurityChange.kind, func.max(SecurityChange.changed_at).label("at"))
    mine = newest.where(SecurityChange.login_id == owner).group_by(SecurityChange.kind)
    return {row.kind: row.at for row in db.session.execute(mine)}


def live_app(*, owner: str) -> TotpApp | None:
    """The authenticator app of a login."""
    live = select(TotpApp).where(
        TotpApp.login_id == owner, TotpApp.confirmed_at.is_not(None), TotpApp.removed_at.is_(None)
    )
    return db.session.scalars(live).one_or_none()


def app_in_the_making(session_id: str, *, owner: str) -> TotpApp | None:
    """The app that is being set up in this session. No other session sees it: its secret is on the page."""
    begun = select(TotpApp).where(
        TotpApp.session_id == session_id,
        TotpApp.login_id == owner,
        TotpApp.confirmed_at.is_(None),
        TotpApp.removed_at.is_(None),
    )
    return db.session.scalars(begun.order_by(TotpApp.created_at.desc()).limit(1)).one_or_none()


def secret_in_the_making(session_id: str, *, owner: str) -> str | None:
    """The secret of that app, for its owner to copy."""
    app = app_in_the_making(session_id, owner=owner)
    return crypto.unseal(app.secret_sealed, context=app.id) if app else None


def passkeys_of(*, owner: str) -> list[Passkey]:
    """The passkeys of a login, suspect ones too, oldest first."""
    kept = select(Passkey).where(Passkey.login_id == owner, Passkey.removed_at.is_(None))
    return list(db.session.scalars(kept.order_by(Passkey.created_at, Passkey.id)))


def factors_of(*, owner: str) -> Factors:
    """Everything a login can prove itself with, beside its password."""
    good = (
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.login_id == owner, RecoveryCode.used_at.is_(None), RecoveryCode.replaced_at.is_(None))
    )
    return Factors(live_app(owner=owner), passkeys_of(owner=owner), db.session.scalar(good) or 0)


def bearer_for_system(token: str, *, issuer: str) -> Seen | None:
    """Whom a program speaks for: by a session's token, a key, or a token that was signed here. None for any other."""
    if token.startswith(api_keys.PREFIX):
        return _by_key(ApiKey.token_hash == crypto.token_hash(token))
    if token.count(".") == 2:  # noqa: PLR2004 (header, claims, signature)
        said = signing.verify(token, issuer=issuer)
        return _by_session(str(said["sid"])) if said else None
    return seen_for_system(token, audience=rules.Audience.CUSTOMER)


def _by_key(which: ColumnElement[bool]) -> Seen | None:
    moment = clock.now()
    live = (ApiKey.revoked_at.is_(None), ApiKey.expires_at > moment, Login.disabled_at.is_(None))
    statement = select(ApiKey, Login).join(Login, Login.id == ApiKey.login_id).where(which, *live)
    row = db.session.execute(statement).one_or_none()
    if row is None:
        return None
    key, login = row
    return Seen("", login.id, login.email, True, None, frozenset(key.scopes), key.id)


def _by_session(session_id: str) -> Seen | None:
    session = db.session.get(SignedIn, session_id, populate_existing=True)
    if session is None or session.revoked_at is not None or session.expires_at <= clock.now():
        return None
    seen = _by_key(ApiKey.id == session.api_key_id)
    return replace(seen, session_id=session.id) if seen else None


@dataclass(frozen=True)
class AtWork:
    """An operator behind a session: the roles they hold, and beside them the one they borrowed for the hour."""

    id: str
    name: str
    roles: list[str]
    lent: list[str]


def operator_of(*, owner: str) -> AtWork | None:
    """The operator behind a login id."""
    found = db.session.scalars(select(Operator).where(Operator.login_id == owner)).one_or_none()
    if found is None:
        return None
    lent = borrowed_for_system(found.id)
    return AtWork(found.id, found.name, list(found.roles), [lent.role] if lent else [])


def borrowed_for_system(operator_id: str) -> BorrowedRole | None:
    """The role that an administrator has borrowed and must not have given back yet; nothing once they are none."""
    live = BorrowedRole.returned_at.is_(None) & (BorrowedRole.until > clock.now())
    mine = select(BorrowedRole).join(Operator).where(BorrowedRole.operator_id == operator_id, live)
    mine = mine.where(Operator.roles.contains([Role.ADMIN]))
    return db.session.scalars(mine.order_by(BorrowedRole.id.desc()).limit(1)).one_or_none()


def borrowed_one_for_system(borrowed_id: str) -> BorrowedRole:
    """One borrowing, also one that is over."""
    return db.session.get_one(BorrowedRole, borrowed_id)


def holders_for_system(roles: Collection[str]) -> list[Operator]:
    """Operators who hold one of these roles, and may sign in."""
    held = select(Operator).join(Login, Login.id == Operator.login_id).where(Operator.roles.overlap(list(roles)))
    return list(db.session.scalars(held.where(Login.disabled_at.is_(None))))


def active_count_for_system(*roles: str) -> int:
    """How many operators hold one of these roles and may sign in."""
    held = select(func.count()).select_from(Operator).join(Login, Login.id == Operator.login_id)
    return db.session.scalar(held.where(Operator.roles.overlap(list(roles)), Login.disabled_at.is_(None))) or 0


def roles_for_system(operator_id: str) -> list[str]:
    """The roles that an operator votes with now, no borrowed one; none for one who is not there, or may not sign in."""
    held = select(Operator.roles).join(Login, Login.id == Operator.login_id)
    found = db.session.scalars(held.where(Operator.id == operator_id, Login.disabled_at.is_(None))).one_or_none()
    return list(found or [])


def operator_for_operators(operator_id: str) -> Operator:
    """Any operator. Raises NotFound."""
    found = db.session.get(Operator, operator_id, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def is_hired_for_system(address: str) -> bool:
    """Whether there is an operator with this canonical address."""
    same = select(Operator.id).join(Login, Login.id == Operator.login_id).where(Login.email == address)
    return db.session.scalars(same).one_or_none() is not None


def live_sessions_for_operators(login_ids: set[str]) -> dict[str, int]:
    """How many sessions of each login are open."""
    moment = clock.now()
    live = SignedIn.revoked_at.is_(None) & (SignedIn.expires_at > moment)
    idle = SignedIn.seen_at > moment - rules.SESSION_IDLES[rules.Audience.OPERATOR]
    counted = select(SignedIn.login_id, func.count().label("open")).where(SignedIn.login_id.in_(login_ids), live, idle)
    return {row.login_id: row.open for row in db.session.execute(counted.group_by(SignedIn.login_id))}


def operators_for_operators() -> list[Operator]:
    """All staff, by name."""
    return list(db.session.scalars(select(Operator).order_by(Operator.name)))


def names_for_operators() -> dict[str, str]:
    """The names of all staff by id."""
    return {row.id: row.name for row in db.session.execute(select(Operator.id, Operator.name))}


def login_by_address_for_system(address: str, *, audience: rules.Audience) -> str | None:
    """The login with this canonical address."""
    return db.session.scalars(select(Login.id).filter_by(audience=audience, email=address)).one_or_none()


def address_for_system(login_id: str) -> str:
    """The e-mail address of a login, for a mail about to be sent."""
    return db.session.get_one(Login, login_id).email


def address_of(*, owner: str) -> str:
    """The e-mail address of a login."""
    return db.session.get_one(Login, owner).email


def operator_address_for_system(operator_id: str) -> str | None:
    """The e-mail address of an operator."""
    address = select(Login.email).join(Operator, Operator.login_id == Login.id)
    return db.session.scalars(address.where(Operator.id == operator_id)).one_or_none()


def code_for_system(code_id: str) -> str:
    """An issued code in the clear, for the message that carries it."""
    return crypto.unseal(db.session.get_one(Code, code_id).code_sealed, context=code_id)


def waiting_phone(*, owner: str) -> Phone | None:
    """The number of a login that waits for its code."""
    mine = select(Phone).where(Phone.login_id == owner, Phone.replaced_at.is_(None))
    return db.session.scalars(mine.where(Phone.confirmed_at.is_(None))).one_or_none()


def counting_phone(*, owner: str) -> Phone | None:
    """The confirmed number of a login."""
    mine = select(Phone).where(Phone.login_id == owner, Phone.replaced_at.is_(None))
    return db.session.scalars(mine.where(Phone.confirmed_at.is_not(None))).one_or_none()


def phones_of(*, owner: str) -> tuple[str, str]:
    """The confirmed number of a login and the one that waits, as their owner knows them: by the last digits."""
    return _last_digits(counting_phone(owner=owner)), _last_digits(waiting_phone(owner=owner))


def phone_for_operators(login_id: str) -> str:
    """The last digits of somebody's confirmed number; nothing when there is none."""
    return _last_digits(counting_phone(owner=login_id))


def number_for_operators(phone_id: str) -> str:
    """A phone number in the clear. Raises NotFound."""
    found = db.session.get(Phone, phone_id)
    if found is None:
        raise NotFound
    return crypto.unseal(found.number_sealed, context=phone_id)


def number_for_system(phone_id: str) -> str:
    """A number in the clear, for a message about to be sent."""
    return crypto.unseal(db.session.get_one(Phone, phone_id).number_sealed, context=phone_id)


def _last_digits(phone: Phone | None) -> str:
    return rules.masked_number(crypto.unseal(phone.number_sealed, context=phone.id)) if phone else ""


def session_for_system(session_id: str) -> SignedIn:
    """A session, for a mail that tells of it."""
    return db.session.get_one(SignedIn, session_id)


def sessions_of(*, owner: str) -> list[SignedIn]:
    """The live sessions of a login, the one used last first; of all that a key was traded for, the newest."""
    moment, whose = clock.now(), func.coalesce(SignedIn.api_key_id, SignedIn.id)
    begun = select(SignedIn).where(SignedIn.login_id == owner, SignedIn.revoked_at.is_(None))
    begun = begun.where(SignedIn.expires_at > moment).order_by(whose, SignedIn.created_at.desc(), SignedIn.id.desc())
    found = sorted(db.session.scalars(begun.ext(distinct_on(whose))), key=lambda session: session.seen_at, reverse=True)
    idle = rules.SESSION_IDLES
    return [session for session in found if moment - session.seen_at < idle[rules.Audience(session.audience)]]


def reset_is_live_without_owner(token: str, *, audience: rules.Audience) -> bool:
    """Whether a mailed link still sets a password: whoever holds it is its owner."""
    return reset_owner_for_system(token, audience=audience) is not None


def reset_owner_for_system(token: str, *, audience: rules.Audience) -> str | None:
    """The login whose password a mailed link sets, while it does."""
    found = select(PasswordReset).filter_by(token_hash=crypto.token_hash(token), audience=audience)
    reset = db.session.scalars(found).one_or_none()
    if reset is None:
        return None
    live = rules.reset_is_live(expires_at=reset.expires_at, used_at=reset.used_at, at=clock.now())
    return reset.login_id if live else None


def reset_token_for_system(reset_id: str) -> tuple[rules.Audience, str | None]:
    """Whose door a link leads to, and its token in the clear until the mail that carries it was written."""
    reset = db.session.get_one(PasswordReset, reset_id)
    token = crypto.unseal(reset.token_sealed, context=reset_id) if reset.token_sealed else None
    return rules.Audience(reset.audience), token


def addresses_for_operators(login_ids: Collection[str]) -> dict[str, str]:
    """E-mail addresses by login."""
    found = select(Login.id, Login.email).where(Login.id.in_(login_ids))
    return {row.id: row.email for row in db.session.execute(found)}
