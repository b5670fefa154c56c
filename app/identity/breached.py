"""The passwords that everybody tries first: a list in a file, asked by binary search without loading it.

`breached_passwords.bin` holds the first six bytes of the SHA-256 of each, sorted. Where it comes from, under which
licences, and how it is made again: dev/breached_passwords.py. By chance one password in seven thousand million is
refused that is not on it.
"""

import bisect
import hashlib
import mmap
from collections.abc import Sequence
from pathlib import Path

MARK_BYTES = 6
FILE = Path(__file__).with_name("breached_passwords.bin")


class Marks(Sequence[bytes]):
    """The sorted marks in the file; its pages are shared by all processes and read when touched."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __len__(self) -> int:
        return len(self._bytes) // MARK_BYTES

    def __getitem__(self, index: int) -> bytes:  # type: ignore[override]  # (bisect asks for single ones alone)
        return self._bytes[index * MARK_BYTES : (index + 1) * MARK_BYTES]


_MARKS = Marks(FILE)


def mark(word: str) -> bytes:
    """How a word stands in the list: capitals do not count."""
    return hashlib.sha256(word.casefold().encode()).digest()[:MARK_BYTES]


def listed(word: str, *, marks: Sequence[bytes] = _MARKS) -> bool:
    """Whether the word is one of them."""
    wanted = mark(word)
    place = bisect.bisect_left(marks, wanted)
    return place < len(marks) and marks[place] == wanted
