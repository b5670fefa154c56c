"""The payout float of a test: so much for a while, and then what it was."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.core import actor, ids
from app.core.db import leave, transaction
from app.core.money import NGN, Money
from app.ledger import chart, posting
from app.ledger.journal import Journal, credit, debit
from app.withdrawals import queries

SYSTEM = actor.system("test")


@contextmanager
def only(wanted: Money) -> Iterator[None]:
    """Have so much to pay from for the body."""
    amount = queries.payout_float_for_system() - wanted
    leave()
    paystack, capital = (chart.house(each, asset=NGN) for each in (chart.PAYSTACK, chart.CAPITAL))
    _book(debit(capital, amount), credit(paystack, amount))
    try:
        yield
    finally:
        leave()
        _book(debit(paystack, amount), credit(capital, amount))


def _book(*legs: object) -> None:
    with transaction(SYSTEM):
        posting.post(Journal("test.float", "float", legs), key=ids.new("tst"))  # type: ignore[arg-type]
