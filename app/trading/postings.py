"""Which accounts move when a customer deals: one journal an order, which balances in each of its two assets.

The two assets meet in `equity:dealing`: what was got for what was given. The spread, the fee and what rounding left are
legs of their own, in the money of the deal.
"""

from typing import Any

from app.core.money import Money
from app.ledger import chart
from app.ledger.journal import Journal, Leg, credit, debit


def bought(
    *, ref: str, payer: str, taker: str, give: Money, get: Money, fee: Money, spread: Money, rounding: Money,
    memo: dict[str, Any] | None = None,
) -> Journal:  # fmt: skip
    """Naira for a coin: `payer` is the customer's account of what they give, `taker` that of what they get."""
    legs = _paid(payer, give, fee=fee, spread=spread, rounding=rounding)
    return Journal("trading.bought", ref, (*legs, *_handed_out(taker, get)), memo or {})


def swapped(
    *, ref: str, payer: str, taker: str, give: Money, get: Money, fee: Money, spread: Money, rounding: Money,
    memo: dict[str, Any] | None = None,
) -> Journal:  # fmt: skip
    """One coin for another: fee, spread and rounding are in the coin that is given."""
    legs = _paid(payer, give, fee=fee, spread=spread, rounding=rounding)
    return Journal("trading.swapped", ref, (*legs, *_handed_out(taker, get)), memo or {})


def sold(
    *, ref: str, payer: str, taker: str, give: Money, get: Money, fee: Money, spread: Money, rounding: Money,
    memo: dict[str, Any] | None = None,
) -> Journal:  # fmt: skip
    """A coin for naira: fee, spread and rounding are in the naira that the coin is worth."""
    value = get + fee + spread + rounding
    legs = (
        debit(payer, give),
        credit(chart.house(chart.DEALING, asset=give.asset), give),
        debit(chart.house(chart.DEALING, asset=get.asset), value),
        *_kept(fee=fee, spread=spread, rounding=rounding),
        credit(taker, get),
    )
    return Journal("trading.sold", ref, legs, memo or {})


def _paid(payer: str, give: Money, *, fee: Money, spread: Money, rounding: Money) -> tuple[Leg, ...]:
    """What is given for a coin: what of it is not kept is the coin's value at mid, and meets it in dealing."""
    value = give - fee - spread - rounding
    return (
        debit(payer, give),
        *_kept(fee=fee, spread=spread, rounding=rounding),
        credit(chart.house(chart.DEALING, asset=give.asset), value),
    )


def _handed_out(taker: str, get: Money) -> tuple[Leg, ...]:
    return debit(chart.house(chart.DEALING, asset=get.asset), get), credit(taker, get)


def _kept(*, fee: Money, spread: Money, rounding: Money) -> tuple[Leg, ...]:
    return (
        credit(chart.house(chart.TRADING_FEES, asset=fee.asset), fee),
        credit(chart.house(chart.SPREAD, asset=spread.asset), spread),
        credit(chart.house(chart.ROUNDING, asset=rounding.asset), rounding),
    )
