"""Luno's list of what moved in each of our wallets there, through ccxt, read with a key that may do nothing else.

There is no asking by time: rows are numbered from 1, the oldest, without holes, and are listed by their numbers, the
first of a range with it and the last without, at most a thousand at once; 0 stands behind the newest. So the first row
of a later time is looked for by halves, and from there it is read backwards.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from app.clients import venues
from app.clients.http import Unreadable

ROWS = 1_000


class LunoWallets:
    """What Luno tells of every wallet of ours."""

    def __init__(self, base_url: str, *, key: str, secret: str, seconds: float) -> None:
        self._reader = partial(venues.reader, "luno", base_url=base_url, key=key, secret=secret, seconds=seconds)

    def as_told(self, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
        """Every row between two times, wallet by wallet, newest first, as Luno wrote it.

        Raises Silent, Refused; Unreadable where a row is missing: a time is not told in part.
        """
        made = self._reader()
        wallets = venues.asked(lambda: [str(each["account_id"]) for each in made.private_get_balance()["balance"]])
        for wallet in wallets:
            yield from _Wallet(made, wallet).between(since, until)


class _Wallet:
    def __init__(self, made: Any, wallet: str) -> None:
        self._made, self._wallet = made, wallet

    def between(self, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
        behind = self._first_from(until)
        while behind > 1:
            first = max(1, behind - ROWS)
            for number, at, row in self._page(first, behind):
                if number != behind - 1:
                    raise Unreadable(f"Luno's rows of {self._wallet} go from {behind} to {number}")
                if at < since:
                    return
                yield {"account_id": self._wallet, **row}
                behind = number
            if behind != first:
                raise Unreadable(f"Luno tells no row of {self._wallet} before {behind}")

    def _first_from(self, until: datetime) -> int:
        """The number of the first row that is not before a time, or the one after the newest; 1 where there is none."""
        newest = self._page(-1, 0)
        if not newest:
            return 1
        number, at, _ = newest[0]
        low, high = (1, number) if at >= until else (number + 1, number + 1)
        while low < high:
            middle = (low + high) // 2
            found = self._page(middle, middle + 1)
            if [each[0] for each in found] != [middle]:
                raise Unreadable(f"Luno tells no row {middle} of {self._wallet}")
            low, high = (low, middle) if found[0][1] >= until else (middle + 1, high)
        return low

    def _page(self, first: int, behind: int) -> list[tuple[int, datetime, Mapping[str, Any]]]:
        """Rows with their numbers and times, the newest first."""
        query = {"id": self._wallet, "min_row": first, "max_row": behind}

        def call() -> list[tuple[int, datetime | None, Mapping[str, Any]]]:
            told = self._made.private_get_accounts_id_transactions(query).get("transactions") or []
            read = [(int(row["row_index"]), venues.at_milliseconds(row["timestamp"]), row) for row in told]
            return sorted(read, key=lambda each: -each[0])

        found: list[tuple[int, datetime, Mapping[str, Any]]] = venues.asked(call)
        if any(at is None for _, at, _ in found):
            raise Unreadable(f"a row of {self._wallet} without its time")
        return found
