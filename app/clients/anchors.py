"""Where heads of the seal are kept outside the database: whoever rewrites the chain would have to rewrite these too.

Another place (object storage with a lock, a second party) is another class with `keep`.
"""

import os
from pathlib import Path
from typing import Protocol

from app.clients.mailer import Mailer


class Anchor(Protocol):
    """Keeps heads. Being told of the same one again is harmless."""

    def keep(self, line: str) -> None:
        """Keep a head, as one line of text. Raises Silent or OSError when it cannot."""
        ...


class FileAnchor:
    """Appends to a file, best on another machine or a medium that is written once."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, line: str) -> None:
        """Append the line and wait until it is on the disk."""
        with self._path.open("a", encoding="ascii") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())


class MailAnchor:
    """Sends a mail to somebody who keeps it."""

    def __init__(self, mailer: Mailer, *, to: str) -> None:
        self._mailer = mailer
        self._to = to

    def keep(self, line: str) -> None:
        """Send the line. Raises Silent."""
        words = line.split()
        sealed = words.pop(0) if words[0].isalpha() else "books"  # (a line about another seal begins with its name)
        number, digest = words[:2]
        name = "" if sealed == "books" else f"{sealed}-"
        self._mailer.send(
            to=self._to,
            subject=f"Seal of the {sealed}: block {number}",
            body=f"{line}\n",
            message_id=f"seal-{name}{number}-{digest[:16]}",
        )
