"""The knobs that make the venue misbehave: kept in the book, so trouble outlasts a restart until it is turned off."""

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, get_type_hints

from sandbox.book import recall, remember
from sandbox.knobs import Board, checked

ANSWERS = ("normal", "drop", "late_ms", "error_after", "gateway", "refuse")
DENIED = ("nothing", "query", "trade", "deposit", "withdraw")
STATUSES = ("online", "maintenance", "cancel_only", "post_only")


@dataclass(frozen=True, slots=True)
class Knobs:
    """Where every knob stands; the defaults are a venue on a good day."""

    answer: str = "normal"  # what happens to the calls that move money
    answer_times: int | None = None  # for how many calls; None: until turned back
    answer_to: str | None = None  # only this call, as "AddOrder"; None: every call that moves money
    late_ms: int = 3_000  # how late `late_ms` answers
    down: str = "no"  # every call of the venue is answered 503, or its line is cut; nothing is done
    status: str = "online"  # what SystemStatus says, and holds to
    cancel_only: str | None = None  # this pair alone takes no orders, as "ETH/USDT"; the list of pairs says so
    rate_limit: int | None = None  # how many private calls a window lets through; None: all
    order_rate_limit: int | None = None  # how many orders; None: all
    rate_window_seconds: int = 60  # how long a window is
    denied: str = "nothing"  # what the key may not do
    nonce_skew: int = 0  # how far ahead of what was sent the venue believes the last nonce to be
    nonce_window: int = 0  # how far behind the highest an unused nonce may be
    fill_parts: int = 1  # in how many parts the orders made from now on are filled …
    fill_seconds: float = 0  # … one each this many seconds; 0: all at once
    fill_stop: int | None = None  # after how many parts nobody trades with them any more; None: all are filled
    rest: str = "open"  # what becomes of the rest then: it stays open, or the venue cancels it
    hide_orders: int = 0  # how many look-ups do not find a new order or its trades
    fee_in: str = "quote"  # what fees are taken in where the order does not say
    repeat_rows: int = 0  # how many rows of a page or list are told twice
    deposit_seconds: float = 0  # how long deposits are pending
    withdrawal_seconds: float = 2  # how long withdrawals are
    withdrawal_outcome: str = "success"  # what becomes of the withdrawals made from now on
    noise: bool = True  # off: every feed tells the same, to the last digit


_BOARD = Board(
    types=get_type_hints(Knobs),
    choices={
        "answer": ANSWERS,
        "down": ("no", "503", "cut"),
        "status": STATUSES,
        "denied": DENIED,
        "rest": ("open", "canceled"),
        "fee_in": ("quote", "base"),
        "withdrawal_outcome": ("success", "failure", "pending-forever"),
    },
    ranges={
        "answer_times": (1, 1_000_000),
        "late_ms": (0, 600_000),
        "rate_limit": (1, 1_000_000),
        "order_rate_limit": (1, 1_000_000),
        "rate_window_seconds": (1, 3_600),
        "nonce_skew": (0, 10**15),
        "nonce_window": (0, 10**15),
        "fill_parts": (1, 1_000),
        "fill_seconds": (0, 86_400),
        "fill_stop": (0, 1_000),
        "hide_orders": (0, 1_000),
        "repeat_rows": (0, 50),
        "deposit_seconds": (0, 31_536_000),
        "withdrawal_seconds": (0, 31_536_000),
    },
)


def load(db: sqlite3.Connection) -> Knobs:
    """Where the knobs stand."""
    return Knobs(**(recall(db, "knobs") or {}))


def turn(db: sqlite3.Connection, changes: Mapping[str, Any]) -> Knobs:
    """Turn some knobs and leave the rest; all of the changes are good or none is made."""
    knobs = replace(load(db), **{name: checked(_BOARD, name, value) for name, value in changes.items()})
    if "answer" in changes:
        # What is left over of earlier trouble must not cut the new one short or send it elsewhere.
        knobs = replace(knobs, answer_times=changes.get("answer_times"), answer_to=changes.get("answer_to"))
    remember(db, "knobs", asdict(knobs))
    return knobs


def take_answer(db: sqlite3.Connection, call: str) -> Knobs:
    """The knobs for one money call, counting it off; the last counted call turns `answer` back to normal."""
    knobs = load(db)
    if knobs.answer_to not in (None, call):
        return replace(knobs, answer="normal")
    if knobs.answer != "normal" and knobs.answer_times is not None:
        left = knobs.answer_times - 1
        after = replace(knobs, answer_times=left) if left else replace(knobs, answer="normal", answer_times=None)
        remember(db, "knobs", asdict(after))
    return knobs
