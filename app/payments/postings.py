"""Which accounts move when Paystack moves money. Pure: the caller posts."""

from app.core.money import Money
from app.ledger import chart
from app.ledger.journal import Journal, credit, debit


def credited(*, ref: str, account: str, intent: Money, paid: Money, fees: Money) -> Journal:
    """A deposit: what Paystack will settle to us, the fee as our cost, the whole intent to the customer.

    `fees` is Paystack's; what of it the payer bore (`paid` above `intent`) is no cost of ours.
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
