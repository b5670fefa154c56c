"""Months: open, being closed, closed. Beginning and thinking better of it; closing itself is asked for elsewhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import abort, flash, redirect, url_for
from flask.wrappers import Response
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.clock import WAT
from app.core.db import RETRIED_STATES, atomically, sqlstate
from app.core.errors import Refusal
from app.core.permissions import Permission
from app.identity import queries as identity
from app.ledger import periods
from app.web import errors, guards
from app.web.console.base import bp
from app.web.console.books import reads
from app.web.fragments import page

NEWEST = 36  # three years on one page


@dataclass(frozen=True)
class Month:
    """One month of West Africa Time. `period` is its row, if any; `closed_with` the later one it was closed by."""

    month: date
    period: Any | None
    closed_with: date | None

    @property
    def state(self) -> str:
        """Open, closing, settled or closed."""
        if self.period is not None:
            return str(self.period.state)
        return "closed" if self.closed_with else "open"

    @property
    def slug(self) -> str:
        """How it stands in an address."""
        return f"{self.month:%Y-%m}"


@bp.get("/ledger/periods")
@guards.operator(Permission.LEDGER_READ)
def ledger_periods() -> Response:
    """Every month that has ended, newest first."""
    months = months_begun()
    return page(
        "console/books/periods.html",
        months=months[:NEWEST],
        more=len(months) - NEWEST,
        under_way=next((month for month in months if month.state in {"closing", "settled"}), None),
        staff={staff.id: staff.name for staff in identity.operators_for_operators()},
    )


@bp.post("/ledger/periods/<month>/begin")
@guards.operator(Permission.LEDGER_CLOSE, fresh=True)
def begin_close(month: str) -> BaseResponse:
    """Business may no longer book into it; corrections may."""
    return _do(month, [periods.begin_close], "{} is being closed. Corrections can still be booked into it.")


@bp.post("/ledger/periods/<month>/reopen")
@guards.operator(Permission.LEDGER_CLOSE, fresh=True)
def reopen_month(month: str) -> BaseResponse:
    """Think better of it."""
    return _do(month, [periods.reopen], "{} is open again.")


def _do(month: str, steps: Sequence[Callable[[date], None]], words: str) -> BaseResponse:
    first, actor = first_day(month), guards.actor()
    try:
        for step in steps:
            atomically(lambda step=step: step(first), actor=actor)  # type: ignore[misc]
        flash(words.format(f"{first:%B %Y}"), "ok")
    except Refusal as refused:
        errors.say(refused)
    except OperationalError as error:
        if sqlstate(error) not in RETRIED_STATES:
            raise
        flash("Somebody was posting all the time. Nothing was lost: try again in a moment.", "warn")
    return redirect(url_for("console.ledger_periods"), 303)


def first_day(month: str) -> date:
    """The month that an address names, by its first day."""
    try:
        return datetime.strptime(month, "%Y-%m").replace(tzinfo=WAT).date()
    except ValueError:
        abort(404)


def months_begun() -> list[Month]:
    """Every month that has ended, newest first."""
    begun = reads.begun()
    if begun is None:
        return []
    rows = {row.month: row for row in periods.everything()}
    month = _before(clock.now().astimezone(WAT).date().replace(day=1))
    first = min([begun.astimezone(WAT).date().replace(day=1), *rows])
    found: list[Month] = []
    closed_with = None
    while month >= first:
        row = rows.get(month)
        found.append(Month(month, row, closed_with if row is None else None))
        closed_with = month if row is not None and row.state == "closed" else closed_with
        month = _before(month)
    return found


def _before(month: date) -> date:
    """The first day of the month before."""
    return month.replace(year=month.year - 1, month=12) if month.month == 1 else month.replace(month=month.month - 1)
