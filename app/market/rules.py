"""What makes a price of what feeds tell, without looking anything up.

A tick counts when it was heard lately, is younger than its feed lets it be, above nought, and within a distance of the
median of all such ticks. Of those that count the price is the weighted median: the value at which half the weight is
reached, or the middle between two where it is reached exactly; it is as old as that number, or those two. Fewer than
the pair asks for make no price, nor do those that are too far from each other. A median, and leaving out who is far
from it, is how published reference rates guard themselves against a venue that errs (CME CF Bitcoin Reference Rate,
methodology: medians, potentially erroneous data left out).

Prices are decimals: units of the quote for one whole base, at most eighteen digits below the point, rounded to the even
neighbour once, at the end; what is before is exact.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

DIGITS = 18
BPS = 10_000
HEARD_WITHIN = timedelta(seconds=60)  # what a feed told before it fell silent soon counts not …
MISSED_MAX = 3  # … or after so many of its turns, where it is asked less often
TURN_EARLY = timedelta(seconds=5)  # half a slot of the clock's: a turn is not missed for having begun a little late
AHEAD_MAX = timedelta(seconds=60)  # a vendor's clock may be so far ahead of ours
PRICES_KEPT = timedelta(days=2)  # ticks, and the prices made of them
CANDLES_KEPT = {"1m": timedelta(days=7), "5m": timedelta(days=60), "1h": timedelta(days=730), "1d": None}
SPANS = {"1m": 60, "5m": 300, "1h": 3_600, "1d": 86_400}  # seconds; days are those of UTC


class Verdict(StrEnum):
    """What became of a feed's word."""

    COUNTS = "counts"
    STALE = "stale"
    ZERO = "zero"
    OUTLIER = "outlier"
    SILENT = "silent"


class Why(StrEnum):
    """Why there is no price."""

    TOO_FEW = "too_few"
    DISAGREE = "disagree"
    NO_LEG = "no_leg"


@dataclass(frozen=True)
class Bounds:
    """What a pair asks for: so many feeds; how far from the median, and from each other, in ten-thousandths."""

    feeds_min: int
    outlier_bps: int
    disagree_bps: int


@dataclass(frozen=True)
class Word:
    """What one feed told of a pair last, when it says it is of, and when we heard it; None where it told nothing."""

    feed: str
    value: Decimal | None
    told_at: datetime | None
    received_at: datetime | None
    weight: int
    age_max: timedelta
    heard_within: timedelta = HEARD_WITHIN


@dataclass(frozen=True)
class Made:
    """The price made of what feeds told, or why there is none. `told_at` is when the number that it is was told."""

    mid: Decimal | None
    told_at: datetime | None
    feeds: tuple[str, ...]
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    why: Why | None = None
    legs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One pair on the way from a ticker to another; `inverted` where it is walked from its quote to its base."""

    pair: str
    inverted: bool


def heard_within(every_seconds: int) -> timedelta:
    """For how long a word counts of a feed that is asked so often, and is not heard again."""
    return max(HEARD_WITHIN, MISSED_MAX * timedelta(seconds=every_seconds))


def is_its_turn(asked_at: datetime | None, *, every_seconds: int, at: datetime) -> bool:
    """Whether a feed that was asked last at a time is to be asked again."""
    return asked_at is None or at - asked_at >= timedelta(seconds=every_seconds) - TURN_EARLY


def rounded(exact: Fraction) -> Decimal:
    """A price to eighteen digits below the point, half to even."""
    whole, rest = divmod(exact.numerator * 10**DIGITS, exact.denominator)
    up = 2 * rest > exact.denominator or (2 * rest == exact.denominator and whole % 2 == 1)
    return Decimal(f"{whole + up}E-{DIGITS}")


def _between(one: Fraction, other: Fraction) -> Fraction:
    return Fraction(one + other, 2)


def value_of(bid: Decimal | None, ask: Decimal | None, last: Decimal | None) -> Decimal | None:
    """What a tick says: the middle of an orderly book, or else the last trade; None when neither is above nought."""
    if bid is not None and ask is not None and 0 < bid <= ask:
        return rounded(_between(Fraction(bid), Fraction(ask)))
    return last if last is not None and last > 0 else None


def divided(value: Decimal | None, over: Decimal | None) -> Decimal | None:
    """A feed's number divided by another of its own; None where one is missing or nought, or nothing is left of it."""
    if not value or not over or value < 0 or over < 0:
        return None
    return rounded(Fraction(Fraction(value), Fraction(over))) or None


def median(values: Iterable[Decimal]) -> Fraction:
    """The middle one, or the middle between the two in the middle. Raises ValueError for none."""
    ordered = sorted(Fraction(value) for value in values)
    if not ordered:
        raise ValueError("nothing has no middle")
    return _between(ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2])


def weighted_median(values: Iterable[tuple[Decimal, int]]) -> Fraction:
    """Where half the weight is reached, from below; the middle to the next one where it is reached exactly.

    Never below the lowest or above the highest. Raises ValueError for none, or a weight that is not above nought.
    """
    ordered = sorted((Fraction(value), weight) for value, weight in values)
    if not ordered or min(weight for _, weight in ordered) <= 0:
        raise ValueError("weights are above nought, and there is at least one")
    whole, reached = sum(weight for _, weight in ordered), 0
    for place, (value, weight) in enumerate(ordered):
        reached += weight
        if 2 * reached == whole:
            return _between(value, ordered[place + 1][0])
        if 2 * reached > whole:
            return value
    raise AssertionError("unreachable")


def apart(first: Fraction, second: Fraction) -> Fraction:
    """How far the first is from the second, in ten-thousandths of the second."""
    return Fraction(abs(first - second) * BPS, second)


def make(words: Sequence[Word], *, bounds: Bounds, at: datetime) -> Made:
    """The price of what feeds told of a pair, at a time. One word a feed."""
    verdicts = {word.feed: _first_look(word, at) for word in words}
    fresh = {word.feed: word for word in words if verdicts[word.feed] is Verdict.COUNTS}
    values = {feed: word.value for feed, word in fresh.items() if word.value is not None}
    if len(values) < bounds.feeds_min:
        return Made(None, None, (), verdicts, Why.TOO_FEW)
    middle = median(values.values())
    for feed, value in values.items():
        if apart(Fraction(value), middle) > bounds.outlier_bps:
            verdicts[feed] = Verdict.OUTLIER
    counted = {feed: value for feed, value in values.items() if verdicts[feed] is Verdict.COUNTS}
    if len(counted) < bounds.feeds_min or _width(counted.values(), middle) > bounds.disagree_bps:
        return Made(None, None, (), verdicts, Why.DISAGREE)
    exact = weighted_median((value, fresh[feed].weight) for feed, value in counted.items())
    told = [moment for feed in _in_the_middle(counted, exact) if (moment := fresh[feed].told_at) is not None]
    return Made(rounded(exact), min(*told, at), tuple(sorted(counted)), verdicts)


def _first_look(word: Word, at: datetime) -> Verdict:
    if word.told_at is None or word.received_at is None or at - word.received_at > word.heard_within:
        return Verdict.SILENT
    if not word.value or word.value < 0:
        return Verdict.ZERO
    if at - word.told_at > word.age_max or word.told_at - at > AHEAD_MAX:
        return Verdict.STALE
    return Verdict.COUNTS


def _in_the_middle(counted: Mapping[str, Decimal], exact: Fraction) -> list[str]:
    """The feeds whose numbers the median is: those that tell it, or the two that it lies between."""
    below = max((value for value in counted.values() if Fraction(value) <= exact), default=None)
    above = min((value for value in counted.values() if Fraction(value) >= exact), default=None)
    return [feed for feed, value in counted.items() if value in {below, above}]


def _width(values: Iterable[Decimal], middle: Fraction) -> Fraction:
    exact = [Fraction(value) for value in values]
    return Fraction((max(exact) - min(exact)) * BPS, middle)


def way(pairs: Iterable[tuple[str, str]], base: str, quote: str) -> tuple[Step, ...] | None:
    """The pairs that lead from `base` to `quote`; None where none do. Of a tree there is one such way."""
    neighbours: dict[str, dict[str, Step]] = {}
    for one, other in pairs:
        neighbours.setdefault(one, {})[other] = Step(f"{one}/{other}", inverted=False)
        neighbours.setdefault(other, {})[one] = Step(f"{one}/{other}", inverted=True)
    reached: dict[str, tuple[Step, ...]] = {base: ()}
    edge = [base]
    while edge:
        here = edge.pop(0)
        for there, step in sorted(neighbours.get(here, {}).items()):
            if there not in reached:
                reached[there] = (*reached[here], step)
                edge.append(there)
    return reached.get(quote)


def is_tree(pairs: Sequence[tuple[str, str]]) -> bool:
    """Whether there is at most one way between any two tickers: with two, somebody gains by going round."""
    tickers = {ticker for pair in pairs for ticker in pair}
    parts, left = 0, set(tickers)
    while left:
        parts += 1
        start = min(left)
        left -= {ticker for ticker in tickers if way(pairs, start, ticker) is not None}
    return len(pairs) == len(tickers) - parts


def crossed(steps: Sequence[Step], mids: Mapping[str, Decimal]) -> Decimal:
    """The price along a way, rounded once at its end. Raises KeyError for a leg without a price."""
    exact = Fraction(1)
    for step in steps:
        mid = Fraction(mids[step.pair])
        exact = Fraction(exact, mid) if step.inverted else exact * mid
    return rounded(exact)


def farthest(new: Decimal, before: Iterable[Decimal]) -> Fraction:
    """How far a price is from the farthest of those before it, in ten-thousandths of that one; nought without any."""
    return max((apart(Fraction(new), Fraction(old)) for old in before), default=Fraction(0))


def in_words(mid: Decimal) -> str:
    """A price as people read it: two digits below the point from a hundred on, four from one on, six significant."""
    if mid >= 100:  # noqa: PLR2004
        return f"{mid:,.2f}"
    if mid >= 1:
        return f"{mid:,.4f}"
    return f"{mid:.{min(5 - mid.adjusted(), DIGITS)}f}" if mid else "0"


def percent(bps: int) -> str:
    """Ten-thousandths as people read them: `1.25 %`."""
    return f"{bps // 100}.{bps % 100:02d} %"


def begins(moment: datetime, *, span: str) -> datetime:
    """The beginning of the candle that a moment falls into, counted from 1970 in UTC."""
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % SPANS[span], UTC)


def fault_of_weights(weights: Mapping[str, int]) -> str:
    """What is wrong with the weights of a pair's feeds, in a sentence; empty when nothing is.

    Among three or more none may have half the weight: it alone would then say the price.
    """
    whole = sum(weights.values())
    heavy = [feed for feed, weight in weights.items() if len(weights) > 2 and 2 * weight >= whole]  # noqa: PLR2004
    return f"{heavy[0]} would outweigh the others." if heavy else ""
