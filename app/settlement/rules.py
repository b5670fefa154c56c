"""States of settlements and top-ups, and whether what Paystack says of a settlement adds up. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from app.core.machine import Machine, Wait
from app.core.money import NGN, Money
from app.core.permissions import Role


class SettlementState(StrEnum):
    """A settlement as we follow it."""

    ANNOUNCED = "announced"
    DIFFERS = "differs"
    FAILED = "failed"
    POSTED = "posted"
    CLOSED = "closed"


class TopUpState(StrEnum):
    """A top-up from the day two people agreed to it."""

    AGREED = "agreed"
    ARRIVED = "arrived"
    ABANDONED = "abandoned"


S, T = SettlementState, TopUpState

SETTLEMENT = Machine(
    "settlement",
    {
        S.ANNOUNCED: frozenset({S.POSTED, S.DIFFERS, S.FAILED}),
        S.DIFFERS: frozenset({S.POSTED, S.FAILED, S.CLOSED}),
        S.FAILED: frozenset({S.ANNOUNCED, S.POSTED, S.DIFFERS, S.CLOSED}),
    },
    {
        S.ANNOUNCED: Wait(
            timedelta(days=2),
            Role.FINANCE,
            "It is asked about every hour and booked once Paystack has paid it. Ask Paystack where it is.",
        ),
        S.DIFFERS: Wait(
            timedelta(days=1),
            Role.FINANCE,
            "It is read again every hour and booked once it adds up. Or book all that it comes to by a manual"
            " journal, and close it by its number.",
        ),
        S.FAILED: Wait(
            timedelta(days=1),
            Role.FINANCE,
            "Its charges are owed until another settlement has them. Ask Paystack for it, then close this one.",
        ),
    },
)
TOP_UP = Machine(
    "top-up",
    {T.AGREED: frozenset({T.ARRIVED, T.ABANDONED})},
    {
        T.AGREED: Wait(
            timedelta(days=3),
            Role.TREASURY,
            "It is booked when it shows in Paystack's balance. Send it from the bank, or give it up.",
        )
    },
)

PAID = "success"
FAILED = "failed"
TOP_UP_LEAST, TOP_UP_MOST = 1_000_00, 500_000_000_00
# Lines of Paystack's balance that are not a top-up (contract, section 6); any other money coming in may be one.
OTHER_LINES = frozenset({"transfer", "transaction", "refund", "dispute", "settlement"})
READINGS_THAT_MATTER = 3  # a balance that differs this often in a row is no transfer on its way


@dataclass(frozen=True)
class Told:
    """What Paystack says of one settlement, in kobo."""

    gross: int
    fees: int
    total: int
    deducted: int
    effective: int


@dataclass(frozen=True)
class Settled:
    """One charge of it. `booked` is what we had booked to clearing for it, None when we do not know the charge."""

    reference: str
    amount: int
    fees: int
    booked: int | None

    @property
    def net(self) -> int:
        """What Paystack pays us for it."""
        return self.amount - self.fees

    @property
    def unexplained(self) -> int:
        """What was settled for it beside what we had booked, which no fee explains."""
        return self.net - (self.booked or 0) + self.fee_difference

    @property
    def fee_difference(self) -> int:
        """What its fee is more than we had booked. More than a fee's own size is no fee: it stays in clearing."""
        difference = 0 if self.booked is None else self.booked - self.net
        return difference if abs(difference) <= self.fees else 0


def trouble_of(told: Told, charges: Sequence[Settled]) -> str:
    """Why a settlement cannot be booked as it was told, in a sentence; empty when it adds up."""
    gross, fees = sum(charge.amount for charge in charges), sum(charge.fees for charge in charges)
    if min(told.gross, told.fees, told.total, told.deducted, told.effective) < 0 or not told.gross:
        return "An amount of it is below nothing, or it is of nothing at all."
    if told.gross - told.fees != told.total:
        return "What it comes to is not what was taken less the fees."
    if told.total - told.deducted != told.effective:
        return "What was paid is not what it comes to less the deductions."
    if len({charge.reference for charge in charges}) != len(charges):
        return "A charge stands in it twice."
    if (gross, fees) != (told.gross, told.fees):
        return f"Its {len(charges)} charges do not add up to it."
    return ""


def change_of(told: Told, *, status: str, booked: Told) -> str:
    """Why what Paystack says of a settlement now is not what was booked, in a sentence; empty when it is."""
    if status != PAID:
        return f"it was booked as paid, and Paystack says {status} by now"
    if told == booked:
        return ""
    if told.effective == booked.effective:
        return "it was booked with other amounts than Paystack says by now, though what was paid is the same"
    return f"it was booked as {_naira(booked.effective)}, Paystack says {_naira(told.effective)} by now"


def words_of(charge: Settled) -> str:
    """What is wrong with a charge that was settled and is not explained; empty when it is."""
    if not charge.unexplained:
        return ""
    if charge.booked is None:
        return "Paystack settled this charge, and it is not in our books"
    return f"Paystack settled {_naira(charge.net)} for this charge, and we had booked {_naira(charge.booked)}"


def _naira(units: int) -> str:
    """So many kobo as people read them."""
    return str(Money(NGN, units))
