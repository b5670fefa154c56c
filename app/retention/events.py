"""What retention tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class RunBegun(Event):
    """Two people agreed that what is due is forgotten."""

    name: ClassVar[str] = "retention.run_begun"
    run_id: str
