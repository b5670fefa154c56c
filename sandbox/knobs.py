"""The knobs that make the vendor misbehave: kept in the book, so trouble outlasts a restart until it is turned off.

Each is checked before it is kept; an unknown name or a wrong type is refused, never ignored.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, get_args, get_type_hints
from urllib.parse import urlsplit

from sandbox.book import recall, remember

ANSWERS = ("normal", "drop", "late_ms", "error_after", "refuse")
OUTCOMES = ("success", "failed", "reversed", "pending-forever")
REGISTRY = ("normal", "late", "drop", "busy", "down")
IDENTIFICATION = ("by_name", "success", "unresolved", "name", "number", "never")


class KnobRefused(Exception):
    """This knob cannot be turned so."""


@dataclass(frozen=True, slots=True)
class Knobs:
    """Where every knob stands; the defaults are a vendor on a good day."""

    webhooks: bool = True  # off: events wait in the book until it is on again
    webhook_url: str | None = None  # None: the address from the environment
    lose: int = 0  # percent of deliveries chosen to get lost …
    lose_times: int = 1  # … each this many times before one arrives
    delay_ms: int = 0  # each delivery waits between 0 and this
    repeat: int = 0  # extra copies of each event
    reorder: bool = False  # events are spread over a second and a half, so later ones overtake
    answer: str = "normal"  # what happens to POST /transfer and POST /transaction/initialize
    answer_times: int | None = None  # for how many calls; None: until turned back
    late_ms: int = 3_000  # how late `late_ms` answers
    transfer_outcome: str = "success"  # what becomes of the transfers made from now on
    transfer_delay_seconds: float = 2  # after how long
    fee_returned: bool = True  # whether a transfer that came back brings its fee with it
    registry: str = "normal"  # what happens to look-ups in the registers
    identification: str = "by_name"  # what becomes of a customer's identification
    seed: int = 1  # names the luck


_RANGES: dict[str, tuple[float, float]] = {
    "lose": (0, 100),
    "lose_times": (1, 1_000),
    "delay_ms": (0, 3_600_000),
    "repeat": (0, 100),
    "answer_times": (1, 1_000_000),
    "late_ms": (0, 600_000),
    "transfer_delay_seconds": (0, 31_536_000),
}
_CHOICES = {
    "answer": ANSWERS,
    "transfer_outcome": OUTCOMES,
    "registry": REGISTRY,
    "identification": IDENTIFICATION,
}
_TYPES = get_type_hints(Knobs)
NAMES = tuple(f.name for f in fields(Knobs))


def _checked(name: str, value: Any) -> Any:
    if name not in _TYPES:
        raise KnobRefused(f"there is no knob called {name}; the knobs are {', '.join(NAMES)}")
    expected = get_args(_TYPES[name]) or (_TYPES[name],)
    # bool is an int to Python, and a whole number of seconds is a number of seconds: both need saying.
    fits = isinstance(value, expected) or (float in expected and isinstance(value, int))
    if not fits or (isinstance(value, bool) and bool not in expected):
        raise KnobRefused(f"{name} cannot be {value!r}")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise KnobRefused(f"{name} is one of {', '.join(_CHOICES[name])}")
    if name in _RANGES and value is not None and not _RANGES[name][0] <= value <= _RANGES[name][1]:
        raise KnobRefused(f"{name} lies between {_RANGES[name][0]} and {_RANGES[name][1]}")
    if name == "webhook_url" and value is not None:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise KnobRefused("webhook_url is an http or https address")
    return value


def load(db: sqlite3.Connection) -> Knobs:
    """Where the knobs stand."""
    return Knobs(**(recall(db, "knobs") or {}))


def turn(db: sqlite3.Connection, changes: Mapping[str, Any]) -> Knobs:
    """Turn some knobs and leave the rest; all of the changes are good or none is made."""
    knobs = replace(load(db), **{name: _checked(name, value) for name, value in changes.items()})
    if "answer" in changes and "answer_times" not in changes:
        # A count left over from earlier trouble must not cut the new one short.
        knobs = replace(knobs, answer_times=None)
    remember(db, "knobs", asdict(knobs))
    return knobs


def take_answer(db: sqlite3.Connection) -> Knobs:
    """The knobs for one money call, counting it off; the last counted call turns `answer` back to normal."""
    knobs = load(db)
    if knobs.answer != "normal" and knobs.answer_times is not None:
        left = knobs.answer_times - 1
        after = replace(knobs, answer_times=left) if left else replace(knobs, answer="normal", answer_times=None)
        remember(db, "knobs", asdict(after))
    return knobs
