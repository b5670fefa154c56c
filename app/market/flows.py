"""Asking the feeds: all at once, each for a few seconds, so that the silence of one delays no other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from datetime import datetime
from typing import Protocol

from app.clients.http import Refused, Silent
from app.clients.venues import Ticker
from app.core import clock, logs
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.market import cache, queries, service
from app.market.models import FeedPair
from app.market.queries import Latest
from app.market.service import Heard, Number

QUICK_SECONDS = 1.5  # after that prices are made of what is there
LAST_SECONDS = 4.0  # after that nobody is waited for; longer than a client waits for its vendor
NO_ANSWER = "no answer"

log = logs.get("market")


class Source(Protocol):
    """Anything that tells prices."""

    def tickers(self, symbols: Sequence[str]) -> Mapping[str, Ticker]:
        """What it tells of these, by its own names. Raises Silent, Refused."""
        ...


def poll(
    sources: Mapping[str, Source], *, actor: Actor, heed: Callable[[Mapping[str, Latest], datetime], None]
) -> dict[str, Latest]:
    """Ask every feed that is on when it is its turn, write down what they tell, make prices of it: the newest of each.

    `heed` is called with them in the transaction that writes them: what it stops is stopped from that price on.
    """
    wanted = queries.asked(at=clock.now())
    leave()
    with _asking(sources, wanted) as asked:
        quick, slow = wait(asked, timeout=QUICK_SECONDS)
        latest = atomically(lambda: _make(_heard(quick), wanted, heed), actor=actor)
        cache.keep(latest)
        late, silent = wait(slow, timeout=LAST_SECONDS - QUICK_SECONDS)
        rest = _heard(late) + [_unheard(asked[one]) for one in silent]
        if rest:  # (theirs is in the prices that are made next)
            atomically(lambda: service.note(rest, wanted=wanted), actor=actor)
    return latest


def _make(
    heard: Sequence[Heard],
    wanted: Mapping[str, Sequence[FeedPair]],
    heed: Callable[[Mapping[str, Latest], datetime], None],
) -> dict[str, Latest]:
    service.note(heard, wanted=wanted)
    moment = clock.now()
    latest = service.make(at=moment)
    heed(latest, moment)
    return latest


@contextmanager
def _asking(
    sources: Mapping[str, Source], wanted: Mapping[str, Sequence[FeedPair]]
) -> Iterator[dict[Future[Heard], tuple[str, datetime]]]:
    """Every feed in a thread of its own. Who is not done at the end is not waited for."""
    pool = ThreadPoolExecutor(max_workers=max(len(wanted), 1), thread_name_prefix="feed")
    try:
        asked = {}
        for feed, pairs in wanted.items():
            if feed in sources:
                symbols = sorted({name for one in pairs for name in (one.symbol, one.over) if name})
                run = copy_context().run  # the clock and the name of this work hold in the thread too
                asked[pool.submit(run, _ask, feed, sources[feed], symbols)] = (feed, clock.now())
        yield asked
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _ask(feed: str, source: Source, symbols: Sequence[str]) -> Heard:
    began = clock.now()
    try:
        told = source.tickers(symbols)
    except (Silent, Refused) as error:
        return Heard(feed, began, clock.now(), None, fault=_words(error))
    numbers = {name: Number(one.bid, one.ask, one.last, one.at) for name, one in told.items()}
    return Heard(feed, began, clock.now(), numbers)


def _words(error: Silent | Refused) -> str:
    return NO_ANSWER if isinstance(error, Silent) else logs.masked(f"{error.status} {error.code}")[:200]


def _heard(done: set[Future[Heard]]) -> list[Heard]:
    found = []
    for future in done:
        error = future.exception()
        if error is not None:  # a fault of ours in one feed's reading keeps no other from being heard
            log.error("a feed could not be read", exc_info=error)
            continue
        found.append(future.result())
    return sorted(found, key=lambda one: one.feed)


def _unheard(asked: tuple[str, datetime]) -> Heard:
    feed, began = asked
    return Heard(feed, began, clock.now(), None, fault=NO_ANSWER)
