"""How each price feed lies: old, zero, ten times too high, a little off, slow, or not there at all.

Four are told here: the venue's public tickers, a second exchange, an aggregator and a bank. Each has its own knobs,
for all of its pairs or for some, and what they bend is what is told, never what orders are filled at.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, get_type_hints

from sandbox.book import recall, remember
from sandbox.exchange import book
from sandbox.knobs import Board, KnobRefused, checked

FEEDS = ("kraken", "luno", "coingecko", "bank")


@dataclass(frozen=True, slots=True)
class Feed:
    """Where the knobs of one feed stand; the defaults tell the truth."""

    stale: int | None = None  # prices and times stand still, as of this many seconds before the knob was turned
    stood_at: int | None = None  # … which was then, in microseconds (not a knob: it follows from `stale`)
    zero: bool = False  # every price is 0
    factor: str = "1"  # prices are multiplied with this
    lie_bps: int = 0  # prices are off by this many basis points
    down: str = "no"  # 503, or the line is cut
    slow_ms: int = 0  # answers come so late
    pairs: list[str] | None = None  # only of these pairs ("BTC/NGN") prices and times are bent; None: of all


_BOARD = Board(
    types={name: kind for name, kind in get_type_hints(Feed).items() if name not in ("stood_at", "pairs")},
    choices={"down": ("no", "503", "cut")},
    ranges={"stale": (0, 31_536_000), "lie_bps": (-10_000, 1_000_000), "slow_ms": (0, 600_000)},
)


def load(db: sqlite3.Connection, name: str) -> Feed:
    """Where the knobs of a feed stand."""
    return Feed(**(recall(db, f"feed:{name}") or {}))


def turn(db: sqlite3.Connection, name: str, changes: Mapping[str, Any]) -> Feed:
    """Turn some knobs of a feed and leave the rest; all of the changes are good or none is made."""
    if name not in FEEDS:
        raise KnobRefused(f"the feeds are {', '.join(FEEDS)}")
    changes = dict(changes)
    pairs = _pairs(changes.pop("pairs")) if "pairs" in changes else load(db, name).pairs
    feed = replace(load(db, name), pairs=pairs, **{each: checked(_BOARD, each, v) for each, v in changes.items()})
    try:
        sane = Decimal(feed.factor) > 0
    except InvalidOperation:
        sane = False
    if not sane:
        raise KnobRefused("factor is a decimal number above zero, as text")
    if "stale" in changes:
        stood_at = None if feed.stale is None else book.now(db) - feed.stale * book.MICROSECONDS
        feed = replace(feed, stood_at=stood_at)
    remember(db, f"feed:{name}", asdict(feed))
    return feed


def _pairs(given: Any) -> list[str] | None:
    if given is not None and not (isinstance(given, list) and all(isinstance(each, str) for each in given)):
        raise KnobRefused("pairs is a list such as ['BTC/NGN'], or null")
    return given
