"""The knobs that make the vendor misbehave: kept in the book, so trouble outlasts a restart until it is turned off.

Each is checked before it is kept; an unknown name or a wrong type is refused, never ignored.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, get_args, get_type_hints
from urllib.parse import urlsplit

from sandbox.book import recall, remember

ANSWERS = ("normal", "drop", "late_ms", "error_after", "refuse")
OUTCOMES = (
    "success", "failed", "reversed", "pending-forever", "at-once", "otp", "abandoned", "blocked", "rejected",
)  # fmt: skip
REFUNDS = ("processed", "failed", "needs-attention", "pending-forever")
SETTLEMENTS = ("success", "processing", "pending", "failed")
SCHEDULES = ("demo", "live", "test")
DOWN = ("no", "503", "cut")
LISTS = ("asked", "cursor")
SAVED = ("success", "failed")
REGISTRY = ("normal", "late", "drop", "busy", "down")
CARRIERS_MAX = 16
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
    carriers: int = 1  # how many deliveries are made at the same moment
    reorder: bool = False  # events are spread over a second and a half, so later ones overtake
    schedule: str = "demo"  # how long between tries: "live" and "test" are the vendor's own
    answer: str = "normal"  # what happens to the calls that move money
    answer_times: int | None = None  # for how many calls; None: until turned back
    answer_to: str | None = None  # only the call of this path, as "/refund"; None: every call that moves money
    late_ms: int = 3_000  # how late `late_ms` answers
    down: str = "no"  # every call of the contract is answered 503, or its line is cut; nothing is done
    rate_limit: int | None = None  # how many calls a window lets through; None: all
    rate_window_seconds: int = 60  # how long a window is
    lists: str = "asked"  # "cursor": lists that can go by cursor do so, asked or not
    transfer_outcome: str = "success"  # what becomes of the transfers made from now on
    transfer_delay_seconds: float = 2  # after how long
    approval_url: str | None = None  # asked before each transfer; None: nobody is
    huge_ids: bool = False  # transaction ids are printed above 63 bits
    hide_transfers: int = 0  # how many look-ups after its making do not find a transfer
    saved_card: str = "success"  # what becomes of a kept card's charge
    refund_outcome: str = "processed"  # what becomes of the refunds made from now on
    refund_delay_seconds: float = 10  # after how long
    settlement_status: str = "success"  # what the settlements made from now on stand at
    opening_balance: int | None = None  # kobo to begin with, while nothing has moved yet; None: the environment's
    fee_returned: bool = True  # whether a transfer that came back brings its fee with it
    registry: str = "normal"  # what happens to look-ups in the registers
    identification: str = "by_name"  # what becomes of a customer's identification
    seed: int = 1  # names the luck


_RANGES: dict[str, tuple[float, float]] = {
    "lose": (0, 100),
    "lose_times": (1, 1_000),
    "delay_ms": (0, 3_600_000),
    "repeat": (0, 100),
    "carriers": (1, CARRIERS_MAX),
    "answer_times": (1, 1_000_000),
    "late_ms": (0, 600_000),
    "hide_transfers": (0, 1_000),
    "rate_limit": (1, 1_000_000),
    "rate_window_seconds": (1, 3_600),
    "transfer_delay_seconds": (0, 31_536_000),
    "refund_delay_seconds": (0, 31_536_000),
    "opening_balance": (0, 10**15),
}
CHOICES = {
    "answer": ANSWERS,
    "transfer_outcome": OUTCOMES,
    "refund_outcome": REFUNDS,
    "settlement_status": SETTLEMENTS,
    "schedule": SCHEDULES,
    "down": DOWN,
    "saved_card": SAVED,
    "lists": LISTS,
    "registry": REGISTRY,
    "identification": IDENTIFICATION,
}


@dataclass(frozen=True, slots=True)
class Board:
    """What a set of knobs allows: the type of each, the words or the numbers between which some must lie."""

    types: Mapping[str, Any]
    choices: Mapping[str, tuple[str, ...]]
    ranges: Mapping[str, tuple[float, float]]


_BOARD = Board(get_type_hints(Knobs), CHOICES, _RANGES)
NAMES = tuple(_BOARD.types)


def checked(board: Board, name: str, value: Any) -> Any:
    """The value, when this board has such a knob and it can be turned so; raises KnobRefused."""
    if name not in board.types:
        raise KnobRefused(f"there is no knob called {name}; the knobs are {', '.join(board.types)}")
    expected = get_args(board.types[name]) or (board.types[name],)
    # bool is an int to Python, and a whole number of seconds is a number of seconds: both need saying.
    fits = isinstance(value, expected) or (float in expected and isinstance(value, int))
    if not fits or (isinstance(value, bool) and bool not in expected):
        raise KnobRefused(f"{name} cannot be {value!r}")
    if name in board.choices and value not in board.choices[name]:
        raise KnobRefused(f"{name} is one of {', '.join(board.choices[name])}")
    if name in board.ranges and value is not None and not board.ranges[name][0] <= value <= board.ranges[name][1]:
        raise KnobRefused(f"{name} lies between {board.ranges[name][0]} and {board.ranges[name][1]}")
    return value


def _checked(name: str, value: Any) -> Any:
    value = checked(_BOARD, name, value)
    if name in ("webhook_url", "approval_url") and value is not None:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise KnobRefused(f"{name} is an http or https address")
    return value


def load(db: sqlite3.Connection) -> Knobs:
    """Where the knobs stand."""
    return Knobs(**(recall(db, "knobs") or {}))


def turn(db: sqlite3.Connection, changes: Mapping[str, Any]) -> Knobs:
    """Turn some knobs and leave the rest; all of the changes are good or none is made."""
    knobs = replace(load(db), **{name: _checked(name, value) for name, value in changes.items()})
    if "answer" in changes:
        # What is left over of earlier trouble must not cut the new one short or send it elsewhere.
        if "answer_times" not in changes:
            knobs = replace(knobs, answer_times=None)
        if "answer_to" not in changes:
            knobs = replace(knobs, answer_to=None)
    _reopen(db, knobs.opening_balance)
    # A fact of its own, so that every query that reads a transaction can read it too.
    remember(db, "huge_ids", knobs.huge_ids or None)
    remember(db, "knobs", asdict(knobs))
    return knobs


def _reopen(db: sqlite3.Connection, opening: int | None) -> None:
    if opening is None or opening == recall(db, "opening_balance"):
        return
    if db.execute("SELECT 1 FROM ledger LIMIT 1").fetchone():
        raise KnobRefused("opening_balance is turned before money has moved; top up instead")
    remember(db, "opening_balance", opening)


def take_answer(db: sqlite3.Connection, path: str) -> Knobs:
    """The knobs for one money call, counting it off; the last counted call turns `answer` back to normal."""
    knobs = load(db)
    if knobs.answer_to not in (None, path):
        return replace(knobs, answer="normal")
    if knobs.answer != "normal" and knobs.answer_times is not None:
        left = knobs.answer_times - 1
        after = replace(knobs, answer_times=left) if left else replace(knobs, answer="normal", answer_times=None)
        remember(db, "knobs", asdict(after))
    return knobs
