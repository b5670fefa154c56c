"""What adjustments decides without looking anything up: sizes, when it takes effect, whom it is about."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from app.core.clock import WAT
from app.core.money import ASSETS, NGN, Money
from app.ledger.journal import Leg

LINES_MAX = 20
REASON_MAX = 500
YEAR_MIN = 1900


@dataclass(frozen=True)
class Content:
    """What is asked for, and what an approval is bound to.

    `effective_on` is the day of West Africa Time on which it takes effect, None for when it is booked.
    """

    legs: tuple[Leg, ...]
    reason: str
    effective_on: date | None = None
    corrects: int | None = None

    def as_json(self) -> dict[str, Any]:
        """As a request keeps it: units are text, for numbers of JSON are not exact."""
        return {
            "legs": [{"account": leg.account, "units": str(leg.amount.units)} for leg in self.legs],
            "reason": self.reason,
            "effective_on": self.effective_on.isoformat() if self.effective_on else None,
            "corrects": self.corrects,
        }

    @property
    def debits(self) -> list[Money]:
        """How much it moves of each asset."""
        sums: dict[str, Money] = {}
        for leg in self.legs:
            if leg.amount.units > 0:
                asset = leg.amount.asset
                sums[asset.code] = sums.get(asset.code, Money(asset, 0)) + leg.amount
        return list(sums.values())


def content_of(payload: dict[str, Any]) -> Content:
    """What a request asks for."""
    legs = tuple(
        Leg(leg["account"], Money(ASSETS[leg["account"].rpartition(":")[2]], int(leg["units"])))
        for leg in payload["legs"]
    )
    day = payload["effective_on"]
    return Content(legs, payload["reason"], date.fromisoformat(day) if day else None, payload["corrects"])


def size(content: Content) -> int | None:
    """How much it moves in kobo; None when it moves anything but naira, whose worth is not known here."""
    if any(moved.asset is not NGN for moved in content.debits):
        return None
    return sum(moved.units for moved in content.debits)


def customers_of(content: Content) -> frozenset[str]:
    """The customers whose accounts it moves."""
    parts = (leg.account.split(":") for leg in content.legs)
    return frozenset(part[2] for part in parts if part[1:2] == ["customer"] and len(part) > 2)  # noqa: PLR2004


def has_come(day: date, *, at: datetime) -> bool:
    """Whether the day has begun in West Africa Time."""
    return day <= at.astimezone(WAT).date()


def effective_at(day: date | None, *, at: datetime) -> datetime | None:
    """The last moment of a day that is over: after all that happened on it. None, which is when it is booked, else."""
    if day is None or day >= at.astimezone(WAT).date():
        return None
    return datetime.combine(day, time.max, WAT)
