"""What governance tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class Approved(Event):
    """Everybody who must has agreed: it waits to be carried out."""

    name: ClassVar[str] = "governance.approved"
    request_id: str
