"""Outside accounts day by day; the proof sheet of one over days, and signing it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from flask import abort, flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.closing import queries, rules, service, sheets
from app.closing.errors import NotOver
from app.closing.models import ProofDay
from app.closing.rules import SignRole, Span
from app.core.db import atomically
from app.core.errors import Malformed, Refusal
from app.core.money import NGN
from app.core.permissions import Permission
from app.identity import queries as identity
from app.matching import break_queries, joining
from app.matching.break_queries import Account
from app.web import guards
from app.web.console.base import bp
from app.web.fragments import page
from reports import proof_sheets

DAYS = 30
FIAT = {"NGN", "USD"}


@dataclass(frozen=True)
class Row:
    """An account, how its last days were proved (None: not yet), and the newest of them."""

    account: Account
    days: list[tuple[date, ProofDay | None]]

    @property
    def newest(self) -> ProofDay | None:
        """The last day that was proved."""
        return next((kept for _, kept in reversed(self.days) if kept is not None), None)

    def count(self, state: str) -> int:
        """How many of them stand so."""
        return sum(kept is not None and kept.state == state for _, kept in self.days)


@bp.get("/tie-out")
@guards.operator(Permission.RECONCILIATION_READ)
def tie_out() -> Response:
    """Every account that outsiders tell of: its last days, and whether the newest holds."""
    last = queries.yesterday_for_system()
    rows = [_row(one, last) for one in break_queries.accounts_for_operators()]
    return page(
        "console/closing/tie_out.html",
        rows=rows,
        failing=[row for row in rows if row.count("fails")],
        last=last,
        month=(last.replace(day=1) - rules.ONE_DAY).replace(day=1),
        count=DAYS,
        coin_of=lambda account: coin_of(account.rpartition(":")[2]),
    )


@bp.get("/tie-out/<outside>")
@guards.operator(Permission.RECONCILIATION_READ)
def proof_sheet(outside: str) -> Response:
    """One account over days: both numbers of every invariant, the days, who stands for it."""
    return _sheet(outside)


@bp.post("/tie-out/<outside>/prepare")
@guards.operator(Permission.LEDGER_CLOSE, fresh=True)
def prepare_sheet(outside: str) -> Response | BaseResponse:
    """Stand for its figures as who prepared them."""
    return _sign(outside, SignRole.PREPARED, "Signed. Somebody of treasury reviews it.")


@bp.post("/tie-out/<outside>/review")
@guards.operator(Permission.LEDGER_LIFT, fresh=True)
def review_sheet(outside: str) -> Response | BaseResponse:
    """Stand for figures that somebody else prepared."""
    return _sign(outside, SignRole.REVIEWED, "Signed. Two people stand for these figures.")


def _row(one: Account, last: date) -> Row:
    kept = queries.days_for_operators(one.account, last=last, count=DAYS)
    days = [last - back * rules.ONE_DAY for back in reversed(range(DAYS))]
    return Row(one, [(day, kept.get(day)) for day in days])


def _sign(outside: str, role: SignRole, words: str) -> Response | BaseResponse:
    actor, sent = guards.actor(), request.form
    span = _span(sent.get)

    def sign() -> str:
        return service.sign(
            outside, span, role=role, shown=sent.get("shown", ""), note=sent.get("note", ""),
            operator_id=current_user.id,
        )  # fmt: skip

    try:
        _known(outside)
        atomically(sign, actor=actor)
    except Refusal as refused:
        return _sheet(outside, span=span, fault=refused.message, status=refused.status)
    flash(words, "ok")
    return redirect(url_for("console.proof_sheet", outside=outside, **_written(span)), 303)  # type: ignore[arg-type]


def _sheet(outside: str, *, span: Span | None = None, fault: str = "", status: int = 200) -> Response:
    _known(outside)
    span = span or _span(request.args.get)
    service.at_leisure()
    sheet = sheets.of(outside, span)
    asset = outside.rpartition(":")[2]
    gaps = [days for each in queries.coverage_for_operators(outside, span) for days in each.missing]
    mine = [one for one in sheet.signatures if one.operator_id == current_user.id and one.digest == sheet.digest]
    return page(
        "console/closing/sheet.html",
        status=status,
        outside=outside,
        asset=asset,
        counted=joining.codes_for_operators(outside),
        coin=coin_of(asset),
        span=span,
        given=_written(span),
        sheet=sheet,
        fault=fault or request.args.get("fault", ""),
        over=span.last <= queries.yesterday_for_system(),
        prepared=sheet.signed(SignRole.PREPARED),
        reviewed=sheet.signed(SignRole.REVIEWED),
        mine=mine,
        untold={day for day in span.days if any(gap.first <= day <= gap.last for gap in gaps)},
        reasons=proof_sheets.REASONS,
        presets=_presets(span),
        staff=identity.names_for_operators(),
        hex=sheet.digest.hex(),
    )


def coin_of(asset: str) -> Callable[[Decimal | str], str]:
    """How amounts of an asset are written: kobo always, of coins as many digits as there are."""
    places = NGN.decimals if asset in FIAT else 0
    return lambda amount: rules.shown(Decimal(amount), places=places)


def _presets(span: Span) -> list[tuple[str, dict[str, str], bool]]:
    yesterday = queries.yesterday_for_system()
    last_month = rules.month_of(yesterday.replace(day=1) - rules.ONE_DAY)
    spans = (
        ("Yesterday", Span(yesterday, yesterday)),
        ("7 days", Span(yesterday - timedelta(days=6), yesterday)),
        ("This month", Span(yesterday.replace(day=1), yesterday)),
        ("Last month", last_month),
    )
    return [(name, _written(each), each == span) for name, each in spans]


def _span(given: Callable[[str], str | None]) -> Span:
    """The days that are asked for; the last whole month where none are. Raises Malformed, NotOver."""
    yesterday = queries.yesterday_for_system()
    usual = rules.month_of(yesterday + rules.ONE_DAY)
    usual = usual if usual.last <= yesterday else rules.month_of(usual.first - rules.ONE_DAY)
    try:
        last = date.fromisoformat(given("to") or usual.last.isoformat())
        first = date.fromisoformat(given("from") or (usual.first if last == usual.last else last).isoformat())
    except ValueError as unread:
        raise Malformed("Write a day like 2026-10-31.") from unread
    if last > yesterday:
        raise NotOver
    if first > last or (last - first).days >= rules.DAYS_MAX or first.year < rules.YEAR_MIN:
        raise Malformed("Choose days of which the last is not before the first, and at most a year of them.")
    return Span(first, last)


def _written(span: Span) -> dict[str, str]:
    return {"from": span.first.isoformat(), "to": span.last.isoformat()}


def _known(outside: str) -> None:
    if outside not in queries.accounts_for_system():
        abort(404)
