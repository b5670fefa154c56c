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
_SET = "SELECT feed, pair, price, since FROM prices ORDER BY id"
ByHand = tuple[str | None, str]  # at which feed (None: at all) and of which pair
_PLACES = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Told:
    """A price as a feed tells it, and the time it gives for it (microseconds)."""

    mid: Decimal
    at: int
    bend: Decimal  # what the truth was multiplied with: a feed lies about yesterday as about today


class Market:
    """The market as of the venue's now, read from the book once: every look at it within one call sees the same."""

    def __init__(self, db: sqlite3.Connection, *, seed: int) -> None:
        self._seed = seed
        self._noise = knobboard.load(db).noise
        self._feeds = {name: feeds.load(db, name) for name in feeds.FEEDS}
        self.now = book.now(db)
        self._set: dict[ByHand, list[tuple[int, Decimal | None]]] = {}
        for row in db.execute(_SET):
            price = None if row["price"] is None else Decimal(row["price"])
            self._set.setdefault((row["feed"], row["pair"]), []).append((row["since"], price))

    def mid(self, feed: str, base: str, quote: str, at: int | None = None) -> Decimal:
        """One whole `base` in `quote` (tickers) at a feed, before its knobs; `at` in microseconds, now without."""
        at = self.now if at is None else at
        symbol = f"{base}/{quote}"
        for name in (feed, None):
            if (given := self._by_hand(name, symbol, at)) is not None:
                return given
        crossed = self._crossed(base, quote, at)
        if feed == "bank":
            crossed *= BANK_DISCOUNT
        if self._noise:
            crossed *= walk.ripple(self._seed, f"{feed}:{symbol}", at // 1_000)
        return crossed.quantize(_PLACES)

    def told(self, name: str, base: str, quote: str) -> Told:
        """What a feed tells now, bent by its knobs."""
        feed = self._feeds[name]
        if feed.pairs is not None and f"{base}/{quote}" not in feed.pairs:
            return Told(self.mid(name, base, quote), self.now, Decimal(1))
        at = self.now if feed.stood_at is None else feed.stood_at
        bend = Decimal(0) if feed.zero else Decimal(feed.factor) * (10_000 + feed.lie_bps) / 10_000
        return Told(self.mid(name, base, quote, at) * bend, at, bend)

    def _crossed(self, base: str, quote: str, at: int) -> Decimal:
        if quote == "NGN":
            # The street prices naira in Tether; a dollar in the hand is worth what a Tether is.
            street = self._by_hand(None, "USDT/NGN", at)
            if base == "USD" or street is None:
                return self._dollars(base, at) * self._naira(at)
            return self._crossed(base, "USDT", at) * street
        return self._dollars(base, at) / self._dollars(quote, at)

    def _naira(self, at: int) -> Decimal:
        given = self._by_hand(None, "USD/NGN", at)
        return given if given is not None else walk.level(self._seed, "NGN", at // 1_000)

    def _dollars(self, ticker: str, at: int) -> Decimal:
        if ticker == "USD":
            return Decimal(1)
        if (given := self._by_hand(None, f"{ticker}/USD", at)) is not None:
            return given
        if (given := self._by_hand(None, f"{ticker}/USDT", at)) is not None:
            return given * self._dollars("USDT", at)
        return walk.level(self._seed, ticker, at // 1_000)

    def _by_hand(self, feed: str | None, pair: str, at: int) -> Decimal | None:
        """What was set last by this time, unless it has been lifted."""
        latest = None
        for since, price in self._set.get((feed, pair), ()):
            if since <= at:
                latest = price
        return latest


def bid_and_ask(pair: Pair, mid: Decimal) -> tuple[Decimal, Decimal]:
    """The venue's two sides around a middle, each rounded to the tick away from it, against whoever trades."""
    half = mid * pair.half_spread_ppm / _MILLION
    bid = (mid - half).quantize(pair.tick, rounding=ROUND_FLOOR)
    ask = (mid + half).quantize(pair.tick, rounding=ROUND_CEILING)
    return bid, ask
