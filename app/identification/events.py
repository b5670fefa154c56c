"""What identification tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class Asked(Event):
    """Somebody should be asked who this number belongs to."""

    name: ClassVar[str] = "identification.asked"
    check_id: str


@dataclass(frozen=True)
class Answered(Event):
    """They said so, and it was compared with what was given."""

    name: ClassVar[str] = "identification.answered"
    check_id: str
    customer_id: str
    kind: str
    verdict: str
