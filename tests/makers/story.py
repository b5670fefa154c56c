"""A story told inside one transaction that is undone at its end, so that it leaves no work or news to others."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy.orm import Session

from app.core.db import transaction
from tests.makers.books import TESTER


class _Over(Exception):
    """The end of the story."""


@contextmanager
def undone() -> Iterator[Session]:
    """A transaction that is rolled back also when all went well."""
    with suppress(_Over), transaction(TESTER) as session:
        yield session
        raise _Over
