"""Reads of what somebody came with, for staff: devices of sessions that are open and of those that are over."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.core import clock
from app.core.db import db
from app.core.errors import NotFound
from app.identity.models import SignedIn

COMPARED = 200  # sessions of a login, the newest
NEAR = {4: 24, 6: 48}  # bits that two addresses of one network share


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


@dataclass(frozen=True)
class Came:
    """One session beside the others of its login: on what, from where, and since when they come so."""

    session_id: str
    device: str
    ip: str
    since: datetime
    device_since: datetime
    network_since: datetime
    other_devices: int
    other_networks: int


def came_for_operators(session_id: str, *, login_id: str) -> Came | None:
    """How a session of this login stands beside those before it and it; None when it is not known any more."""
    this = db.session.scalars(select(SignedIn).filter_by(id=session_id, login_id=login_id)).one_or_none()
    if this is None:
        return None
    until = (SignedIn.login_id == login_id) & (SignedIn.created_at <= this.created_at)
    newest = select(SignedIn).where(until).order_by(SignedIn.created_at.desc()).limit(COMPARED)
    earlier = list(db.session.scalars(newest))
    network = _network(this.ip)
    alike = [one.created_at for one in earlier if one.device_name == this.device_name]
    near = [one.created_at for one in earlier if _network(one.ip) == network]
    return Came(
        session_id=this.id,
        device=this.device_name,
        ip=this.ip,
        since=this.created_at,
        device_since=min(alike),
        network_since=min(near),
        other_devices=len({one.device_name for one in earlier} - {this.device_name}),
        other_networks=len({_network(one.ip) for one in earlier} - {network}),
    )


def _network(ip: str) -> str:
    """The neighbourhood of an address: of a telephone the last part changes with each call."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    return str(ipaddress.ip_network((address, NEAR[address.version]), strict=False))


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
