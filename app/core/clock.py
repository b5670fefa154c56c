"""The one clock. Everything that asks for the time asks here, so that a story can be told at another time."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta, timezone

from app.core.errors import Malformed

WAT = timezone(timedelta(hours=1), "WAT")  # West Africa Time: UTC+1 all year, no daylight saving

_held: ContextVar[datetime | None] = ContextVar("held_clock", default=None)


def now() -> datetime:
    """The present moment, timezone-aware, in UTC."""
    return _held.get() or datetime.now(UTC)


def written(text: str) -> datetime:
    """The moment that a page's address names. Raises Malformed, also for one that is beyond what a time can be."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as unread:
        raise Malformed("That page is not one of this list.") from unread


def pinned() -> datetime | None:
    """The moment the clock is held at, None when it runs: for those who leave the time to the database."""
    return _held.get()


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Hold the clock at `moment` in this context: for tests and for writing a demo business's past.

    Raises ValueError for a naive datetime: a time without a zone is not a time.
    """
    if moment.tzinfo is None:
        raise ValueError("the clock needs a timezone-aware time")
    token = _held.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _held.reset(token)
