"""What restrictions tell the house. Never why: who hears it looks the words up for whom they are."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class Placed(Event):
    """An account may do less from now on."""

    name: ClassVar[str] = "restrictions.placed"
    restriction_id: str
    customer_id: str


@dataclass(frozen=True)
class Lifted(Event):
    """Two people ended it."""

    name: ClassVar[str] = "restrictions.lifted"
    restriction_id: str
    customer_id: str


@dataclass(frozen=True)
class Expired(Event):
    """It ended by its own time."""

    name: ClassVar[str] = "restrictions.expired"
    restriction_id: str
    customer_id: str
