"""Bitstamp's list of what moved in our account there, through ccxt, read with a key that may do nothing else.

Newest first, by pages of a thousand. Asking by time reaches back thirty days only, so pages are turned until they are
older. What happens meanwhile pushes rows on to the next page, where they are told again; none is left out.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from app.clients import venues
from app.clients.http import Unreadable

ROWS = 1_000
OFFSET_MAX = 200_000  # how far back Bitstamp lets pages be turned


class BitstampAccount:
    """What Bitstamp tells of the account that the key is of."""

    def __init__(self, base_url: str, *, key: str, secret: str, seconds: float) -> None:
        self._reader = partial(venues.reader, "bitstamp", base_url=base_url, key=key, secret=secret, seconds=seconds)

    def as_told(self, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
        """Every row between two times, newest first, as Bitstamp wrote it. Raises Silent, Refused."""
        made, seen = self._reader(), set[str]()
        for offset in range(0, OFFSET_MAX + 1, ROWS):
            query = {"limit": ROWS, "offset": offset, "sort": "desc"}
            told = venues.asked(partial(_page, made, query))
            for at, name, row in told:
                if at < since:
                    return
                if at < until and name not in seen:
                    yield row
                seen.add(name)
            if len(told) < ROWS:
                return
        raise Unreadable(f"Bitstamp lists no more than {OFFSET_MAX} rows: what is older comes by its file")


def _page(made: Any, query: Mapping[str, Any]) -> list[tuple[datetime, str, Mapping[str, Any]]]:
    told = made.private_post_user_transactions(dict(query))
    return [(datetime.fromisoformat(row["datetime"]).replace(tzinfo=UTC), str(row["id"]), row) for row in told]
