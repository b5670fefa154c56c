"""What a thing costs: the price that is shown, the price that may be dealt at, the spread on it, and its history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol, TypeVar

from sqlalchemy import func, select

from app.core import clock
from app.core.db import db, in_transaction, rows
from app.core.errors import NotFound
from app.core.money import Money
from app.market import cache, rules
from app.market import queries as market
from app.market.models import Candle, Pair
from app.market.queries import Latest, Standing
from app.market.rules import PRICES_KEPT, Made, Why
from app.pricing import errors
from app.pricing.models import PairHalt, PriceOverride, Spread
from app.pricing.rules import HaltState, Ladder, bps_of, ladder_for, stops

OVERRIDE = "override"
_PASSING = select(func.pg_advisory_xact_lock_shared(func.hashtext("pair_halts")))
# All that a price is made of, and what stops it, as they are at one moment: who deals waits for one answer.
_STANDING = """
SELECT p.code, p.base, p.quote, p.crossed, p.quote_seconds, m.made_at, m.mid, m.told_at, m.feeds, m.why,
       o.price, o.starts_at, h.causes
  FROM pairs p
  LEFT JOIN LATERAL (SELECT * FROM pair_prices x
                      WHERE NOT p.crossed AND x.pair = p.code AND x.made_at <= :at AND x.made_at > :since
                      ORDER BY x.made_at DESC LIMIT 1) m ON true
  LEFT JOIN LATERAL (SELECT * FROM price_overrides x
                      WHERE x.pair = p.code AND x.starts_at <= :at AND coalesce(x.ended_at, x.ends_at) > :at
                      ORDER BY x.starts_at DESC, x.id DESC LIMIT 1) o ON true
  LEFT JOIN LATERAL (SELECT array_agg(x.cause) AS causes FROM pair_halts x
                      WHERE x.pair = p.code AND x.state <> 'ended') h ON true
"""
Row = TypeVar("Row")
_REASONS = {
    Why.TOO_FEW: "Too few sources tell a price at the moment. Nothing happened to your money; try again in a minute.",
    Why.DISAGREE: "Our sources tell different prices at the moment. Nothing happened to your money; try again soon.",
    Why.NO_LEG: errors.NoPrice.message,
}


@dataclass(frozen=True)
class Price:
    """Units of `quote` for one whole `base` (tickers), to eighteen digits.

    `at` is when the number that it is was told (a median is one feed's, or lies between two; of several legs the oldest
    counts), by the vendor's clock where it says. `by` are the feeds that count,
    `("override",)` where people set it; `legs` the pairs that it was crossed from, empty where it is one itself.
    `made_at` is when we made it: of several legs the earliest.
    """

    base: str
    quote: str
    mid: Decimal
    at: datetime
    by: tuple[str, ...]
    legs: tuple[str, ...]
    made_at: datetime

    def age(self, moment: datetime) -> timedelta:
        """How old the number is that it is."""
        return max(moment - self.at, timedelta(0))


class _Set(Protocol):
    """A price that people set, and since when it counts."""

    @property
    def price(self) -> Decimal: ...
    @property
    def starts_at(self) -> datetime: ...


@dataclass(frozen=True)
class _Known:
    """What a price is read from."""

    pairs: Sequence[Pair]
    latest: Mapping[str, Latest]
    by_hand: Mapping[str, _Set]
    at: datetime


@dataclass(frozen=True)
class Line:
    """A pair on the board: its price, or why it has none; its halts; what keeps it from being dealt in; its last day.

    `stops` are its own halts and those of the pairs that it is crossed from, but where a price of our own stands in.
    """

    pair: Pair
    newest: Latest | None
    price: Price | None
    fault: str
    halts: list[PairHalt]
    stops: list[PairHalt]
    override: PriceOverride | None
    spark: list[Decimal]

    @property
    def is_ours(self) -> bool:
        """Whether people set its price, or one that it is crossed from."""
        return self.price is not None and OVERRIDE in self.price.by

    @property
    def is_old(self) -> bool:
        """Whether its price was made too long ago to deal at."""
        made_at = self.price.made_at if self.price else None
        return made_at is not None and clock.now() - made_at > timedelta(seconds=self.pair.quote_seconds)


@dataclass(frozen=True)
class Board:
    """All pairs and feeds at one time."""

    at: datetime
    lines: list[Line]
    feeds: list[Standing]


def price(base: str, quote: str, *, at: datetime | None = None) -> Price:
    """What one whole `base` is worth, to be shown: halts are not looked at. May come from the cache, with its true age.

    Raises NoPrice.
    """
    moment = at or clock.now()
    held = cache.read() if at is None else None
    latest = held or market.latest(at=moment)
    return _priced(base, quote, _Known(market.pairs(), latest, overrides_at(moment), moment))


def prices(bases: Iterable[str], quote: str) -> dict[str, Price | errors.NoPrice]:
    """The same as `price` of several at once: what each is worth, or why that is not known."""
    moment = clock.now()
    known = _Known(market.pairs(), cache.read() or market.latest(at=moment), overrides_at(moment), moment)
    found: dict[str, Price | errors.NoPrice] = {}
    for base in bases:
        try:
            found[base] = _priced(base, quote, known)
        except errors.NoPrice as reason:
            found[base] = reason
    return found


def dealing(base: str, quote: str) -> Price:
    """What may be dealt at now; inside a transaction no pair is stopped before its end. Raises as `sound` does."""
    if in_transaction():
        db.session.execute(_PASSING)
    return sound(base, quote)


def sound(base: str, quote: str) -> Price:
    """The price that nobody doubts at present, read from the database alone. To deal at it takes `dealing`.

    Raises NoPrice where there is none; of its kinds PairHalted where a pair on the way, or this one, is turned off,
    moved too fast or has feeds that disagree (a price that people set stands in for the latter two), and PriceTooOld
    where one was made too long ago.
    """
    moment = clock.now()
    standing = rows(_STANDING, at=moment, since=moment - PRICES_KEPT)
    by_hand = {row.code: row for row in standing if row.price is not None}
    names = _on_the_way(standing, base, quote)
    halted = [row.code for row in standing if any(stops(one, by_hand=row.code in by_hand) for one in row.causes or ())]
    if names.intersection(halted):
        raise errors.PairHalted(pairs=sorted(names.intersection(halted)))
    latest = {
        row.code: Latest(row.code, row.made_at, Made(row.mid, row.told_at, tuple(row.feeds), why=_why(row.why)))
        for row in standing
        if row.made_at is not None
    }
    found = _priced(base, quote, _Known(standing, latest, by_hand, moment))
    for row in standing:
        too_old = timedelta(seconds=row.quote_seconds)
        if row.code in names and row.code in latest and row.code not in by_hand and moment - row.made_at > too_old:
            raise errors.PriceTooOld
    return found


def spread_bps(base: str, *, side: str, tier: str, worth: Money, at: datetime | None = None) -> int:
    """Ten-thousandths that are asked of a deal in `base` worth so many kobo. Raises NoSpread."""
    ladder = ladder_for(ladders(), ticker=base, side=side, tier=tier, at=at or clock.now())
    if ladder is None:
        raise errors.NoSpread
    return bps_of(ladder, kobo=worth.units)


def candles(base: str, quote: str = "NGN", *, span: str, since: datetime, limit: int = 500) -> list[Candle]:
    """Open, high, low, close of a pair that has a history (`span` 1m, 5m, 1h, 1d), oldest first; else none."""
    return market.candles(f"{base}/{quote}", span=span, since=since, until=clock.now(), limit=limit)


def sparkline(base: str, quote: str = "NGN", *, hours: int = 24, points: int = 24) -> list[Decimal]:
    """At most so many closing prices of the last hours, oldest first."""
    pair = f"{base}/{quote}"
    return market.closes([pair], until=clock.now(), hours=hours, points=points).get(pair, [])


def board_for_operators() -> Board:
    """Every pair and every feed, as they stand now; read from the database alone."""
    moment, pairs = clock.now(), market.pairs()
    latest, by_hand = market.latest(at=moment), overrides_at(moment)
    sparks = market.closes([pair.code for pair in pairs], until=moment, hours=24, points=48)
    halts = halts_standing()
    stopping = [halt for halt in halts if stops(halt.cause, by_hand=halt.pair in by_hand)]
    lines, known = [], _Known(pairs, latest, by_hand, moment)
    for pair in pairs:
        try:
            found, fault = _priced(pair.base, pair.quote, known), ""
        except errors.NoPrice as refused:
            found, fault = None, refused.message
        names = _on_the_way(pairs, pair.base, pair.quote)
        lines.append(
            Line(
                pair,
                latest.get(pair.code),
                found,
                fault,
                halts=[halt for halt in halts if halt.pair == pair.code],
                stops=[halt for halt in stopping if halt.pair in names],
                override=by_hand.get(pair.code),
                spark=sparks.get(pair.code, []),
            )
        )
    return Board(moment, lines, market.feeds())


def pair(code: str) -> Pair | None:
    """One pair."""
    return next((one for one in market.pairs() if one.code == code), None)


def halt_for_operators(halt_id: str, *, lock: bool = False) -> PairHalt:
    """One halt. Raises NotFound."""
    return _one(PairHalt, halt_id, lock=lock)


def override_for_operators(override_id: str, *, lock: bool = False) -> PriceOverride:
    """One price that people set. Raises NotFound."""
    return _one(PriceOverride, override_id, lock=lock)


def halts_standing() -> list[PairHalt]:
    """What stands now, the oldest first."""
    wanted = select(PairHalt).where(PairHalt.state != HaltState.ENDED)
    return list(db.session.scalars(wanted.order_by(PairHalt.begun_at, PairHalt.id)))


def overrides_at(moment: datetime) -> dict[str, PriceOverride]:
    """The prices that people set and that count at a time, by pair; of two the one that began later."""
    wanted = select(PriceOverride).where(PriceOverride.starts_at <= moment, PriceOverride.ends_at > moment)
    found = db.session.scalars(wanted.order_by(PriceOverride.starts_at, PriceOverride.id))
    return {one.pair: one for one in found if one.ended_at is None or one.ended_at > moment}


def halts_ended_for_operators(pair: str, *, limit: int = 20) -> list[PairHalt]:
    """What stopped a pair before, the newest first."""
    wanted = select(PairHalt).where(PairHalt.pair == pair, PairHalt.state == HaltState.ENDED)
    return list(db.session.scalars(wanted.order_by(PairHalt.begun_at.desc(), PairHalt.id).limit(limit)))


def overrides_for_operators(pair: str, *, limit: int = 20) -> list[PriceOverride]:
    """The prices that people set for a pair, the newest first."""
    wanted = select(PriceOverride).where(PriceOverride.pair == pair)
    return list(db.session.scalars(wanted.order_by(PriceOverride.starts_at.desc()).limit(limit)))


def ladders() -> list[Ladder]:
    """All schedules of spreads: those to come, in force and before."""
    grouped: dict[tuple[object, datetime], list[Spread]] = {}
    for one in db.session.scalars(select(Spread).order_by(Spread.starts_at, Spread.from_kobo)):
        grouped.setdefault((one.scope, one.starts_at), []).append(one)
    return [Ladder(some[0].scope, some[0].starts_at, tuple(one.band for one in some)) for some in grouped.values()]


def _one(model: type[Row], row_id: str, *, lock: bool) -> Row:
    found = db.session.get(model, row_id, with_for_update=lock, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def _why(written: str) -> Why | None:
    return Why(written) if written else None


def _on_the_way(pairs: Sequence[Pair], base: str, quote: str) -> set[str]:
    """The pairs that this is priced over, and this one itself, either way round. Raises NoPrice without a way."""
    return {step.pair for step in _way(pairs, base, quote)} | {f"{base}/{quote}", f"{quote}/{base}"}


def _way(pairs: Sequence[Pair], base: str, quote: str) -> tuple[rules.Step, ...]:
    told = [(pair.base, pair.quote) for pair in pairs if not pair.crossed]
    steps = rules.way(told, base, quote)
    if steps is None:
        raise errors.NoPrice
    return steps


def _priced(base: str, quote: str, known: _Known) -> Price:
    steps, latest, by_hand, moment = _way(known.pairs, base, quote), known.latest, known.by_hand, known.at
    mids, told, made, by = dict[str, Decimal](), [moment], [moment], set[str]()
    for name in (step.pair for step in steps):
        override, newest = by_hand.get(name), latest.get(name)
        if override is not None:
            mids[name] = override.price
            told.append(override.starts_at)
            by.add(OVERRIDE)
        elif newest is None or newest.made.mid is None or newest.made.told_at is None:
            raise errors.NoPrice(_REASONS[newest.made.why if newest and newest.made.why else Why.NO_LEG])
        else:
            mids[name] = newest.made.mid
            told.append(newest.made.told_at)
            made.append(newest.made_at)
            by.update(newest.made.feeds)
    legs = tuple(step.pair for step in steps) if len(steps) > 1 or any(step.inverted for step in steps) else ()
    return Price(base, quote, rules.crossed(steps, mids), min(told), tuple(sorted(by)), legs, min(made))
