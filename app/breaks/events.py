"""What breaks tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class BulkBegun(Event):
    """One deed for many breaks is to be carried out, row by row."""

    name: ClassVar[str] = "breaks.bulk_begun"
    bulk_id: str


@dataclass(frozen=True)
class ErrandAsked(Event):
    """An account is to be matched now, or a large match to be taken apart."""

    name: ClassVar[str] = "breaks.errand_asked"
    errand_id: int
