"""What documents tell the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class Received(Event):
    """A file was taken in and waits to be checked."""

    name: ClassVar[str] = "documents.received"
    document_id: str
    customer_id: str


@dataclass(frozen=True)
class Checked(Event):
    """A file is ready, or was refused."""

    name: ClassVar[str] = "documents.checked"
    document_id: str
    customer_id: str
    state: str


@dataclass(frozen=True)
class ViewsExceeded(Event):
    """Somebody looks at many documents; told once an hour."""

    name: ClassVar[str] = "documents.views_exceeded"
    operator_id: str
