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
class FactorAdded(Event):
    """A second factor was added to a login: `kind` is app, passkey or codes."""

    name: ClassVar[str] = "identity.factor_added"
    login_id: str
    kind: str


@dataclass(frozen=True)
class FactorRemoved(Event):
    """A second factor was taken off a login: `kind` as above, or all of them at once."""

    name: ClassVar[str] = "identity.factor_removed"
    login_id: str
    kind: str


@dataclass(frozen=True)
class RecoveryCodeUsed(Event):
    """Somebody came in with a recovery code; so many are left."""

    name: ClassVar[str] = "identity.recovery_code_used"
    login_id: str
    left: int


@dataclass(frozen=True)
class PasskeySuspected(Event):
    """A passkey's counter went back: there may be a copy of it, and it is refused from now on."""

    name: ClassVar[str] = "identity.passkey_suspected"
    login_id: str
    passkey_id: str
