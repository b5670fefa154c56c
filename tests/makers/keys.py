"""What this process keeps in mind, of which an application brings its own: keys, and the assets of its database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.core import crypto
from app.documents import sealing
from app.ledger import assets


@contextmanager
def put_back() -> Iterator[None]:
    """Whatever is assembled meanwhile: afterwards the keys are those of before, in their order, and the assets too."""
    rings: list[dict[Any, Any]] = [crypto._KEYS, crypto._INDEX_KEYS, sealing._KEYS]
    kept = [dict(ring) for ring in rings]
    known = vars(assets._kept).copy()
    try:
        yield
    finally:
        for ring, before in zip(rings, kept, strict=True):
            ring.clear()
            ring.update(before)
        vars(assets._kept).update(known)
