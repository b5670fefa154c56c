"""Where the servers' unix sockets lie: below their home, or in a short directory when the home's path will not do.

A socket's path has room for about 100 bytes, and a comma or a space in it must be quoted differently for PostgreSQL,
libpq, Valkey and redis-py. Such a home gets a directory of its own in the temporary directory, remembered by the home.
"""

import os
import re
import shutil
import tempfile
from pathlib import Path

LONGEST = 100
LONGEST_NAME = len("/.s.PGSQL.5432")
PLAIN = re.compile(r"[A-Za-z0-9/._-]+")
REMEMBERED = "socket-directory"


def directory(home: Path) -> Path:
    """The directory for this home's sockets: made when missing, and nobody else may enter it."""
    own = home / "sockets"
    if _fits(own):
        own.mkdir(mode=0o700, exist_ok=True)
        return own
    note = home / REMEMBERED
    if note.is_file() and _is_ours(Path(note.read_text())):
        return Path(note.read_text())
    base = Path("/tmp")  # noqa: S108  # mkdtemp makes it 0700 under a fresh name; TMPDIR may itself be too long
    made = Path(tempfile.mkdtemp(prefix="bursar-", dir=base if base.is_dir() else None))
    note.write_text(str(made))
    return made


def forget(home: Path) -> None:
    """Remove the short directory of a home that goes away."""
    note = home / REMEMBERED
    if note.is_file() and _is_ours(Path(note.read_text())):
        shutil.rmtree(note.read_text(), ignore_errors=True)


def _fits(path: Path) -> bool:
    return len(str(path).encode()) + LONGEST_NAME <= LONGEST and PLAIN.fullmatch(str(path)) is not None


def _is_ours(path: Path) -> bool:
    """Whether a remembered directory still stands and is closed to others: temporary directories get cleaned."""
    if not path.name.startswith("bursar-") or path.is_symlink() or not path.is_dir():
        return False
    status = path.stat()
    return status.st_mode & 0o077 == 0 and status.st_uid == os.geteuid()
