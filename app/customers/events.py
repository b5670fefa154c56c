"""What customers tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class SignUpRepeated(Event):
    """Somebody signed up with the address of an existing login: its owner is told by mail, the stranger nothing."""

    name: ClassVar[str] = "customers.sign_up_repeated"
    login_id: str
