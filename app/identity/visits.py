"""Reads of what somebody came with, for staff: devices of sessions that are open and of those that are over."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.core import clock
from app.core.db import db
from app.core.errors import NotFound
from app.identity.models import SignedIn


@dataclass(frozen=True)
class SeenDevice:
    """What somebody came with: how often, when first and last, from where last, and how many are signed in now."""

    name: str
    sessions: int
    open: int
    first_at: datetime
    last_at: datetime
    session_id: str
    ip: str


def devices_for_operators(login_id: str, *, limit: int = 20) -> list[SeenDevice]:
    """The devices of a login by name, the one used last first, those of sessions that are over too."""
    live = SignedIn.revoked_at.is_(None) & (SignedIn.expires_at > clock.now())
    newest_first = SignedIn.seen_at.desc()
    found = (
        select(
            SignedIn.device_name,
            func.count().label("sessions"),
            func.count().filter(live).label("open"),
            func.min(SignedIn.created_at).label("first_at"),
            func.max(SignedIn.seen_at).label("last_at"),
            func.array_agg(aggregate_order_by(SignedIn.id, newest_first)).label("ids"),
            func.array_agg(aggregate_order_by(SignedIn.ip, newest_first)).label("ips"),
        )
        .where(SignedIn.login_id == login_id)
        .group_by(SignedIn.device_name)
        .order_by(func.max(SignedIn.seen_at).desc())
        .limit(limit)
    )
    return [
        SeenDevice(row.device_name, row.sessions, row.open, row.first_at, row.last_at, row.ids[0], row.ips[0])
        for row in db.session.execute(found)
    ]


def has_new_device_for_system(login_id: str, *, since: datetime) -> bool:
    """Whether they came with something that they never came with before a time, and had come with another."""
    first = (
        select(func.min(SignedIn.created_at).label("at"))
        .where(SignedIn.login_id == login_id)
        .group_by(SignedIn.device_name)
        .subquery()
    )
    later, earlier = func.count().filter(first.c.at > since), func.count().filter(first.c.at <= since)
    row = db.session.execute(select(later.label("later"), earlier.label("earlier")).select_from(first)).one()
    return bool(row.later and row.earlier)


def session_ip_for_operators(session_id: str) -> str:
    """Where a session came from. Raises NotFound."""
    found = db.session.get(SignedIn, session_id)
    if found is None:
        raise NotFound
    return found.ip
