"""Lines on their way into PostgreSQL: one row of COPY each, written as it is read and never all at once."""

import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from app.statements.formats.lines import EXACT, Line, Statement

# (in the order of the table `told`)
COLUMNS = (
    "part", "row_no", "external_id", "identity", "occurrence", "at", "booked_on", "account", "asset", "delta",
    "fee", "fee_asset", "balance_after", "kind", "group_key", "refs", "counterparty", "narration", "raw",
)  # fmt: skip
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def rows_of(statements: Iterable[Statement]) -> Iterator[tuple[Any, ...]]:
    """Each line in the order of COLUMNS, with how often its file told of the same so far."""
    said: Counter[bytes] = Counter()
    for part, statement in enumerate(statements, 1):
        for line in statement.lines:
            identity = identity_of(line)
            said[identity] += 1
            yield (
                part, line.row, line.external_id or None, rf"\x{identity.hex()}", said[identity], line.at.isoformat(),
                line.booked_on.isoformat(), line.account, line.asset, f"{line.delta:f}", f"{line.fee:f}",
                line.fee_asset, None if line.balance_after is None else f"{line.balance_after:f}", str(line.kind),
                line.group or None, _array(line.refs), line.counterparty, line.narration, json.dumps(dict(line.raw)),
            )  # fmt: skip


def identity_of(line: Line) -> bytes:
    """SHA-256 of the teller's id and the asset, for an id may have a leg in two; without an id, of what is said.

    The balance is not in it: files that overlap may begin theirs at different lines.
    """
    said = [line.external_id, line.asset] if line.external_id else [
        line.account, line.asset, line.at.isoformat(), line.booked_on.isoformat(), _plain(line.delta),
        _plain(line.fee), line.fee_asset, str(line.kind), line.group, line.refs,
        line.counterparty, line.narration,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).digest()  # (as JSON, so that no two fields can be one)


def _plain(amount: Decimal) -> str:
    """`1.50` and `1.5` are the same; the usual context would round what has more than 28 digits."""
    return f"{amount.normalize(EXACT):f}"


class Stream(io.TextIOBase):
    """What COPY reads from, in its text format: rows made as they are asked for."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._rows = rows

    def read(self, size: int | None = -1) -> str:
        """The next piece, of about this size; empty at the end."""
        found, length = [], 0
        for row in self._rows:
            found.append("\t".join(map(_cell, row)) + "\n")
            length += len(found[-1])
            if size is not None and 0 <= size <= length:
                break
        return "".join(found)


def _cell(value: Any) -> str:
    return r"\N" if value is None else str(value).translate(_ESCAPED)


def _array(values: Iterable[str]) -> str:
    """PostgreSQL's way of writing an array of texts."""
    quoted = ('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
    return "{" + ",".join(quoted) + "}"
