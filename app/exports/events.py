"""What exports tells the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class FileAsked(Event):
    """Somebody, or a schedule, asked for a file."""

    name: ClassVar[str] = "exports.file_asked"
    file_id: str


@dataclass(frozen=True)
class ScheduledFileReady(Event):
    """A file that a schedule asked for can be downloaded."""

    name: ClassVar[str] = "exports.scheduled_file_ready"
    file_id: str
    schedule_id: str
