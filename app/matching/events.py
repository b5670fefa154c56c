"""What matching tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class AccountsChanged(Event):
    """Another account is counted together with this one, or not any more."""

    name: ClassVar[str] = "matching.accounts_changed"
    account: str


@dataclass(frozen=True)
class TrialAsked(Event):
    """Somebody wants to know what other rules would find."""

    name: ClassVar[str] = "matching.trial_asked"
    trial_id: int
