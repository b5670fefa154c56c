"""The venue's memory: its own file beside the payment vendor's, with the same promises; and its clock and its names.

Unlike there, what falls due follows the venue's clock, pinned or not: who pins it and moves it on makes things happen.
"""

import secrets
import sqlite3
import string
import time
from datetime import UTC, datetime
from pathlib import Path

from sandbox.book import Store, recall
from sandbox.exchange import schema

MICROSECONDS = 1_000_000
_PLAIN = string.ascii_uppercase + string.digits
_MIXED = string.ascii_letters + string.digits


class Book(Store):
    """The open book of the exchange."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        super().__init__(path, schema.bring_up, durable=durable)

    def reset(self) -> None:
        """Forget everything: money, orders, knobs, prices and the pinned clock."""
        with self.writing() as db:
            for statement in schema.FORGET:
                db.execute(statement)


def now(db: sqlite3.Connection) -> int:
    """The venue's time in microseconds since 1970: the pinned one, else this moment."""
    pinned = recall(db, "clock")
    return int(pinned) if pinned is not None else time.time_ns() // 1_000


def seconds(at: int) -> float:
    """A time as the venue's JSON has it: seconds, with four decimals."""
    return round(at / MICROSECONDS, 4)


def moment(at: int) -> datetime:
    """A time as a datetime in UTC."""
    return datetime.fromtimestamp(at // MICROSECONDS, UTC).replace(microsecond=at % MICROSECONDS)


def name(prefix: str, *, blocks: tuple[int, ...] = (5, 5, 6)) -> str:
    """A fresh id such as `OQCLML-BW3P3-BUCMWZ`: never the same twice, also in another book."""
    made = "-".join("".join(secrets.choice(_PLAIN) for _ in range(length)) for length in blocks)
    return prefix + made


def mixed_name() -> str:
    """A fresh reference of a deposit or withdrawal, such as `FTQcuak-V6Za8qrWnhzTx67yYHz8Tg`: its case matters."""
    return "FT" + "-".join("".join(secrets.choice(_MIXED) for _ in range(length)) for length in (5, 22))
