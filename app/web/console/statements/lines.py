"""Lines of a source, newest first, narrowed by asset, days, amount and words."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from flask import request
from flask.wrappers import Response
from flask_login import current_user

from app.core.errors import Malformed
from app.core.permissions import Permission
from app.matching import break_queries
from app.statements import line_queries, queries
from app.statements.line_queries import Asked, Page
from app.statements.models import Source
from app.web import guards
from app.web.console.base import bp
from app.web.console.books import times
from app.web.fragments import page

PAGE = 50
NARROWED_BY = ("asset", "from", "to", "amount", "words")
VALUE_MAX = 80
FIRST_YEAR, LAST_YEAR = 2000, 2200
ONE_DAY = timedelta(days=1)


@bp.get("/statements/sources/<source_id>/lines")
@guards.operator(Permission.STATEMENTS_READ)
def statement_lines(source_id: str) -> Response:
    """A page of them. Words and amounts are looked for in so many lines at once: the page says how far it looked."""
    source, before = queries.one_source_for_operators(source_id), request.args.get("before", "")
    given = {name: text for name in NARROWED_BY if (text := request.args.get(name, "").strip()[:VALUE_MAX])}
    fault, found = "", Page([], "", 0, None)
    try:
        found = line_queries.lines_for_operators(source_id, _asked(source, given), before=before, limit=PAGE)
    except Malformed as refused:
        fault = refused.message
    return page(
        "console/statements/lines.html",
        block="results",
        status=422 if fault else 200,
        fault=fault,
        source=source,
        assets=line_queries.assets_for_operators(source_id),
        given=given,
        days={name: times.day_in(given.get(name, "")) for name in ("from", "to")},
        found=found,
        places=break_queries.places_for_operators([line.id for line in found.lines]),
        may_follow=Permission.RECONCILIATION_READ in current_user.permissions,
        first=not before,
    )


def _asked(source: Source, given: dict[str, str]) -> Asked:
    """What the filters mean: days are those of the account. Raises Malformed."""
    until = _midnight(source, given.get("to", ""))
    return Asked(
        asset=given.get("asset", ""),
        since=_midnight(source, given.get("from", "")),
        until=until + ONE_DAY if until else None,
        amount=_amount(given.get("amount", "")),
        words=given.get("words", ""),
    )


def _amount(told: str) -> Decimal | None:
    if not told:
        return None
    try:
        found = Decimal(told.replace(",", "").replace("₦", "").strip())
    except InvalidOperation as unread:
        raise Malformed("Write an amount like 12,500.00.") from unread
    if not found.is_finite():
        raise Malformed("Write an amount like 12,500.00.")
    return found


def _midnight(source: Source, told: str) -> datetime | None:
    if not told:
        return None
    try:
        day = date.fromisoformat(told)
    except ValueError as unread:
        raise Malformed("Write a day like 2026-10-31.") from unread
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Malformed("No lines are kept for that year.")
    return datetime.combine(day, time(), ZoneInfo(source.zone))
