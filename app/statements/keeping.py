"""A file's bytes on their way into PostgreSQL and out of it: compressed, in pieces, never whole beside themselves."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from app.statements.formats.errors import Unreadable
from app.statements.formats.reading import BYTES_LIMIT

PIECE = 1024 * 1024  # bytes
LEVEL = 1  # a statement shrinks to a fifth so, and to a sixth in four times the time


@dataclass(frozen=True)
class Packed:
    """A file as it is kept. `rows_about` are its ends of lines, for showing how far its reading is."""

    sha256: bytes
    size: int
    rows_about: int
    pieces: tuple[bytes, ...]


def pack(file: BinaryIO) -> Packed:
    """Read a file to its end. Raises Unreadable for one that is empty or larger than any that is read."""
    digest, packer, size, ends = hashlib.sha256(), zlib.compressobj(LEVEL), 0, 0
    ready, found = bytearray(), list[bytes]()
    while read := file.read(PIECE):
        size += len(read)
        if size > BYTES_LIMIT:
            raise Unreadable(f"it is larger than {BYTES_LIMIT // 1024 // 1024} MiB.")
        digest.update(read)
        ends += read.count(b"\n")
        ready += packer.compress(read)
        while len(ready) >= PIECE:
            found.append(bytes(ready[:PIECE]))
            del ready[:PIECE]
    if not size:
        raise Unreadable("it is empty.")
    ready += packer.flush()
    return Packed(digest.digest(), size, ends, (*found, bytes(ready)))


def unpack(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes as they came, piece by piece."""
    unpacker = zlib.decompressobj()
    for piece in pieces:
        waiting = piece
        while waiting:  # (a piece of a file that repeats itself would be a thousand times as large)
            yield unpacker.decompress(waiting, PIECE)
            waiting = unpacker.unconsumed_tail
    yield unpacker.flush()
