"""Luno's list of what moved in each of our wallets there, through ccxt, read with a key that may do nothing else.

There is no asking by time: rows are numbered from 1, the oldest, without holes, and are listed by their numbers, the
first of a range with it and the last without, at most a thousand at once; 0 stands behind the newest.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from app.clients import venues
from app.clients.http import Unreadable

ROWS = 1_000
PAGES_MAX = 1_000  # of a wallet: a million rows


class LunoWallets:
    """What Luno tells of every wallet of ours."""

    def __init__(self, base_url: str, *, key: str, secret: str, seconds: float) -> None:
        self._reader = partial(venues.reader, "luno", base_url=base_url, key=key, secret=secret, seconds=seconds)

    def as_told(self, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
        """Every row between two times, wallet by wallet, newest first, as Luno wrote it. Raises Silent, Refused."""
        made = self._reader()
        wallets = venues.asked(lambda: [str(each["account_id"]) for each in made.private_get_balance()["balance"]])
        for wallet in wallets:
            for row in self._rows(made, wallet):
                at = venues.at_milliseconds(row.get("timestamp"))
                if at is None:
                    raise Unreadable("a row of Luno's without its time")
                if at < since:
                    break
                if at < until:
                    yield {"account_id": wallet, **row}

    def _rows(self, made: Any, wallet: str) -> Iterator[Mapping[str, Any]]:
        """From the newest to the first. Raises Unreadable where one is missing: a range may not be told in part."""
        first, behind, expected = -ROWS, 0, 0
        for _ in range(PAGES_MAX):
            told = _page(made, {"id": wallet, "min_row": first, "max_row": behind})
            for number, row in told:
                if expected and number != expected:
                    raise Unreadable(f"Luno's rows of {wallet} go from {expected + 1} to {number}")
                yield row
                expected = number - 1
            if not expected:
                return
            if not told:
                raise Unreadable(f"Luno tells no row of {wallet} before {expected + 1}")
            first, behind = max(1, expected + 1 - ROWS), expected + 1
        raise Unreadable(f"wallet {wallet} has more than {PAGES_MAX} pages")


def _page(made: Any, query: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    def call() -> list[tuple[int, Mapping[str, Any]]]:
        told = made.private_get_accounts_id_transactions(dict(query)).get("transactions") or []
        return sorted(((int(row["row_index"]), row) for row in told), key=lambda each: -each[0])

    found: list[tuple[int, Mapping[str, Any]]] = venues.asked(call)
    return found
