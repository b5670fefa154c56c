"""Profit and loss: what our dealing gained, earned and cost, by day and by asset; a chart, a table, a file."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import request
from flask.wrappers import Response

from app.core import clock
from app.core.clock import WAT
from app.core.db import whole_books
from app.core.errors import Malformed
from app.core.money import plain
from app.core.permissions import Permission
from app.web import guards, sheets
from app.web.console.base import bp
from app.web.fragments import page
from reports import charts
from reports import results as reports
from reports.results import Made, Results

ONE_DAY = timedelta(days=1)
DAYS_MAX = 366
FIRST_YEAR = 2000
COLUMNS = [
    "day", "asset", "realised_ngn", "spread_ngn", "fees_ngn", "rounding_ngn", "venue_fees_ngn", "other_ngn",
    "result_ngn", "changes_without_a_price",
]  # fmt: skip


@dataclass(frozen=True)
class Span:
    """Whole days of Lagos, both of them in it."""

    first: date
    last: date

    @property
    def until(self) -> datetime:
        """The moment before which all of it is."""
        return datetime.combine(self.last + ONE_DAY, time(), WAT)


@bp.get("/exposure/results")
@guards.operator(Permission.EXCHANGE_READ)
def results() -> Response:
    """Results of a span of days: this month where none is asked for."""
    fault, span = "", _month(_today())
    try:
        span = _span()
    except Malformed as refused:
        fault = refused.message
    return page(
        "console/dealing/results.html",
        status=422 if fault else 200,
        fault=fault,
        span=span,
        given={name: request.args.get(name, "") for name in ("from", "to")},
        presets=_presets(),
        found=_results(span),
    )


@bp.get("/exposure/results.json")
@guards.operator(Permission.EXCHANGE_READ)
def results_chart() -> Response:
    """The chart of a span."""
    return Response(charts.results(_results(_span()).by_day), mimetype="application/json")


@bp.get("/exposure/results.csv")
@guards.operator(Permission.EXCHANGE_READ)
def results_sheet() -> Response:
    """A span as a file: a line for each asset on each day on which something happened."""
    span = _span()
    lines = [[day.isoformat(), asset, *_cells(made)] for day, asset, made in _results(span).lines]
    return sheets.sheet(f"results-{span.first}-{span.last}", COLUMNS, lines)


@bp.get("/exposure/standings")
@guards.operator(Permission.EXCHANGE_READ)
def standings() -> Response:
    """What positions cost and would gain: read after the page that asks for it, since it goes through all dealing."""
    found = _results(Span(_today(), _today()))
    return page("console/dealing/standings.html", block="standings", found=found)


def _results(span: Span) -> Results:
    with whole_books():
        return reports.of(since=span.first, until=min(span.until, clock.now()))


def _cells(made: Made) -> sheets.Row:
    amounts = (made.realised, made.spread, made.fees, made.rounding, made.venue_fees, made.other, made.result)
    return [*map(plain, amounts), str(made.unpriced)]


def _span() -> Span:
    """The days that the address names. Raises Malformed."""
    first, last = request.args.get("from", ""), request.args.get("to", "")
    try:
        end = date.fromisoformat(last) if last else _today()
        begin = date.fromisoformat(first) if first else end.replace(day=1)
    except ValueError as unread:
        raise Malformed("Write a day like 2026-10-31.") from unread
    if begin.year < FIRST_YEAR or end > _today():
        raise Malformed("Choose days from the year 2000 on, and none that is still to come.")
    if begin > end or (end - begin).days >= DAYS_MAX:
        raise Malformed("Choose a span that ends after it begins and is at most a year long.")
    return Span(begin, end)


def _presets() -> list[tuple[str, Span]]:
    """Spans that people ask for by name."""
    today = _today()
    month = _month(today)
    before = _month(month.first - ONE_DAY)
    return [
        ("Today", Span(today, today)),
        ("7 days", Span(today - timedelta(days=6), today)),
        ("This month", month),
        ("Last month", Span(before.first, month.first - ONE_DAY)),
        ("This year", Span(today.replace(month=1, day=1), today)),
    ]


def _month(day: date) -> Span:
    """The month of a day, up to that day."""
    return Span(day.replace(day=1), day)


def _today() -> date:
    return clock.now().astimezone(WAT).date()
