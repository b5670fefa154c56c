"""Which accounts move when a withdrawal ends. While it lasts, the money is held, not moved.

`told` is what Paystack's balance knows it by: `transfer/8412`.
"""

from app.core.money import Money
from app.ledger import chart
from app.ledger.journal import Journal, credit, debit, known_as


def settled(*, ref: str, account: str, amount: Money, fee: Money, vendor_fee: Money, told: str = "") -> Journal:
    """The bank has the money: the customer's account falls by amount and our fee, Paystack's by amount and its fee."""
    return Journal(
        "withdrawals.settled",
        ref,
        (
            debit(account, amount + fee),
            debit(chart.house(chart.PAYSTACK_FEES, asset=amount.asset), vendor_fee),
            credit(chart.house(chart.PAYSTACK, asset=amount.asset), amount + vendor_fee),
            credit(chart.house(chart.WITHDRAWAL_FEES, asset=amount.asset), fee),
        ),
        known_as(told),
    )


def returned(*, ref: str, account: str, amount: Money, fee: Money, told: str = "") -> Journal:
    """The bank sent it back: the customer has everything again, our fee too.

    Paystack's fee stays booked as taken until its ledger shows that it was given back.
    """
    return Journal(
        "withdrawals.returned",
        ref,
        (
            debit(chart.house(chart.PAYSTACK, asset=amount.asset), amount),
            debit(chart.house(chart.WITHDRAWAL_FEES, asset=amount.asset), fee),
            credit(account, amount + fee),
        ),
        known_as(told),
    )
