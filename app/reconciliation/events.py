"""What reconciliation tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class RunAsked(Event):
    """Somebody, or the schedule, asked for a run."""

    name: ClassVar[str] = "reconciliation.run_asked"
    run_id: str
