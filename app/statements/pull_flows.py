"""Statements that we ask for ourselves: what a teller's API lists is put into a file as it was told, and read as any.

So it is kept, counted and recognised as what a person brings; the same movement has the same identity in both.
"""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from app.clients.bundle import Clients
from app.clients.http import Refused, Silent
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.core.errors import Refusal
from app.statements import flows, pull_service, queries
from app.statements.errors import NoSuchTeller
from app.statements.models import Source
from app.statements.rules import Days, PullState

Listing = Callable[[datetime, datetime], Iterable[Mapping[str, Any]]]
ROWS_MAX = 10_000  # in a file of several days; one day is never parted
DAYS_AT_ONCE = 31


class _TooMany(Exception):
    """More rows than a file of several days has."""


def listing(format_name: str, clients: Clients) -> Listing:
    """Who lists what a format tells, between two times. Raises NoSuchTeller where nobody does, or we have no key."""
    paystack = {
        "paystack-transactions": "transactions",
        "paystack-transfers": "transfers",
        "paystack-payouts": "settlements",
        "paystack-balance": "balance",
    }
    if format_name in paystack:
        return lambda since, until: clients.paystack.as_told(paystack[format_name], since, until)
    if format_name == "kraken-ledgers" and clients.venue.name == "kraken" and clients.venue.deals:
        return clients.venue.as_told
    if format_name in clients.tellers:
        return clients.tellers[format_name].as_told
    raise NoSuchTeller


def can_ask(format_name: str, *, clients: Clients) -> bool:
    """Whether there is somebody who lists what a format tells, and we have the key."""
    try:
        listing(format_name, clients)
    except NoSuchTeller:
        return False
    return True


def pull(pull_id: str, *, clients: Clients, actor: Actor) -> None:
    """Ask the teller for what a pull is about, and take it in as files; a pull that ended is left as it is.

    Killed at any moment it is begun again: what was taken in by then is told again and adds nothing.
    """
    asked = queries.pull_for_system(pull_id)
    if asked.state != PullState.ASKED:
        return
    source = queries.one_source_for_operators(asked.source_id)
    leave()
    rows = files = 0
    try:
        ask = listing(source.format, clients)
        for since, until, told in _parted(source, asked.since, asked.until, ask):
            name = f"{source.name}_{_day(source, since)}_{_day(source, until)}.json"
            body = {"since": since.isoformat(), "until": until.isoformat(), "data": told}
            file = io.BytesIO(json.dumps(body, default=str, indent=0).encode())
            flows.take(source.name, name=name, file=file, actor=actor, covers=_whole_days(source, since, until))
            rows, files = rows + len(told), files + 1
    except (Silent, Refused, Refusal) as trouble:
        words = f"{source.title} could not be asked: {trouble or type(trouble).__name__}"
        atomically(lambda: pull_service.fail(pull_id, trouble=words, actor=actor), actor=actor)
        return
    atomically(lambda: pull_service.finish(pull_id, rows=rows, files=files, actor=actor), actor=actor)


def _parted(
    source: Source, since: datetime, until: datetime, ask: Listing
) -> Iterator[tuple[datetime, datetime, list[Mapping[str, Any]]]]:
    """What is told, in parts of whole days that are not too long; the last one may end within a day."""
    days = DAYS_AT_ONCE
    while since < until:
        end = min(until, _midnight(source, _day(source, since) + timedelta(days=days)))
        try:
            told = _counted(ask(since, end), most=ROWS_MAX if days > 1 else None)
        except _TooMany:
            days = max(days // 2, 1)
            continue
        yield since, end, told
        since = end


def _counted(told: Iterable[Mapping[str, Any]], *, most: int | None) -> list[Mapping[str, Any]]:
    found = []
    for row in told:
        found.append(row)
        if most is not None and len(found) >= most:
            raise _TooMany
    return found


def _day(source: Source, at: datetime) -> date:
    return at.astimezone(source.tz).date()


def _midnight(source: Source, day: date) -> datetime:
    return datetime.combine(day, time(), source.tz)


def _whole_days(source: Source, since: datetime, until: datetime) -> Days | None:
    """The days that lie wholly between, if any; `since` is a midnight."""
    last = _day(source, until) - timedelta(days=1)
    return Days(_day(source, since), last) if last >= _day(source, since) else None
