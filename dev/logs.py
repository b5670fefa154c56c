"""The children's logs: one generation is kept, and LOG=1 shows them in the terminal as they grow."""

from collections.abc import Iterable
from pathlib import Path


def turn(directory: Path) -> None:
    """Begin new logs; the last run's stay beside them as `.1`."""
    directory.mkdir(parents=True, exist_ok=True)
    for log in directory.glob("*.log"):
        log.rename(log.with_suffix(".log.1"))


class Follower:
    """Reads what was added to logs since it looked last."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read: dict[Path, int] = {}

    def news(self) -> Iterable[str]:
        """Whole new lines, each with the name of its log."""
        for log in sorted(self._directory.glob("*.log")):
            start = self._read.get(log, 0)
            with log.open("rb") as file:
                file.seek(start)
                added = file.read()
            whole = added[: added.rfind(b"\n") + 1]
            self._read[log] = start + len(whole)
            for line in whole.decode(errors="replace").splitlines():
                yield f"{log.stem:<15} {line}"
