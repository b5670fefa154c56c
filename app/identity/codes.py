"""Codes of six digits, sent to an address or to a phone: ten minutes, five tries, once, and the newest one alone.

Codes by mail and by text message are the same rows and the same rules; only where they go differs.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, func, select, update

from app.core import clock, crypto, ids
from app.core.db import db
from app.identity import rules
from app.identity.models import Code


def make(login_id: str, *, phone_id: str | None = None) -> str:
    """Make a code for a login, for its address or for a phone of its owner's: the code's id."""
    code_id, moment = ids.new("cd"), clock.now()
    code = Code(
        id=code_id,
        login_id=login_id,
        phone_id=phone_id,
        code_sealed=crypto.seal(crypto.new_code(), context=code_id),
        created_at=moment,
        expires_at=moment + rules.CODE_LIVES,
    )
    db.session.add(code)
    db.session.flush()
    return code_id


def may_follow(login_id: str, *, to_phone: bool = False) -> bool:
    """Whether the last code of a login was sent long enough ago for another."""
    last = select(Code.created_at).where(_kind(login_id, to_phone=to_phone)).order_by(Code.created_at.desc())
    return rules.resend_allowed(last_sent_at=db.session.scalars(last.limit(1)).one_or_none(), at=clock.now())


def of_today(login_id: str) -> int:
    """How many codes were made for phones of this login within a day."""
    lately = Code.created_at > clock.now() - timedelta(days=1)
    made = select(func.count()).select_from(Code).where(_kind(login_id, to_phone=True), lately)
    return db.session.scalar(made) or 0


def live(login_id: str, *, phone_id: str | None = None, waits: bool = True) -> Code | None:
    """The newest code of a login (and phone), locked, if it can still be used; without waiting where not `waits`."""
    which = _kind(login_id, to_phone=phone_id is not None)
    newest = select(Code).where(which).order_by(Code.created_at.desc()).limit(1)
    if phone_id is not None:
        newest = newest.where(Code.phone_id == phone_id)
    row = db.session.scalars(newest.with_for_update(skip_locked=not waits)).one_or_none()
    if row is None:
        return None
    good = rules.code_is_live(tries=row.tries, expires_at=row.expires_at, used_at=row.used_at, at=clock.now())
    return row if good else None


def matches(row: Code, *, typed: str) -> bool:
    """Whether this is the code, however it is spaced."""
    return crypto.same(crypto.unseal(row.code_sealed, context=row.id), typed.strip().replace(" ", ""))


def spend(login_id: str) -> None:
    """Make every code that was mailed to a login worthless."""
    unused = _kind(login_id, to_phone=False) & Code.used_at.is_(None)
    db.session.execute(update(Code).where(unused).values(used_at=clock.now()))


def _kind(login_id: str, *, to_phone: bool) -> ColumnElement[bool]:
    return (Code.login_id == login_id) & (Code.phone_id.is_not(None) if to_phone else Code.phone_id.is_(None))
