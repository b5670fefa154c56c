"""Which accounts move when Paystack moves money. Pure: the caller posts.

`told` is what Paystack knows it by: a charge's reference; of the balance a kind and a number (`transfer/8412`).
"""

from dataclasses import dataclass

from app.core.money import Money
from app.ledger import chart
from app.ledger.journal import Journal, credit, debit, known_as


def credited(*, ref: str, account: str, intent: Money, paid: Money, fees: Money, told: str = "") -> Journal:
    """A deposit: what Paystack will settle to us, the fee as our cost, the whole intent to the customer.

    `fees` is Paystack's; what of it the payer bore (`paid` above `intent`) is no cost of ours. Where they bore
    more than it came to, the rest makes our costs less.
    """
    cost = intent + fees - paid
    return Journal(
        "payments.deposit_credited",
        ref,
        (
            debit(chart.house(chart.PAYSTACK_CLEARING, asset=intent.asset), paid - fees),
            debit(chart.house(chart.PAYSTACK_FEES, asset=intent.asset), cost),
            credit(account, intent),
        ),
        known_as(told),
    )


def placed(*, ref: str, account: str, intent: Money, paid: Money) -> Journal:
    """Money in suspense becomes the customer's: the whole intent. What the payer bore of the fee is no cost of ours."""
    borne = paid - intent
    return Journal(
        "payments.deposit_placed",
        ref,
        (
            debit(chart.house(chart.SUSPENSE, asset=paid.asset), paid),
            credit(account, intent),
            *((credit(chart.house(chart.PAYSTACK_FEES, asset=paid.asset), borne),) if borne else ()),
        ),
    )


def suspended(*, ref: str, paid: Money, fees: Money) -> Journal:
    """Money that came and cannot be placed: owed to somebody, in full."""
    return Journal(
        "payments.charge_suspended",
        ref,
        (
            debit(chart.house(chart.PAYSTACK_CLEARING, asset=paid.asset), paid - fees),
            debit(chart.house(chart.PAYSTACK_FEES, asset=paid.asset), fees),
            credit(chart.house(chart.SUSPENSE, asset=paid.asset), paid),
        ),
    )


def fee_kept(*, ref: str, fee: Money, told: str = "") -> Journal:
    """Paystack's ledger says that a payout which did not reach its bank cost us something all the same."""
    return Journal(
        "payments.payout_fee_kept",
        ref,
        (
            debit(chart.house(chart.PAYSTACK_FEES, asset=fee.asset), fee),
            credit(chart.house(chart.PAYSTACK, asset=fee.asset), fee),
        ),
        known_as(told),
    )


def fee_back(*, ref: str, fee: Money, told: str = "") -> Journal:
    """Paystack's ledger says that the fee of a payout which came back was given back too."""
    return Journal(
        "payments.payout_fee_back",
        ref,
        (
            debit(chart.house(chart.PAYSTACK, asset=fee.asset), fee),
            credit(chart.house(chart.PAYSTACK_FEES, asset=fee.asset), fee),
        ),
        known_as(told),
    )


@dataclass(frozen=True)
class Shares:
    """Who pays for what went back: the account where the charge's money stands, its customer later, and we."""

    taken: Money
    owed: Money
    ours: Money

    @property
    def whole(self) -> Money:
        """What went back."""
        return self.taken + self.owed + self.ours


def refund_asked(*, ref: str, account: str, shares: Shares, corrects: int | None = None) -> Journal:
    """What goes back to a payer leaves its account and is owed to them; what the account had not, its owner owes us.

    Paystack's fee for the charge stays our cost, also the part that the payer bore and gets back: it does not give that
    back to us. What stood in suspense as a whole and was given back at Paystack corrects the journal that put it there.
    """
    asset = shares.whole.asset
    return Journal(
        "payments.refund_asked",
        ref,
        (
            debit(account, shares.taken),
            debit(chart.house(chart.OWED_BY_CUSTOMERS, asset=asset), shares.owed),
            debit(chart.house(chart.PAYSTACK_FEES, asset=asset), shares.ours),
            credit(chart.house(chart.REFUNDS, asset=asset), shares.whole),
        ),
        corrects=corrects,
    )


def refund_paid(*, ref: str, amount: Money, from_balance: Money, told: str = "") -> Journal:
    """Paystack paid it: out of what it was to settle to us, and for the rest out of our balance."""
    return Journal(
        "payments.refund_paid",
        ref,
        (
            debit(chart.house(chart.REFUNDS, asset=amount.asset), amount),
            credit(chart.house(chart.PAYSTACK_CLEARING, asset=amount.asset), amount - from_balance),
            credit(chart.house(chart.PAYSTACK, asset=amount.asset), from_balance),
        ),
        known_as(told),
    )


def refund_failed(*, ref: str, account: str, shares: Shares, to_balance: Money, told: str = "") -> Journal:
    """It could not be paid: everything is where it was taken from.

    What Paystack had kept of a settlement for it and could not put back there, it puts into our balance.
    """
    asset = shares.whole.asset
    return Journal(
        "payments.refund_failed",
        ref,
        (
            debit(chart.house(chart.REFUNDS, asset=asset), shares.whole),
            debit(chart.house(chart.PAYSTACK, asset=asset), to_balance),
            credit(account, shares.taken),
            credit(chart.house(chart.OWED_BY_CUSTOMERS, asset=asset), shares.owed),
            credit(chart.house(chart.PAYSTACK_FEES, asset=asset), shares.ours),
            credit(chart.house(chart.PAYSTACK_CLEARING, asset=asset), to_balance),
        ),
        known_as(told),
    )
