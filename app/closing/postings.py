"""The journal that puts what a month was closed on under the seal of the books. Pure: the caller posts."""

from app.core.money import Money
from app.ledger import chart
from app.ledger.journal import Journal, credit, debit


def closed(*, ref: str, month: str, digest: str, amount: Money) -> Journal:
    """A month is closed. Nothing moves: what it was closed on is in the memo, and so under the seal of the books."""
    account = chart.house(chart.CLOSING, asset=amount.asset)
    return Journal("closing.closed", ref, (debit(account, amount), credit(account, amount)),
                   {"month": month, "digest": digest})  # fmt: skip
