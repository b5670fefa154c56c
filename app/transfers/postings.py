"""Which accounts move when one customer pays another."""

from app.core.money import Money
from app.ledger import chart
from app.ledger.journal import Journal, credit, debit


def sent(*, ref: str, sender_id: str, receiver_id: str, amount: Money) -> Journal:
    """What leaves the one is with the other: the house owes as much as before, and takes nothing of it."""
    return Journal(
        "transfers.sent",
        ref,
        (
            debit(chart.of_customer(sender_id, asset=amount.asset), amount),
            credit(chart.of_customer(receiver_id, asset=amount.asset), amount),
        ),
    )
