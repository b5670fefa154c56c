"""Closing months. A closed month takes no journal that would take effect in it; each step is its own transaction.

begin: business may no longer book into it; reversals, corrections and journals by hand may · settle: nobody may, and
whoever was about to has ended · close: every account's balance at its end is written down. What is closed opens again
only where a row of app/closing says that others agreed to it; closed again, its balances are written down anew, beside
those of before.
"""

from datetime import date
from typing import Any

from sqlalchemy import text

from app.core.db import db, rows
from app.ledger.refusals import refused


def begin_close(month: date) -> None:
    """Begin to close a month (named by its first day) that has ended. Raises PeriodClosed."""
    _do("SELECT ledger.begin_close(:month)", month)


def reopen(month: date) -> None:
    """Let business book into it again, as long as it is not closed. Raises PeriodClosed."""
    _do("SELECT ledger.reopen(:month)", month)


def settle(month: date) -> None:
    """Wait for everybody who is posting, and let nobody book into it any more. Raises PeriodClosed."""
    _do("SELECT ledger.settle_period(:month)", month)


def close(month: date) -> None:
    """Close a settled month and write down its balances, in up to 15 seconds. Raises PeriodClosed."""
    db.session.execute(text("SET LOCAL statement_timeout = '15s'"))  # (a row for each account; a request has 20 s)
    _do("SELECT ledger.close_period(:month)", month)


def reopen_closed(month: date) -> None:
    """Open the newest closed month again; the row of the reopening is there already. Raises PeriodClosed."""
    _do("SELECT ledger.reopen_closed(:month)", month)


def everything() -> list[Any]:
    """The months that are being closed or are closed, newest first, with how many accounts were written down."""
    return rows(
        "SELECT p.*, (SELECT count(*) FROM ledger.period_balances b WHERE b.month = p.month AND b.nth = p.nth)"
        " AS accounts"
        " FROM ledger.periods p ORDER BY p.month DESC"
    )


def _do(statement: str, month: date) -> None:
    with refused():
        db.session.execute(text(statement), {"month": month})
