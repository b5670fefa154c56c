"""The keys of this process, of which an application brings its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.core import crypto
from app.documents import sealing


@contextmanager
def put_back() -> Iterator[None]:
    """Whatever is assembled meanwhile: afterwards the keys are those of before, in their order."""
    rings: list[dict[Any, Any]] = [crypto._KEYS, crypto._INDEX_KEYS, sealing._KEYS]
    kept = [dict(ring) for ring in rings]
    try:
        yield
    finally:
        for ring, before in zip(rings, kept, strict=True):
            ring.clear()
            ring.update(before)
