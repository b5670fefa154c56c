"""Revenue by product: what each kind of income account earned, by day and asset, and what that was worth in naira."""

from collections.abc import Iterator
from datetime import date

from app.core.money import NGN, Money, zero
from app.ledger import prices
from app.ledger.prices import Price
from reports import charts, moved
from reports.tables import ONE_DAY, TICK, ByAsset, Line, Parameters, Section, Tally, midnight

PRODUCTS = {
    "spread": "Spread of orders",
    "trading_fees": "Fees of orders",
    "rounding": "Rounding of orders",
    "withdrawal_fees": "Withdrawal fees",
}
EARNED, IN_NAIRA = 3, 4


def sections(asked: Parameters) -> list[Section]:
    """One: a line for each product and asset on each day on which it earned something."""
    return [
        Section(
            "Revenue by product",
            ("Day", "Product", "Asset", "Earned", "In naira"),
            lambda: _lines(asked),
            frozenset({"Earned", "In naira"}),
            note="By when it took effect. Worth in naira is by the last price stored on that day, towards zero.",
            empty="No product earned anything in these days.",
            tally=lambda: _tally(asked),
        )
    ]


def chart(asked: Parameters) -> str:
    """What each product earned on each day, in naira, as a picture."""
    found: dict[str, dict[date, Money]] = {}
    for day, product, _, _, worth in _lines(asked):
        if isinstance(day, date) and isinstance(worth, Money):
            days = found.setdefault(str(product), {})
            days[day] = days.get(day, zero(NGN)) + worth
    return charts.stacked(asked.days, found)


def _lines(asked: Parameters) -> Iterator[Line]:
    known: dict[date, dict[str, Price]] = {}
    for day, what, asset_sum in _sums(asked):
        if day not in known:
            known[day] = prices.as_of(midnight(day + ONE_DAY) - TICK)
        yield day, name_of(what), asset_sum.asset.code, asset_sum, prices.value(asset_sum, known[day])


def _sums(asked: Parameters) -> list[tuple[date, str, Money]]:
    found: dict[tuple[date, str, str], Money] = {}
    for one in moved.on("income:%", asked):
        if asked.product in {"", one.what}:
            key = (one.day, one.what, one.net.asset.code)
            found[key] = found.get(key, zero(one.net.asset)) + one.net
    return [(day, what, amount) for (day, what, _), amount in found.items() if amount]


def _tally(asked: Parameters) -> Tally:
    ledger = moved.by_the_trial_balance("income", asked, what=asked.product)
    return ByAsset("Earned, by the income statement", EARNED, ledger)


def name_of(what: str) -> str:
    """A product as people call it."""
    return PRODUCTS.get(what, what.replace("_", " ").capitalize())
