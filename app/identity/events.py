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
class PhoneCodeIssued(Event):
    """A code waits to be sent to a phone; whether it may go there is looked up away from the door."""

    name: ClassVar[str] = "identity.phone_code_issued"
    code_id: str
    phone_id: str


@dataclass(frozen=True)
class PhoneConfirmed(Event):
    """A number is its owner's."""

    name: ClassVar[str] = "identity.phone_confirmed"
    phone_id: str
    login_id: str


@dataclass(frozen=True)
class PhoneChanged(Event):
    """A login has another confirmed number in place of this one."""

    name: ClassVar[str] = "identity.phone_changed"
    old_phone_id: str
    login_id: str


@dataclass(frozen=True)
class NewDevice(Event):
    """Somebody signed in with a device that this login was not seen with before."""

    name: ClassVar[str] = "identity.new_device"
    session_id: str
    login_id: str


@dataclass(frozen=True)
class ApiKeyIssued(Event):
    """A key that can act for the login was made."""

    name: ClassVar[str] = "identity.api_key_issued"
    key_id: str
    login_id: str


@dataclass(frozen=True)
class ResetAsked(Event):
    """Somebody forgot a password; for which address, and whether it is known, is looked up away from the door."""

    name: ClassVar[str] = "identity.reset_asked"
    reset_id: str


@dataclass(frozen=True)
class ResetIssued(Event):
    """A link waits to be mailed; its token is sealed in its row, not in this event."""

    name: ClassVar[str] = "identity.reset_issued"
    reset_id: str
    login_id: str


@dataclass(frozen=True)
class PasswordChanged(Event):
    """The login has another password; `how`: changed, or reset by a mailed link."""

    name: ClassVar[str] = "identity.password_changed"
    login_id: str
    how: str


@dataclass(frozen=True)
class SignedOutElsewhere(Event):
    """The login's owner ended all their sessions but one."""

    name: ClassVar[str] = "identity.signed_out_elsewhere"
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
class FactorGuessed(Event):
    """Somebody who knows the password typed too many wrong codes: none is looked at for so many minutes."""

    name: ClassVar[str] = "identity.factor_guessed"
    login_id: str
    minutes: int


@dataclass(frozen=True)
class PasskeySuspected(Event):
    """A passkey's counter went back: there may be a copy of it, and it is refused from now on."""

    name: ClassVar[str] = "identity.passkey_suspected"
    login_id: str
    passkey_id: str


@dataclass(frozen=True)
class RecoveryNoted(Event):
    """Somebody says that they lost a mailbox; whose account it is about is looked up away from the door."""

    name: ClassVar[str] = "identity.recovery_noted"
    recovery_id: str


@dataclass(frozen=True)
class RecoveryAsked(Event):
    """A known account is to be recovered: its owner is told, and can stop it."""

    name: ClassVar[str] = "identity.recovery_asked"
    recovery_id: str
    login_id: str


@dataclass(frozen=True)
class Recovered(Event):
    """Staff gave an account another address."""

    name: ClassVar[str] = "identity.recovered"
    login_id: str
    recovery_id: str
