"""The note that a running floor leaves, by which other commands find its servers: `make db`, `make proof`."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from dev.embedded import in_use
from dev.environment import HOME

NOTE = "running.json"


@dataclass(frozen=True)
class Running:
    """Which process runs, where it answers, and the environment of its children."""

    pid: int
    url: str
    environment: dict[str, str]


def leave(url: str, environment: dict[str, str], *, home: Path = HOME) -> None:
    """Write the note for this user alone: it holds secrets."""
    with os.fdopen(os.open(home / NOTE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(asdict(Running(os.getpid(), url, environment)), file)


def remove(*, home: Path = HOME) -> None:
    (home / NOTE).unlink(missing_ok=True)


def found(*, home: Path = HOME) -> Running | None:
    """What runs here now. The lock decides, not the note: a note outlives a kill, a lock does not."""
    if not home.is_dir() or not in_use(home):
        return None
    note = home / NOTE
    return Running(**json.loads(note.read_text())) if note.exists() else Running(0, "", {})
