"""Which accounts move when we deal for ourselves. Pure: the caller posts."""

from collections.abc import Sequence

from app.core.money import Money
from app.ledger import chart
from app.ledger.journal import Journal, Leg, credit, debit


def filled(*, ref: str, venue: str, trade: str, moved: Sequence[Money], fees: Sequence[Money]) -> Journal:
    """A trade of ours at a venue: what it has more and less of, what it kept, what dealing got for what it gave.

    `moved` is by how much the venue's balance of each asset changed, its fee taken off.
    """
    legs: list[Leg] = [debit(chart.at_venue(venue, asset=each.asset), each) for each in moved]
    legs += [debit(chart.house(chart.VENUE_FEES, asset=each.asset), each) for each in fees]
    for each in moved:
        kept = sum(fee.units for fee in fees if fee.asset == each.asset)
        legs.append(credit(chart.house(chart.DEALING, asset=each.asset), Money(each.asset, each.units + kept)))
    return Journal("exchange.filled", ref, tuple(legs), {"venue": venue, "told": trade})


def bought_over_the_counter(*, ref: str, venue: str, paid: Money, got: Money, counterparty: str) -> Journal:
    """Something for naira from somebody we know: it came to the venue, the naira left our bank."""
    return Journal(
        "exchange.bought_over_the_counter",
        ref,
        (
            debit(chart.at_venue(venue, asset=got.asset), got),
            credit(chart.house(chart.DEALING, asset=got.asset), got),
            debit(chart.house(chart.DEALING, asset=paid.asset), paid),
            credit(chart.house(chart.BANK, asset=paid.asset), paid),
        ),
        {"venue": venue, "counterparty": counterparty},
    )
