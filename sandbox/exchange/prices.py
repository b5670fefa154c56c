"""What things cost: the walk, prices set by hand, what each feed tells of them, and the venue's own bid and ask.

A price by hand holds from the venue's time at which it was set. Set for a pair, it is exact at every feed that tells
the pair, and pairs that cross over it follow; set for a pair at one feed, it is exact there alone.
"""

import sqlite3
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from sandbox.exchange import book, feeds, walk
from sandbox.exchange import knobs as knobboard
from sandbox.exchange.listed import Pair

_MILLION = 1_000_000
# A bank sells dollars below the street, which pays for not having to wait.
BANK_DISCOUNT = Decimal("0.988")
_SET = "SELECT feed, pair, price FROM prices WHERE since <= ? ORDER BY id"
_PLACES = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Told:
    """A price as a feed tells it, and the time it gives for it (microseconds)."""

    mid: Decimal
    at: int
    bend: Decimal  # what the truth was multiplied with: a feed lies about yesterday as about today


class Market:
    """The market as of the venue's now: every look at it within one call sees the same."""

    def __init__(self, db: sqlite3.Connection, *, seed: int) -> None:
        self._db = db
        self._seed = seed
        self._noise = knobboard.load(db).noise
        self.now = book.now(db)
        self._anything_set = db.execute("SELECT 1 FROM prices LIMIT 1").fetchone() is not None
        self._set: dict[int, dict[tuple[str | None, str], Decimal]] = {}

    def mid(self, feed: str, base: str, quote: str, at: int | None = None) -> Decimal:
        """One whole `base` in `quote` (tickers) at a feed, before its knobs; `at` in microseconds, now without."""
        at = self.now if at is None else at
        by_hand = self._by_hand(at)
        symbol = f"{base}/{quote}"
        for name in (feed, None):
            if (name, symbol) in by_hand:
                return by_hand[name, symbol]
        crossed = self._crossed(base, quote, at, by_hand)
        if feed == "bank":
            crossed *= BANK_DISCOUNT
        if self._noise:
            crossed *= walk.ripple(self._seed, f"{feed}:{symbol}", at // 1_000)
        return crossed.quantize(_PLACES)

    def told(self, name: str, base: str, quote: str) -> Told:
        """What a feed tells now, bent by its knobs."""
        feed = feeds.load(self._db, name)
        if feed.pairs is not None and f"{base}/{quote}" not in feed.pairs:
            return Told(self.mid(name, base, quote), self.now, Decimal(1))
        at = self.now if feed.stood_at is None else feed.stood_at
        bend = Decimal(0) if feed.zero else Decimal(feed.factor) * (10_000 + feed.lie_bps) / 10_000
        return Told(self.mid(name, base, quote, at) * bend, at, bend)

    def _crossed(self, base: str, quote: str, at: int, by_hand: dict[tuple[str | None, str], Decimal]) -> Decimal:
        if quote == "NGN":
            # The street prices naira in Tether; a dollar in the hand is worth what a Tether is.
            if base == "USD" or (None, "USDT/NGN") not in by_hand:
                return self._dollars(base, at, by_hand) * self._naira(at, by_hand)
            return self._crossed(base, "USDT", at, by_hand) * by_hand[None, "USDT/NGN"]
        return self._dollars(base, at, by_hand) / self._dollars(quote, at, by_hand)

    def _naira(self, at: int, by_hand: dict[tuple[str | None, str], Decimal]) -> Decimal:
        given = by_hand.get((None, "USD/NGN"))
        return given if given is not None else walk.level(self._seed, "NGN", at // 1_000)

    def _dollars(self, ticker: str, at: int, by_hand: dict[tuple[str | None, str], Decimal]) -> Decimal:
        if ticker == "USD":
            return Decimal(1)
        if (given := by_hand.get((None, f"{ticker}/USD"))) is not None:
            return given
        if (given := by_hand.get((None, f"{ticker}/USDT"))) is not None:
            return given * self._dollars("USDT", at, by_hand)
        return walk.level(self._seed, ticker, at // 1_000)

    def _by_hand(self, at: int) -> dict[tuple[str | None, str], Decimal]:
        if not self._anything_set:
            return {}
        if at not in self._set:
            latest = {(row["feed"], row["pair"]): row["price"] for row in self._db.execute(_SET, (at,))}
            self._set[at] = {named: Decimal(price) for named, price in latest.items() if price is not None}
        return self._set[at]


def bid_and_ask(pair: Pair, mid: Decimal) -> tuple[Decimal, Decimal]:
    """The venue's two sides around a middle, each rounded to the tick away from it, against whoever trades."""
    half = mid * pair.half_spread_ppm / _MILLION
    bid = (mid - half).quantize(pair.tick, rounding=ROUND_FLOOR)
    ask = (mid + half).quantize(pair.tick, rounding=ROUND_CEILING)
    return bid, ask
