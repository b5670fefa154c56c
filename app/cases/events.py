"""What cases tell the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class Opened(Event):
    """There is something new in a queue, so much at once."""

    name: ClassVar[str] = "cases.opened"
    owner: str
    many: int


@dataclass(frozen=True)
class Raised(Event):
    """Cases of a queue were open for too long, so many at once."""

    name: ClassVar[str] = "cases.raised"
    owner: str
    many: int
