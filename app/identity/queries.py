"""Reads of identity."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from app.core import clock, crypto
from app.core.db import db
from app.core.errors import NotFound
from app.identity import rules
from app.identity.models import BorrowedRole, EmailCode, Login, Operator, SignedIn


@dataclass(frozen=True)
class Seen:
    """Who a session token belongs to."""

    session_id: str
    login_id: str
    email: str


def seen_for_system(token: str, *, audience: rules.Audience) -> Seen | None:
    """Whose live session this token is, or None. The door's question, before there is an owner."""
    statement = (
        select(SignedIn, Login)
        .join(Login, Login.id == SignedIn.login_id)
        .where(SignedIn.token_hash == crypto.token_hash(token), SignedIn.audience == audience)
    )
    row = db.session.execute(statement).one_or_none()
    if row is None:
        return None
    session, login = row
    live = rules.session_is_live(
        audience=session.audience,
        seen_at=session.seen_at,
        expires_at=session.expires_at,
        revoked_at=session.revoked_at,
        at=clock.now(),
    )
    if not live or login.disabled_at is not None:
        return None
    return Seen(session.id, login.id, login.email)


@dataclass(frozen=True)
class AtWork:
    """An operator behind a session: their roles, with the one they borrowed for the hour."""

    id: str
    name: str
    roles: list[str]


def operator_of(*, owner: str) -> AtWork | None:
    """The operator behind a login id."""
    found = db.session.scalars(select(Operator).where(Operator.login_id == owner)).one_or_none()
    if found is None:
        return None
    lent = borrowed_for_system(found.id)
    return AtWork(found.id, found.name, [*found.roles, *([lent.role] if lent else [])])


def borrowed_for_system(operator_id: str) -> BorrowedRole | None:
    """The role that an operator has borrowed and must not have given back yet."""
    live = BorrowedRole.returned_at.is_(None) & (BorrowedRole.until > clock.now())
    mine = select(BorrowedRole).where(BorrowedRole.operator_id == operator_id, live)
    return db.session.scalars(mine.order_by(BorrowedRole.id.desc()).limit(1)).one_or_none()


def borrowed_one_for_system(borrowed_id: str) -> BorrowedRole:
    """One borrowing, also one that is over."""
    return db.session.get_one(BorrowedRole, borrowed_id)


def holders_for_system(roles: Collection[str]) -> list[Operator]:
    """Operators who hold one of these roles."""
    return list(db.session.scalars(select(Operator).where(Operator.roles.overlap(list(roles)))))


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


def login_by_address_for_system(address: str, *, audience: rules.Audience) -> str | None:
    """The login with this canonical address."""
    return db.session.scalars(select(Login.id).filter_by(audience=audience, email=address)).one_or_none()


def address_for_system(login_id: str) -> str:
    """The e-mail address of a login, for a mail about to be sent."""
    return db.session.get_one(Login, login_id).email


def operator_address_for_system(operator_id: str) -> str | None:
    """The e-mail address of an operator."""
    address = select(Login.email).join(Operator, Operator.login_id == Login.id)
    return db.session.scalars(address.where(Operator.id == operator_id)).one_or_none()


def code_for_system(code_id: str) -> str:
    """An issued code in the clear, for the mail that carries it."""
    return crypto.unseal(db.session.get_one(EmailCode, code_id).code_sealed, context=code_id)
