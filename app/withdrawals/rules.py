"""What withdrawals decides without looking anything up: states, bounds, how many must approve."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.machine import Machine
from app.core.money import NGN, Money

WITHDRAWAL_MIN = Money(NGN, 100_00)
WITHDRAWAL_MAX = Money(NGN, 5_000_000_00)
TWO_MUST_APPROVE_ABOVE = Money(NGN, 500_000_00)

# What somebody who got into an account would add to it first is no way out until its owner, who is told by mail, has
# had this long to say no.
NEW_FOR = {"second factor": timedelta(hours=24), "bank account": timedelta(hours=24)}


class State(StrEnum):
    """A withdrawal from request to its end."""

    REQUESTED = "requested"
    APPROVED = "approved"
    SENDING = "sending"
    SETTLED = "settled"
    FAILED = "failed"
    RETURNED = "returned"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


MACHINE = Machine(
    "withdrawal",
    {
        State.REQUESTED: frozenset({State.APPROVED, State.REJECTED, State.CANCELLED}),
        # What was approved can still be stopped, until its sending begins; it waits again when somebody who agreed may
        # not agree any more.
        State.APPROVED: frozenset({State.SENDING, State.REJECTED, State.REQUESTED}),
        State.SENDING: frozenset({State.SETTLED, State.FAILED}),
        # The bank can send back what it had taken.
        State.SETTLED: frozenset({State.RETURNED}),
    },
)

WAITING = (State.REQUESTED,)
UNDERWAY = (State.APPROVED, State.SENDING)
ENDED = (State.SETTLED, State.FAILED, State.RETURNED, State.REJECTED, State.CANCELLED)


def fits(amount: Money) -> bool:
    """Whether a withdrawal of this size is taken."""
    return WITHDRAWAL_MIN <= amount <= WITHDRAWAL_MAX


def possible_at(what: str, *, since: datetime) -> datetime:
    """From when on money may leave by something of this kind that was added then. Raises KeyError for another kind."""
    return since + NEW_FOR[what]


def approvals_needed(amount: Money) -> int:
    """How many operators must agree: two above ₦500,000.00."""
    return 2 if amount > TWO_MUST_APPROVE_ABOVE else 1


@dataclass(frozen=True)
class Content:
    """What an approval is bound to: who, how much, to which account, and by how many."""

    withdrawal_id: str
    customer_id: str
    amount: Money
    fee: Money
    bank_code: str
    account_number: str
    recipient_code: str
    approvals_needed: int

    @property
    def hash(self) -> str:
        """A change of anything is another hash (SHA-256, hex)."""
        written = [
            self.withdrawal_id,
            self.customer_id,
            self.amount.asset.code,
            self.amount.units,
            self.fee.units,
            self.bank_code,
            self.account_number,
            self.recipient_code,
            self.approvals_needed,
        ]
        return hashlib.sha256(json.dumps(written).encode()).hexdigest()
