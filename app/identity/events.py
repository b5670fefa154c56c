"""What identity tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class EmailCodeIssued(Event):
    """A code waits to be mailed to the login's address; it is sealed in its row, not in this event."""

    name: ClassVar[str] = "identity.email_code_issued"
    code_id: str
    login_id: str


@dataclass(frozen=True)
class EmailConfirmed(Event):
    """The login's address is its owner's."""

    name: ClassVar[str] = "identity.email_confirmed"
    login_id: str


@dataclass(frozen=True)
class ApiKeyIssued(Event):
    """A key that can act for the login was made."""

    name: ClassVar[str] = "identity.api_key_issued"
    key_id: str
    login_id: str
