"""Paystack's values as they really come, made into ours: amounts as numbers or digits, ids of any length, many times.

Whatever is none of the contract's raises ValueError, LookupError or TypeError; `read` turns these into `Unreadable`.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from app.clients.http import Unreadable

Made = TypeVar("Made")
Row = Mapping[str, Any]
_WHOLE = re.compile(r"-?[0-9]{1,18}")  # (eighteen digits of kobo are more than there is)


def read(maker: Callable[[Row], Made], row: Any) -> Made:
    """What `maker` makes of a row. Raises Unreadable: somebody may have acted, and the answer does not say how."""
    if not isinstance(row, Mapping):
        raise Unreadable
    try:
        return maker(row)
    except (ValueError, LookupError, TypeError) as error:
        raise Unreadable from error


def signed_kobo(value: Any) -> int:
    """A whole number of kobo, as a number or as digits; a fraction is no amount."""
    if not _WHOLE.fullmatch(str(value)):
        raise ValueError(f"{value!r} is not a whole number of kobo")
    return int(value)


def kobo(value: Any) -> int:
    """An amount: whole kobo, not negative."""
    amount = signed_kobo(value)
    if amount < 0:
        raise ValueError(f"{value!r} is less than nothing")
    return amount


def kobo_if_said(value: Any) -> int | None:
    """An amount, or None where Paystack says nothing."""
    return None if value is None or value == "" else kobo(value)


def name(value: Any) -> str:
    """An id, a code or a reference, as text: ids are unsigned 64-bit numbers. Empty where there is none."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(f"{value!r} names nothing")
    return str(value)


def must(row: Row, key: str) -> str:
    """An id, a code or a word that has to be there."""
    if not (found := name(row[key])):
        raise ValueError(f"{key} says nothing")
    return found


def word(value: Any) -> str:
    """A text; empty where there is none, and whatever stands in its place as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def part(row: Row, key: str) -> Row:
    """An object inside the row; an empty one where something else, or nothing, stands there."""
    value = row.get(key)
    if isinstance(value, str) and value.startswith("{"):  # (metadata and split_config come as JSON in a string, too)
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, Mapping) else {}


def either(row: Row, *keys: str) -> Any:
    """The first of these fields that says something: `createdAt` and `created_at` both occur."""
    return next((row[key] for key in keys if row.get(key) not in (None, "")), None)


def moment(value: Any) -> datetime | None:
    """A time, in UTC where no zone is written; None where there is none, or none that can be read."""
    try:
        found = datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def day(value: Any) -> date:
    """The date that a time at midnight UTC stands for."""
    return date.fromisoformat(str(value)[: len("2026-11-21")])


def written(at: datetime) -> str:
    """A time as Paystack takes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
