"""Every movement of a customer's money, for staff: deposits, withdrawals, orders, transfers, journals, newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.core import clock
from app.core.db import rows
from app.core.money import ASSETS, Money
from app.ledger import statements
from app.ledger.statements import StatementLine

PAGE = 20
LINES_AT_ONCE, LINES_MAX = 60, 600  # of a statement: most of its lines are those of the movements
OF_MOVEMENTS = ("dep_", "wd_", "ord_", "trf_")  # what their journals are about

# (each side is cut to a page by its own index before the two are put together)
_PAGE = """
(SELECT d.id, 'deposit' AS kind, d.state, d.amount_units AS units, 'NGN' AS asset, d.created_at,
        substr(d.id, 5) AS position
   FROM deposits d WHERE d.customer_id = :customer AND (:before = '' OR d.id < 'dep_' || :before)
  ORDER BY d.id DESC LIMIT :limit)
UNION ALL
(SELECT w.id, 'withdrawal', w.state, w.amount_units, 'NGN', w.created_at, substr(w.id, 4)
   FROM withdrawals w WHERE w.customer_id = :customer AND (:before = '' OR w.id < 'wd_' || :before)
  ORDER BY w.id DESC LIMIT :limit)
UNION ALL
(SELECT o.id, o.side, o.state, o.give_units, o.give_asset, o.created_at, substr(o.id, 5)
   FROM orders o WHERE o.customer_id = :customer AND (:before = '' OR o.id < 'ord_' || :before)
  ORDER BY o.id DESC LIMIT :limit)
UNION ALL
(SELECT t.id, 'sent', 'sent', t.units, t.asset, t.created_at, substr(t.id, 5)
   FROM transfers t WHERE t.customer_id = :customer AND (:before = '' OR t.id < 'trf_' || :before)
  ORDER BY t.id DESC LIMIT :limit)
UNION ALL
(SELECT t.id, 'received', 'received', t.units, t.asset, t.created_at, substr(t.id, 5)
   FROM transfers t WHERE t.receiver_id = :customer AND (:before = '' OR t.id < 'trf_' || :before)
  ORDER BY t.id DESC LIMIT :limit)
ORDER BY position DESC LIMIT :limit
"""


@dataclass(frozen=True)
class Movement:
    """One line: a deposit, a withdrawal, an order (what was given), a transfer or a journal.

    A journal has no state, and is signed as its account sees it.
    """

    id: str
    kind: str
    state: str
    amount: Money
    at: datetime
    position: str = ""


@dataclass(frozen=True)
class Place:
    """Where a page ends: after which movement, and before which moment of the journals."""

    position: str = ""
    journals_before: datetime | None = None

    def written(self) -> str:
        """For an address."""
        return f"{self.position}~{self.journals_before.isoformat() if self.journals_before else ''}"


def place_of(text: str) -> Place:
    """The place that an address names; the beginning for nothing. Raises Malformed."""
    position, _, moment = text.partition("~")
    return Place(position, clock.written(moment) if moment else None)


def of_customer(customer_id: str, *, after: Place, limit: int = PAGE) -> tuple[list[Movement], Place | None]:
    """A page, and where the next one begins (None at the end)."""
    moved = _moved(customer_id, after.position, limit + 1)
    oldest = moved[-1].at if len(moved) > limit else None
    found = _merged(moved, _journals(customer_id, after.journals_before, oldest, limit + 1))
    shown = found[:limit]
    if len(found) <= limit:
        return shown, None
    return shown, Place(
        next((one.position for one in reversed(shown) if one.position), after.position),
        next((one.at for one in reversed(shown) if not one.position), after.journals_before),
    )


def _merged(moved: list[Movement], journals: list[Movement]) -> list[Movement]:
    """Both by time, each in its own order: a page ends at one place in each."""
    found = []
    while moved or journals:
        from_journals = not moved or (bool(journals) and journals[0].at > moved[0].at)
        side, rest = (journals, moved) if from_journals else (moved, journals)
        found.append(side[0])
        moved, journals = (rest, side[1:]) if from_journals else (side[1:], rest)
    return found


def _moved(customer_id: str, before: str, limit: int) -> list[Movement]:
    return [
        Movement(row.id, row.kind, row.state, Money(ASSETS[row.asset], int(row.units)), row.created_at, row.position)
        for row in rows(_PAGE, customer=customer_id, before=before, limit=limit)
    ]


def _journals(customer_id: str, before: datetime | None, oldest: datetime | None, limit: int) -> list[Movement]:
    """Journals on the customer's accounts that are not those of the movements, no older than asked for."""
    accounts = rows("SELECT account FROM wallets WHERE customer_id = :customer ORDER BY asset", customer=customer_id)
    found = [
        Movement(str(line.journal_id), line.kind, "", line.amount, line.booked_at)
        for account in accounts
        for line in _others(account.account, before, oldest, limit)
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)[:limit]


def _others(code: str, before: datetime | None, oldest: datetime | None, limit: int) -> Iterator[StatementLine]:
    given, read, cursor = 0, 0, ""
    while given < limit and read < LINES_MAX:
        lines = statements.statement(code, before=cursor, since=oldest, until=before, limit=LINES_AT_ONCE)
        for line in lines:
            if not line.ref.startswith(OF_MOVEMENTS):
                given += 1
                yield line
        if len(lines) < LINES_AT_ONCE:
            return
        read, cursor = read + len(lines), lines[-1].cursor
