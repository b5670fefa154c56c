"""Work of the market: asking feeds, rolling candles, valuing the books, forgetting old prices."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from app.core import clock
from app.core.db import atomically
from app.market import flows, service
from app.market.queries import Latest
from app.pricing import service as pricing
from jobs.work import Work

STALE_AFTER = timedelta(seconds=10)


def poll(work: Work) -> timedelta | None:
    """Ask every feed for prices now. What nobody did in its time is not made up for: the next is due by then."""
    if abs(clock.now() - datetime.fromisoformat(work.subject)) > 2 * STALE_AFTER:
        return None

    def heed(latest: Mapping[str, Latest], at: datetime) -> None:
        pricing.heed(latest, at, actor=work.actor)

    flows.poll(work.clients.feeds, actor=work.actor, heed=heed)
    return None


def roll(work: Work) -> timedelta | None:
    """Bring candles up to now: after a long gap step by step, each in a transaction of its own."""
    moment = clock.now()
    since = atomically(lambda: service.roll_from(at=moment), actor=work.actor)
    while since <= moment:
        since = atomically(lambda since=since: service.roll(since=since, at=moment), actor=work.actor)  # type: ignore[misc]
    return None


def value(work: Work) -> timedelta | None:
    """Tell the books what assets are worth."""
    atomically(lambda: pricing.value(at=clock.now()), actor=work.actor)
    return None


def sweep(work: Work) -> timedelta | None:
    """Forget what is older than it is kept for, a part at a time."""
    while atomically(lambda: service.sweep(at=clock.now()), actor=work.actor):
        pass
    return None
