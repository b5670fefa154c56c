"""What Paystack tells us, in our terms: plain frozen rows. Amounts are int kobo, ids text, times aware or None.

What a payer or a page could have written (`metadata`) is not here.
"""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Checkout:
    """Where the customer pays."""

    url: str
    reference: str


@dataclass(frozen=True)
class Authorization:
    """What was paid with: a card that may be charged again when `reusable`, or a bank transfer's two ends."""

    code: str
    reusable: bool
    channel: str
    last4: str
    card_type: str
    bank: str
    exp_month: str
    exp_year: str
    sender_name: str
    sender_bank: str
    sender_account: str
    receiver_account: str
    receiver_bank: str
    narration: str
    country: str


@dataclass(frozen=True)
class Charge:
    """A payment to us. `amount` is what was paid, `requested` what we asked for (None when there was no asking).

    Before it succeeded Paystack may say no more than the reference and the status; the rest is empty then.
    """

    reference: str
    status: str
    amount: int
    requested: int | None
    fees: int
    currency: str
    domain: str
    channel: str
    paid_at: datetime | None
    id: str = ""
    created_at: datetime | None = None
    customer_code: str = ""
    authorization: Authorization | None = None
    gateway_response: str = ""


@dataclass(frozen=True)
class PayTo:
    """The account to which a payer sends one transfer, until then."""

    reference: str
    status: str
    account_number: str
    account_name: str
    bank: str
    expires_at: datetime | None


@dataclass(frozen=True)
class UssdCode:
    """What a payer dials, in Paystack's words."""

    reference: str
    status: str
    dial: str


@dataclass(frozen=True)
class Transfer:
    """A payment from us. `fee` is None while Paystack has not said it; `reason` is why it went wrong, in its words."""

    reference: str
    status: str
    amount: int
    fee: int | None
    currency: str
    transfer_code: str
    created_at: datetime | None
    id: str = ""
    reason: str = ""
    session_id: str = ""


@dataclass(frozen=True)
class Order:
    """One transfer of several: `amount` kobo to a recipient, under our reference."""

    amount: int
    recipient_code: str
    reference: str
    reason: str


@dataclass(frozen=True)
class Identity:
    """What Paystack holds of a customer; once `identified`, under the names that belong to the BVN."""

    code: str
    first_name: str
    last_name: str
    identified: bool
    id: str = ""


@dataclass(frozen=True)
class DedicatedAccount:
    """An account number that belongs to one customer: whatever is sent there is theirs."""

    id: str
    account_number: str
    account_name: str
    bank_name: str
    bank_slug: str
    active: bool
    customer_code: str


@dataclass(frozen=True)
class Provider:
    """A bank that gives dedicated accounts."""

    slug: str
    bank_name: str
    bank_id: str


@dataclass(frozen=True)
class Bank:
    """A bank that can be paid, by its code; refunds want its id."""

    code: str
    name: str
    id: str = ""


@dataclass(frozen=True)
class LedgerEntry:
    """One movement of the balance, and what the balance was after it."""

    id: str
    balance: int
    difference: int
    currency: str
    reason: str
    model: str
    model_row: str
    created_at: datetime | None


@dataclass(frozen=True)
class Settlement:
    """What Paystack pays to our bank for a day: gross less fees is `total`, less deductions is `effective`."""

    id: str
    status: str
    currency: str
    gross: int
    fees: int
    total: int
    effective: int
    deductions: int
    settled_on: date
    created_at: datetime | None


@dataclass(frozen=True)
class Refund:
    """Money on its way back to a payer. `deducted` is what was taken from us for it so far."""

    id: str
    status: str
    amount: int
    deducted: int
    currency: str
    transaction_reference: str
    expected_at: datetime | None
    created_at: datetime | None
    transaction_id: str = ""
    merchant_note: str = ""


@dataclass(frozen=True)
class DisputeStep:
    """A state that a dispute was in, and who brought it there."""

    status: str
    by: str
    at: datetime | None


@dataclass(frozen=True)
class DisputeMessage:
    """What somebody said in a dispute."""

    sender: str
    body: str
    at: datetime | None


@dataclass(frozen=True)
class Dispute:
    """A payer who says that a charge was wrong. Unanswered at `due_at` it counts as accepted."""

    id: str
    status: str
    resolution: str
    category: str
    refund_amount: int | None
    currency: str | None
    transaction_reference: str
    transaction_id: str
    due_at: datetime | None
    resolved_at: datetime | None
    created_at: datetime | None
    history: tuple[DisputeStep, ...] = ()
    messages: tuple[DisputeMessage, ...] = ()
