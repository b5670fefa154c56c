"""The catalogue of reports, and each report as a page: parameters, a picture where there is one, and its tables."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from flask import request, url_for
from flask.wrappers import Response
from flask_login import current_user

from app.core import clock
from app.core.clock import WAT
from app.core.db import whole_books
from app.core.errors import Malformed, NotFound
from app.core.money import ASSETS, Money
from app.core.permissions import Permission
from app.exports import queries
from app.identity import queries as identity
from app.web import guards
from app.web.console import objects
from app.web.console.base import bp
from app.web.fragments import page
from reports import catalogue, proof_sheets, tables
from reports.catalogue import Asks, Format, Report
from reports.tables import Cell, Parameters, Section, Tie

PART = 50
NEWEST = 5
FORMATS = {Format.CSV: "CSV", Format.XLSX: "Workbook (XLSX)", Format.PDF: "PDF"}
NUMBER_OF_JOURNAL, CODE_OF_ACCOUNT = "Journal", "Account"
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Elsewhere:
    """A report that is a page of its own, in another room of the console: what others have stands here too."""

    title: str
    text: str
    endpoint: str
    icon: str
    permission: Permission


# Statements, proofs and periods have pages of their own; whoever builds one adds its line here.
ELSEWHERE: tuple[Elsewhere, ...] = (
    Elsewhere(
        "Financial statements",
        "Trial balance, balance sheet and income statement at any time.",
        "console.reports",
        "scale",
        Permission.LEDGER_READ,
    ),
    Elsewhere(
        "Profit and loss",
        "What dealing gained, orders earned and venues took, day by day.",
        "console.results",
        "trending-up",
        Permission.EXCHANGE_READ,
    ),
    Elsewhere(
        "Owed and held",
        "What customers are owed in each asset beside where it is held.",
        "console.owed_and_held",
        "coins",
        Permission.EXCHANGE_READ,
    ),
    Elsewhere(
        "Tie-out",
        "Every outside account proved day by day, its sheets and who signed them.",
        "console.tie_out",
        "shield-check",
        Permission.RECONCILIATION_READ,
    ),
    Elsewhere(
        "Reconciliation",
        "Our Paystack account beside Paystack's own lists, line by line.",
        "console.reconciliation",
        "checks",
        Permission.RECONCILIATION_READ,
    ),
)


@dataclass(frozen=True)
class Shown:
    """A cell on a page: how it is written, and where it leads."""

    kind: str
    cell: Cell
    url: str = ""


@dataclass(frozen=True)
class Table:
    """A section on a page: its cells, what they tie to, and where a long one goes on."""

    section: Section
    lines: list[list[Shown]]
    ties: list[Tie]
    next: str = ""

    @property
    def wrong(self) -> list[Tie]:
        """The sums that are not the ledger's."""
        return [tie for tie in self.ties if tie.difference]


@bp.get("/reports")
@guards.operator(Permission.REPORTS_READ)
def report_catalogue() -> Response:
    """Every report, and the newest files."""
    return page(
        "console/reports/catalogue.html",
        groups=[(name, [one for one in catalogue.EVERY if one.group == name]) for name in catalogue.GROUPS],
        elsewhere=[one for one in ELSEWHERE if one.permission in current_user.permissions],
        files=queries.files_for_operators(limit=NEWEST),
        titles={one.name: one.title for one in catalogue.EVERY},
        staff=identity.names_for_operators(),
    )


@bp.get("/reports/<report_name>")
@guards.operator(Permission.REPORTS_READ)
def report(report_name: str) -> Response:
    """One report for the days that are asked for."""
    return shown(catalogue.one(report_name))


@bp.get("/reports/<report_name>.json")
@guards.operator(Permission.REPORTS_READ)
def report_chart(report_name: str) -> Response:
    """Its picture."""
    found = catalogue.one(report_name)
    if found.chart is None:
        raise NotFound
    asked = catalogue.asked(found, request.args)
    with whole_books():
        drawn = found.chart(asked)
    return Response(drawn, mimetype="application/json")


def shown(found: Report, *, fault: str = "", status: int = 200) -> Response:
    """The page of a report, with what was wrong with what was asked for."""
    asked = catalogue.asked(found, {})
    try:
        asked = catalogue.asked(found, request.args)
    except Malformed as refused:
        fault, status = refused.message, 422
    with whole_books():
        read = [_table(section) for section in found.compose(asked)]
    return page(
        "console/reports/report.html",
        status=status,
        report=found,
        asked=asked,
        given=asked.written(),
        span=found.asks is Asks.SPAN,
        fault=fault,
        presets=_presets(found, asked),
        tables=read,
        after=request.args.get("after", ""),
        formats=FORMATS,
        assets=list(ASSETS),
        products=catalogue.PRODUCTS,
        accounts=proof_sheets.accounts() if catalogue.ACCOUNT in found.options else [],
        files=queries.files_for_operators(report=found.name, limit=NEWEST),
        titles={found.name: found.title},
        staff=identity.names_for_operators(),
        may_make=Permission.REPORTS_MAKE in current_user.permissions,
        now=clock.now(),
    )


def _table(section: Section) -> Table:
    if section.part:
        lines, after = section.part(request.args.get("after", ""), PART)
        return Table(section, [_line(section.columns, line) for line in lines], [], after)
    read = tables.read(section)
    return Table(section, [_line(section.columns, line) for line in read.lines], read.ties)


def _line(columns: Sequence[str], line: tables.Line) -> list[Shown]:
    return [_cell(name, cell) for name, cell in zip(columns, line, strict=True)]


def _cell(column: str, cell: Cell) -> Shown:
    if isinstance(cell, Money):
        return Shown("money", cell)
    if isinstance(cell, datetime):
        return Shown("moment", cell)
    if isinstance(cell, date):
        return Shown("day", cell)
    reads_books = Permission.LEDGER_READ in current_user.permissions
    if isinstance(cell, int):
        leads = column == NUMBER_OF_JOURNAL and reads_books
        return Shown("count", cell, url_for("console.journal", journal_id=cell) if leads else "")
    text = cell or ""
    if column == CODE_OF_ACCOUNT and ":*:" not in text and reads_books:
        return Shown("code", text, url_for("console.account", code=text))
    place = objects.place_of(text) if "_" in text else None
    return Shown("code" if place or column == CODE_OF_ACCOUNT else "text", text, place[1] if place else "")


def _presets(found: Report, asked: Parameters) -> list[tuple[str, dict[str, str], bool]]:
    """Days that people ask for by name: name, address, whether they are looked at."""
    today = clock.now().astimezone(WAT).date()
    month, yesterday = today.replace(day=1), today - ONE_DAY
    last_month = month - ONE_DAY
    spans = [("Today", today, today), ("Yesterday", yesterday, yesterday)]
    if found.asks is Asks.SPAN:
        spans += [
            ("7 days", today - timedelta(days=6), today),
            ("This month", month, today),
            ("Last month", last_month.replace(day=1), last_month),
        ]
    else:
        spans += [("End of last month", last_month, last_month)]
    presets = [(name, replace(asked, first=first, last=last)) for name, first, last in spans]
    return [(name, each.written(), each == asked) for name, each in presets]
