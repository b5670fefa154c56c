"""Which accounts move when a dispute is lost. While it lasts, money is held, not moved."""

from dataclasses import dataclass

from app.core.money import Money
from app.ledger import chart
from app.ledger.journal import Journal, credit, debit


@dataclass(frozen=True)
class Shares:
    """Who pays for a lost dispute: the account where the charge's money stands, its customer later, or we."""

    taken: Money
    owed: Money
    ours: Money

    @property
    def whole(self) -> Money:
        """What Paystack took."""
        return self.taken + self.owed + self.ours


def lost(*, ref: str, account: str, shares: Shares, from_balance: Money, corrects: int | None = None) -> Journal:
    """Paystack gave the payer a charge back: out of what it was to settle to us, the rest out of our balance.

    The account where the charge's money stands pays what it has; the rest its customer owes us, or is our loss where
    there is none. Paystack's fee for the charge stays our cost. What stood in suspense as a whole corrects the journal
    that put it there: nobody can place it any more.
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
        corrects=corrects,
    )
