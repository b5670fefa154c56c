"""What the audit tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class RevealsExceeded(Event):
    """Somebody wants to see more of what is masked than anybody may in a day; told once a day."""

    name: ClassVar[str] = "audit.reveals_exceeded"
    operator_id: str
