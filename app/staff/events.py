"""What staff tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class Invited(Event):
    """A link waits to be mailed to the login's address; it is sealed in its row, not in this event."""

    name: ClassVar[str] = "staff.invited"
    invitation_id: str
    login_id: str


@dataclass(frozen=True)
class GlassBroken(Event):
    """An administrator took another role alone, for an hour."""

    name: ClassVar[str] = "staff.glass_broken"
    borrowed_id: str
