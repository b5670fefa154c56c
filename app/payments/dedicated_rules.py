"""What customers' own account numbers decide without looking anything up: states, and how often Paystack looks."""

from datetime import timedelta
from enum import StrEnum

from app.core.machine import Machine, Wait
from app.core.permissions import Role


class DedicatedState(StrEnum):
    """A customer's own account number, from asking to closing."""

    ASKED = "asked"
    OPEN = "open"
    REFUSED = "refused"
    CLOSING = "closing"
    CLOSED = "closed"


DEDICATED = Machine(
    "dedicated account",
    {
        DedicatedState.ASKED: frozenset({DedicatedState.OPEN, DedicatedState.REFUSED}),
        DedicatedState.REFUSED: frozenset({DedicatedState.ASKED}),
        DedicatedState.OPEN: frozenset({DedicatedState.CLOSING}),
        DedicatedState.CLOSING: frozenset({DedicatedState.CLOSED}),
    },
    waits={
        DedicatedState.ASKED: Wait(
            timedelta(hours=24),
            Role.TREASURY,
            "Paystack has not opened it: run the job payments.open_account again, or ask Paystack.",
        ),
        DedicatedState.CLOSING: Wait(
            timedelta(hours=24),
            Role.TREASURY,
            "Paystack has not closed it: run the job payments.close_account again, or ask Paystack.",
        ),
    },
    rests={
        DedicatedState.OPEN: "the number is in use",
        DedicatedState.REFUSED: "they were told why, and may ask again",
    },
)
REQUERY_PAUSE = timedelta(minutes=10)  # Paystack looks no more often for one account
