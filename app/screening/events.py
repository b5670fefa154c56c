"""What screening tells the house. The first fact is never a customer's id: work that fails is shown by it."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class ListLoaded(Event):
    """A list has a newer version; what changed in it is to be held against everybody."""

    name: ClassVar[str] = "screening.list_loaded"
    version_id: str


@dataclass(frozen=True)
class ListAged(Event):
    """Nobody has loaded a list for a while: before long nobody can be said to be on none."""

    name: ClassVar[str] = "screening.list_aged"
    list_code: str


@dataclass(frozen=True)
class HitFound(Event):
    """Somebody may be on a list."""

    name: ClassVar[str] = "screening.hit_found"
    hit_id: str
    customer_id: str


@dataclass(frozen=True)
class Cleared(Event):
    """A hit was decided to be somebody else, or a match was withdrawn."""

    name: ClassVar[str] = "screening.cleared"
    hit_id: str
    customer_id: str


@dataclass(frozen=True)
class Matched(Event):
    """Two people agree that a customer is whom a list names."""

    name: ClassVar[str] = "screening.matched"
    hit_id: str
    customer_id: str


@dataclass(frozen=True)
class Settled(Event):
    """Somebody was held against the lists once more, and something else came of it."""

    name: ClassVar[str] = "screening.settled"
    subject_id: str
    customer_id: str


@dataclass(frozen=True)
class ListHeld(Event):
    """All that a version changed is held against everybody; or the list is fresh again, or is not searched any more."""

    name: ClassVar[str] = "screening.list_held"
    version_id: str
