"""What payments tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class DepositStarted(Event):
    """A customer wants to pay in: somebody should watch the charge, in case its webhook never comes."""

    name: ClassVar[str] = "payments.deposit_started"
    deposit_id: str


@dataclass(frozen=True)
class DepositCredited(Event):
    """The customer has the money."""

    name: ClassVar[str] = "payments.deposit_credited"
    deposit_id: str


@dataclass(frozen=True)
class CardKept(Event):
    """A card can be charged again without being typed."""

    name: ClassVar[str] = "payments.card_kept"
    saved_card_id: str
    customer_id: str


@dataclass(frozen=True)
class AccountNumberAsked(Event):
    """A customer wants an account number of their own: Paystack is to be asked."""

    name: ClassVar[str] = "payments.account_number_asked"
    account_id: str


@dataclass(frozen=True)
class AccountNumberOpened(Event):
    """A customer has an account number of their own."""

    name: ClassVar[str] = "payments.account_number_opened"
    account_id: str


@dataclass(frozen=True)
class AccountNumberGivenUp(Event):
    """A customer's own account number is to be closed."""

    name: ClassVar[str] = "payments.account_number_given_up"
    account_id: str


@dataclass(frozen=True)
class BankAccountAdded(Event):
    """Money can go to another bank account, a day from now."""

    name: ClassVar[str] = "payments.bank_account_added"
    bank_account_id: str
    customer_id: str


@dataclass(frozen=True)
class PayoutSent(Event):
    """Paystack has the transfer; its end is not known yet, and its webhook may be lost."""

    name: ClassVar[str] = "payments.payout_sent"
    payout_id: str


@dataclass(frozen=True)
class PayoutPaid(Event):
    """The bank has the money."""

    name: ClassVar[str] = "payments.payout_paid"
    payout_id: str


@dataclass(frozen=True)
class PayoutFailed(Event):
    """No money left us, and none will under this reference."""

    name: ClassVar[str] = "payments.payout_failed"
    payout_id: str


@dataclass(frozen=True)
class PayoutReversed(Event):
    """The bank sent money back that had counted as paid."""

    name: ClassVar[str] = "payments.payout_reversed"
    payout_id: str


@dataclass(frozen=True)
class PayoutNeedsOtp(Event):
    """Paystack wants a code typed before it pays; nobody types it, and the transfer is abandoned."""

    name: ClassVar[str] = "payments.payout_needs_otp"
    payout_id: str


@dataclass(frozen=True)
class PayoutLacksFloat(Event):
    """Our balance at Paystack does not cover a payout: it waits."""

    name: ClassVar[str] = "payments.payout_lacks_float"
    payout_id: str


@dataclass(frozen=True)
class RefundAsked(Event):
    """Money is to go back to its payer: it is out of its account, and Paystack is to be told."""

    name: ClassVar[str] = "payments.refund_asked"
    refund_id: str


@dataclass(frozen=True)
class RefundSent(Event):
    """Paystack has the refund; its end is not known yet, and its webhook may be lost."""

    name: ClassVar[str] = "payments.refund_sent"
    refund_id: str


@dataclass(frozen=True)
class RefundStuck(Event):
    """Paystack cannot reach the payer: somebody must say where the money goes instead."""

    name: ClassVar[str] = "payments.refund_stuck"
    refund_id: str


@dataclass(frozen=True)
class RefundRedirected(Event):
    """Two people said to which account a refund goes: Paystack is to be told."""

    name: ClassVar[str] = "payments.refund_redirected"
    refund_id: str


@dataclass(frozen=True)
class RefundPaid(Event):
    """The payer has the money back, or will within days: it has left Paystack."""

    name: ClassVar[str] = "payments.refund_paid"
    refund_id: str


@dataclass(frozen=True)
class RefundFailed(Event):
    """The money did not go back: it is where it was taken from."""

    name: ClassVar[str] = "payments.refund_failed"
    refund_id: str
