"""What customers tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class SignUpRepeated(Event):
    """Somebody signed up with the address of an existing login: its owner is told by mail, the stranger nothing."""

    name: ClassVar[str] = "customers.sign_up_repeated"
    login_id: str


@dataclass(frozen=True)
class Locked(Event):
    """The account is frozen: nothing leaves it."""

    name: ClassVar[str] = "customers.locked"
    customer_id: str


@dataclass(frozen=True)
class Unlocked(Event):
    """Staff lifted the freeze."""

    name: ClassVar[str] = "customers.unlocked"
    customer_id: str


@dataclass(frozen=True)
class TierChanged(Event):
    """More or less of a customer is verified than was."""

    name: ClassVar[str] = "customers.tier_changed"
    customer_id: str
    was: str
    now: str


@dataclass(frozen=True)
class ClosureAsked(Event):
    """A customer asks to close their account."""

    name: ClassVar[str] = "customers.closure_asked"
    closure_id: str
    customer_id: str


@dataclass(frozen=True)
class ClosureWithdrawn(Event):
    """A customer took that back."""

    name: ClassVar[str] = "customers.closure_withdrawn"
    closure_id: str
    customer_id: str
