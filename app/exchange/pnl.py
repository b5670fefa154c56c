"""What our position cost and gained: average cost in naira, from the books alone. Pure, whole units and whole kobo.

A journal changes our own position in an asset by what it leaves on accounts of what we have and what we owe, which is
the reverse of what it puts on equity, income and expense accounts. Each such change has a worth in kobo: for what was
dealt, that of the other side; for the rest, at the rate of that deal, else by the stored price. Every division rounds
towards zero, and what it leaves over stays in the cost of what is left; so costs, worths and gains always add up.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from app.core.money import ASSETS, NGN, Money
from app.ledger.prices import Price, value

DEALING = "equity:dealing"
# By which the two sides of a deal without naira are measured: the first of these in it, else what was given away.
YARDSTICKS = ("USD", "USDT")


@dataclass(frozen=True)
class Part:
    """What a journal put on the accounts of one kind in one asset: debits less credits. `kind` is a code's beginning.

    Kinds are `equity:dealing`, and `equity`, `income`, `expense` for all others of their class. `names` are its units
    by the second word of their codes (`spread`, `venue_fees`), where that is told.
    """

    kind: str
    asset: str
    units: int
    names: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Flow:
    """So many units came into our own position (left it, below zero), for so many kobo; None: nobody can say."""

    asset: str
    units: int
    kobo: int | None


@dataclass(frozen=True)
class Holding:
    """Our own position in one asset, and what it cost in kobo. A short one is below zero, and so is what it brought."""

    units: int = 0
    kobo: int = 0


@dataclass(frozen=True)
class Line:
    """One asset on one day, in kobo: earned, spent, and gained by what left the position (or came back to a short one).

    `unpriced` counts changes for which no price was stored: they count as neither gain nor loss. `names` say for what
    was earned and spent; together they are income and expense.
    """

    day: date
    asset: str
    income: int = 0
    expense: int = 0
    gain: int = 0
    unpriced: int = 0
    names: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """A journal as this needs it: the day in Lagos on which it took effect, its parts, the prices of then."""

    day: date
    parts: tuple[Part, ...]
    prices: Mapping[str, Price]


def changed(holding: Holding, flow: Flow) -> tuple[Holding, int]:
    """The position after a change of it, and what was gained by the part that made it smaller.

    What is added keeps its own cost; what is taken away takes its share of the cost with it. A change that crosses zero
    does one and then the other, its worth divided by units.
    """
    units, opens = flow.units, (holding.units >= 0) == (flow.units >= 0) or not holding.units
    if opens and units:
        worth = flow.kobo if flow.kobo is not None else _share(holding.kobo, units, holding.units)
        return Holding(holding.units + units, holding.kobo + worth), 0
    if not units:
        return holding, -(flow.kobo or 0)
    closing = -units if abs(units) <= abs(holding.units) else holding.units
    released = _share(holding.kobo, closing, holding.units)
    paid = -released if flow.kobo is None else _share(flow.kobo, -closing, units)
    rest = 0 if flow.kobo is None else flow.kobo - paid
    left = Holding(holding.units - closing, holding.kobo - released)
    return Holding(left.units + units + closing, left.kobo + rest), -paid - released


def worth(holding: Holding, asset: str, prices: Mapping[str, Price]) -> int | None:
    """What a position is worth in kobo, None where no price is stored."""
    return _valued(asset, holding.units, prices)


def flows_of(told: Told) -> list[Flow]:
    """How a journal changes our own positions, naira apart: one change per asset, at what all its parts are worth."""
    units: dict[str, int] = defaultdict(int)
    kobo: dict[str, list[int | None]] = defaultdict(list)
    dealt = _dealt(told)
    others = [Flow(part.asset, -part.units, _negated(_worth(part, told, dealt))) for part in _besides(told)]
    for flow in (*dealt, *others):
        if flow.asset != NGN.code:
            units[flow.asset] += flow.units
            kobo[flow.asset].append(flow.kobo)
    return [Flow(asset, units[asset], _total(each)) for asset, each in kobo.items()]


class Account:
    """Goes through journals in the order in which they took effect, and keeps positions and lines.

    `holdings` are those that earlier journals left.
    """

    def __init__(self, holdings: Mapping[str, Holding]) -> None:
        self.holdings = dict(holdings)
        self._lines: dict[tuple[date, str], Line] = {}

    def read(self, told: Told) -> None:
        """One more journal."""
        dealt = _dealt(told)
        for part in _besides(told):
            if part.kind in {"income", "expense"}:
                self._earn(part, told.day, _worth(part, told, dealt) or 0)
        for flow in flows_of(told):
            holding, gain = changed(self.holdings.get(flow.asset, Holding()), flow)
            self.holdings[flow.asset] = holding
            self._add(Line(told.day, flow.asset, gain=gain, unpriced=int(flow.kobo is None)))

    @property
    def lines(self) -> list[Line]:
        """Every day and asset on which something was earned, spent or gained, in this order."""
        return [self._lines[place] for place in sorted(self._lines)]

    def _earn(self, part: Part, day: date, kobo: int) -> None:
        earned, spent = (-kobo, 0) if part.kind == "income" else (0, kobo)
        self._add(Line(day, part.asset, income=earned, expense=spent, names=_shares(earned or spent, part)))

    def _add(self, line: Line) -> None:
        old = self._lines.get((line.day, line.asset), Line(line.day, line.asset))
        self._lines[line.day, line.asset] = replace(
            old,
            income=old.income + line.income,
            expense=old.expense + line.expense,
            gain=old.gain + line.gain,
            unpriced=old.unpriced + line.unpriced,
            names={name: old.names.get(name, 0) + line.names.get(name, 0) for name in (*old.names, *line.names)},
        )


def _dealt(told: Told) -> list[Flow]:
    """What was got for what was given: the two sides of a deal are worth the same."""
    dealt = {part.asset: -part.units for part in told.parts if part.kind == DEALING and part.units}
    others = [asset for asset in dealt if asset != NGN.code]
    if NGN.code in dealt and len(others) == 1:
        return [Flow(others[0], dealt[others[0]], -dealt[NGN.code])]
    own = {asset: _valued(asset, dealt[asset], told.prices) for asset in others}
    if len(dealt) == len(others) == 2:  # noqa: PLR2004 (the two sides)
        measure = next((asset for asset in sorted(others, key=_rank(dealt)) if own[asset] is not None), None)
        if measure is not None:
            kobo = own[measure] or 0
            return [Flow(asset, dealt[asset], kobo if asset == measure else -kobo) for asset in others]
    return [Flow(asset, dealt[asset], own[asset]) for asset in others]


def _rank(dealt: Mapping[str, int]):  # type: ignore[no-untyped-def]  # noqa: ANN202
    """Which side a deal is measured by, the first that has a price."""

    def rank(asset: str) -> tuple[int, bool, str]:
        ticker = asset.partition(".")[0]
        return YARDSTICKS.index(ticker) if ticker in YARDSTICKS else len(YARDSTICKS), dealt[asset] > 0, asset

    return rank


def _besides(told: Told) -> list[Part]:
    return [part for part in told.parts if part.kind != DEALING]


def _worth(part: Part, told: Told, dealt: Iterable[Flow]) -> int | None:
    """What a fee, or what the owners put in, is worth: at the rate of the deal that it came with."""
    deal = next((flow for flow in dealt if flow.asset == part.asset and flow.kobo is not None), None)
    if deal is None or deal.kobo is None:
        return _valued(part.asset, part.units, told.prices)
    return _share(deal.kobo, part.units, deal.units)


def _valued(asset: str, units: int, prices: Mapping[str, Price]) -> int | None:
    worth = value(Money(ASSETS[asset], units), dict(prices))
    return None if worth is None else worth.units


def _shares(kobo: int, part: Part) -> dict[str, int]:
    """What each name has of a part's worth, by its units; what does not come out even is the first one's."""
    shares = {name: _share(kobo, units, part.units) for name, units in sorted(part.names.items())}
    for name in list(shares)[:1]:
        shares[name] += kobo - sum(shares.values())
    return shares


def _share(kobo: int, units: int, of: int) -> int:
    """The part of `kobo` that `units` of so many have, rounded towards zero; signs count."""
    exact = kobo * units
    size = abs(exact) // abs(of) if of else 0
    return size if (exact >= 0) == (of > 0) else -size


def _total(kobo: Iterable[int | None]) -> int | None:
    known = list(kobo)
    return None if None in known else sum(each for each in known if each is not None)


def _negated(kobo: int | None) -> int | None:
    return None if kobo is None else -kobo
