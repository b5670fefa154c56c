"""What applications tell the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class Submitted(Event):
    """A customer handed it in, for the first time or again."""

    name: ClassVar[str] = "applications.submitted"
    application_id: str
    customer_id: str


@dataclass(frozen=True)
class AskedAgain(Event):
    """The customer has to send something again."""

    name: ClassVar[str] = "applications.asked_again"
    application_id: str
    customer_id: str


@dataclass(frozen=True)
class Approved(Event):
    """It was approved; the customer's tier may be another now."""

    name: ClassVar[str] = "applications.approved"
    application_id: str
    customer_id: str


@dataclass(frozen=True)
class Rejected(Event):
    """It was refused for good."""

    name: ClassVar[str] = "applications.rejected"
    application_id: str
    customer_id: str


@dataclass(frozen=True)
class Abandoned(Event):
    """What had been handed in was given up without a decision."""

    name: ClassVar[str] = "applications.abandoned"
    application_id: str
    customer_id: str


@dataclass(frozen=True)
class Overdue(Event):
    """We asked a customer to go over something again, and they have not in time."""

    name: ClassVar[str] = "applications.overdue"
    application_id: str
    customer_id: str


@dataclass(frozen=True)
class Reopened(Event):
    """We ask a customer to go over something again: a review is due, or something about them changed."""

    name: ClassVar[str] = "applications.reopened"
    application_id: str
    customer_id: str
