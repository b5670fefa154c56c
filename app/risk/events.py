"""What risk tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class SwitchedOff(Event):
    """Payouts of a kind were stopped, by somebody or by themselves."""

    name: ClassVar[str] = "risk.switched_off"
    switch_id: str


@dataclass(frozen=True)
class SwitchedOn(Event):
    """Two people let them go on."""

    name: ClassVar[str] = "risk.switched_on"
    switch_id: str
