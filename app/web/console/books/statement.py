"""One account: what it holds, what is held of it, and its entries page by page or as a file."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import abort, request, url_for
from flask.wrappers import Response

from app.core.money import Money, plain
from app.core.permissions import Permission
from app.customers import queries as customers
from app.identity import queries as identity
from app.ledger import balances, statements
from app.ledger.balances import BalanceNow
from app.ledger.statements import StatementLine
from app.matching import joining
from app.web import sheets
from app.web.console.base import bp
from app.web.console.books import reads, times
from app.web.fragments import page
from app.web.guards import operator

PAGE = 40
BATCH = 1_000
TRAIL_MAX = 40
COLUMNS = [
    "booked_at", "effective_at", "journal", "kind", "ref", "asset", "amount_debit_positive", "balance_debit_positive",
]  # fmt: skip


@dataclass(frozen=True)
class Range:
    """Which entries: booked from one moment on, up to and with another."""

    since: datetime | None
    until: datetime | None
    given: dict[str, str]

    @property
    def before(self) -> datetime | None:
        """The first moment that is out of the range."""
        return self.until + times.TICK if self.until else None


@bp.get("/ledger/accounts/<code>")
@operator(Permission.LEDGER_READ)
def account(code: str) -> Response:
    """One account's statement, newest first."""
    balance, span = _account(code), _range()
    before = request.args.get("before", "")
    trail = [cursor for cursor in request.args.get("trail", "").split(",") if cursor]
    lines = _lines(code, span, before=before, limit=PAGE + 1)
    return page(
        "console/books/account.html",
        block="lines",
        balance=balance,
        owner=_owner(code),
        opened=reads.account(code),
        counted_with=joining.joins_for_operators(code),
        holds=[
            (hold, _units(balance, hold.remaining), _units(balance, hold.amount)) for hold in reads.open_holds(code)
        ],
        staff={staff.id: staff.name for staff in identity.operators_for_operators()},
        span=span,
        at_end=_units(balance, balances.at(code, span.until)) if span.until else None,
        lines=lines[:PAGE],
        older=_address(code, span, lines[PAGE - 1].cursor, [*trail, before]) if len(lines) > PAGE else "",
        newer=_address(code, span, trail[-1] if trail else "", trail[:-1]) if before else "",
    )


@bp.get("/ledger/accounts/<code>/statement.csv")
@operator(Permission.LEDGER_READ)
def account_sheet(code: str) -> Response:
    """All entries in the range, newest first."""
    balance, span = _account(code), _range()
    side = 1 if code.startswith(("asset:", "expense:")) else -1

    def batch(cursor: str) -> tuple[list[list[str]], str]:
        found = _lines(code, span, before=cursor, limit=BATCH)
        return [_cells(line, side) for line in found], found[-1].cursor if len(found) == BATCH else ""

    return sheets.long_sheet(f"statement-{balance.code.replace(':', '-')}", COLUMNS, batch)


def _account(code: str) -> BalanceNow:
    try:
        return balances.of(code)
    except LookupError:
        abort(404)


def _owner(code: str) -> str:
    """The customer's name, where the account is a customer's."""
    if not code.startswith(reads.CUSTOMERS):
        return ""
    customer_id = code.split(":")[2]
    return customers.names_for_operators({customer_id}).get(customer_id, "")


def _range() -> Range:
    given = {name: request.args.get(name, "").strip() for name in ("from", "to")}
    given = {name: text for name, text in given.items() if text}
    return Range(times.begins(given.get("from", "")), times.ends(given.get("to", "")), given)


def _lines(code: str, span: Range, *, before: str, limit: int) -> list[StatementLine]:
    try:
        return statements.statement(code, before=before, since=span.since, until=span.before, limit=limit)
    except ValueError:
        abort(404)  # a page that no page leads to


def _address(code: str, span: Range, before: str, trail: list[str]) -> str:
    """A page of the statement. The trail of the pages before it is what leads back: entries are read one way only."""
    kept = ",".join(cursor for cursor in trail[-TRAIL_MAX:] if cursor) if before else ""
    places: dict[str, Any] = {
        **span.given,
        **({"before": before} if before else {}),
        **({"trail": kept} if kept else {}),
    }
    return url_for("console.account", code=code, **places)


def _units(balance: BalanceNow, units: Any) -> Money:
    return Money(balance.booked.asset, int(units))


def _cells(line: StatementLine, side: int) -> list[str]:
    amount, balance = (Money(money.asset, side * money.units) for money in (line.amount, line.balance))
    return [
        sheets.stamp(line.booked_at),
        sheets.stamp(line.effective_at),
        str(line.journal_id),
        line.kind,
        line.ref,
        amount.asset.code,
        plain(amount),
        plain(balance),
    ]
