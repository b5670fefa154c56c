"""What statements tell the house."""

from dataclasses import dataclass
from typing import ClassVar

from app.core.outbox import Event


@dataclass(frozen=True)
class FileBrought(Event):
    """A file was brought and waits to be read."""

    name: ClassVar[str] = "statements.file_brought"
    file_id: str


@dataclass(frozen=True)
class PullAsked(Event):
    """A teller is to be asked for what is new."""

    name: ClassVar[str] = "statements.pull_asked"
    pull_id: str


@dataclass(frozen=True)
class Imported(Event):
    """A file was read and kept: its source has lines that it had not, or days that it had not."""

    name: ClassVar[str] = "statements.imported"
    import_id: str
    source_id: str
