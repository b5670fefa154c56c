"""Which accounts move when Paystack settles to our bank, and when we top our balance up. Pure: the caller posts.

`told` is Paystack's id of the settlement, or of the line in the balance's ledger.
"""

from app.core.money import Money
from app.ledger import chart
from app.ledger.journal import Journal, credit, debit, known_as


def settled(*, ref: str, total: Money, more_fees: Money, deducted: Money, effective: Money, told: str = "") -> Journal:
    """Our bank has what Paystack took, less its fees and what it deducted for refunds and disputes.

    The fees were booked with each charge; `more_fees` is what they are more by now (or less, below zero). Deductions
    stand against the refunds and disputes that were booked to clearing.
    """
    clearing = chart.house(chart.PAYSTACK_CLEARING, asset=total.asset)
    return Journal(
        "settlement.settled",
        ref,
        (
            debit(chart.house(chart.BANK, asset=total.asset), effective),
            debit(chart.house(chart.PAYSTACK_FEES, asset=total.asset), more_fees),
            debit(clearing, deducted),
            credit(clearing, total + more_fees),
        ),
        known_as(told),
    )


def topped_up(*, ref: str, amount: Money, told: str = "") -> Journal:
    """Money went from our bank into the balance that transfers are paid from."""
    return Journal(
        "settlement.topped_up",
        ref,
        (
            debit(chart.house(chart.PAYSTACK, asset=amount.asset), amount),
            credit(chart.house(chart.BANK, asset=amount.asset), amount),
        ),
        known_as(told),
    )
