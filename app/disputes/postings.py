"""Which accounts move when a dispute is lost. While it lasts, money is held, not moved."""

from app.core.money import Money
from app.ledger import chart
from app.ledger.journal import Journal, credit, debit, known_as
from app.payments.postings import Shares


def lost(
    *, ref: str, account: str, shares: Shares, from_balance: Money, corrects: int | None = None, told: str = ""
) -> Journal:
    """Paystack gave the payer a charge back: out of what it was to settle to us, the rest out of our balance.

    The account where the charge's money stands pays what it has; the rest its customer owes us. What nobody was
    credited is our loss, such as a fee that the payer bore and gets back. Paystack's own fee for the charge stays our
    cost. What stood in suspense as a whole corrects the journal that put it there: nobody can place it any more.
    """
    asset = shares.whole.asset
    return Journal(
        "disputes.lost",
        ref,
        (
            debit(account, shares.taken),
            debit(chart.house(chart.OWED_BY_CUSTOMERS, asset=asset), shares.owed),
            debit(chart.house(chart.DISPUTE_LOSSES, asset=asset), shares.ours),
            credit(chart.house(chart.PAYSTACK_CLEARING, asset=asset), shares.whole - from_balance),
            credit(chart.house(chart.PAYSTACK, asset=asset), from_balance),
        ),
        known_as(told),
        corrects=corrects,
    )
