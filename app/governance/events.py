"""What governance tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class Approved(Event):
    """Everybody who must has agreed: it waits to be carried out."""

    name: ClassVar[str] = "governance.approved"
    request_id: str


@dataclass(frozen=True)
class Ended(Event):
    """It was denied, taken back or not decided in time: nothing comes of it."""

    name: ClassVar[str] = "governance.ended"
    request_id: str
    kind: str
    target: str
