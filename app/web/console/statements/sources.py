"""Where statements come from: all sources, one with its days and its files, and saying how its files are read."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock, crypto
from app.core.db import atomically
from app.core.errors import NotFound, Refusal
from app.core.permissions import Permission
from app.governance.models import Request
from app.identity import queries as identity
from app.matching import joining
from app.reconciliation import rule_requests
from app.statements import pull_flows, queries, rules, service, wallets
from app.statements.formats import registry
from app.statements.models import Import, Source, StatementFile
from app.statements.rules import Days
from app.web import errors, guards
from app.web.console import asking
from app.web.console.base import bp
from app.web.console.books import reads
from app.web.console.statements import asked
from app.web.fragments import page

PAGE = 25
SUGGESTED = 300  # accounts
BALANCES = 6  # told last
STRIP_DAYS = 60  # of coverage, that fit side by side on a phone


@dataclass(frozen=True)
class Coverage:
    """Which days a source has statements for, which it should have, and the last days one by one."""

    covered: list[Days]
    missing: list[Days]
    through: date
    strip: list[tuple[date, str]]  # a day and what it is: covered, missing, before or not due

    @property
    def days_missing(self) -> int:
        """How many."""
        return sum(days.count for days in self.missing)


@dataclass(frozen=True)
class Row:
    """A source as the list shows it."""

    source: Source
    accounts: dict[str, str]
    coverage: Coverage
    latest: tuple[StatementFile, Import | None] | None


def coverage_of(source: Source, *, asset: str = "") -> Coverage:
    """As of now, of one asset or of whatever was told; of one that retired nothing is missed any more."""
    now = clock.now()
    covered = queries.coverage_for_operators(source.id, asset=asset)
    through = source.expected_through(now)
    missing = [] if source.retired_at else rules.missing(covered, through=through)
    return Coverage(covered, missing, through, rules.strip(covered, missing, through=through, days=STRIP_DAYS))


@bp.get("/statements")
@guards.operator(Permission.STATEMENTS_READ)
def statement_sources() -> Response:
    """All sources."""
    rows = []
    for one in queries.every_source_for_operators():
        latest = queries.files_for_operators(one.id, limit=1)
        accounts = queries.accounts_for_operators(one.id)
        rows.append(Row(one, accounts, coverage_of(one), latest[0] if latest else None))
    return page(
        "console/statements/sources.html",
        rows=[row for row in rows if not row.source.retired_at],
        retired=[row for row in rows if row.source.retired_at],
        formats=registry.FORMATS,
        may_import=_may_import(),
    )


def by_account() -> dict[str, list[Row]]:
    """Sources that still tell, by the accounts of the books that they tell of."""
    found: dict[str, list[Row]] = {}
    for one in queries.sources_for_operators():
        accounts = queries.accounts_for_operators(one.id)
        for asset, account in accounts.items():
            found.setdefault(account, []).append(Row(one, accounts, coverage_of(one, asset=asset), None))
    return found


@bp.get("/statements/sources/<source_id>")
@guards.operator(Permission.STATEMENTS_READ)
def statement_source(source_id: str) -> Response:
    """One source."""
    return show(source_id)


def show(source_id: str, *, fault: str = "", status: int = 200) -> Response:
    """The page of a source, with what is wrong with what was sent there."""
    source, before = queries.one_source_for_operators(source_id), request.args.get("before", "")
    files = queries.files_for_operators(source_id, before=before, limit=PAGE + 1)
    return page(
        "console/statements/source.html",
        block="files",
        status=status,
        fault=fault,
        source=source,
        format=registry.FORMATS.get(source.format),
        accounts=queries.stand_ins_for_operators(source_id),
        others=joining.others_for_operators(),
        codes=[code for code in reads.house_codes(limit=SUGGESTED) if code.startswith("asset:")],
        coverage=coverage_of(source),
        balances=queries.balances_told_for_operators(source_id, limit=BALANCES),
        today=clock.now().astimezone(source.tz).date(),
        pulled=source.pull_from is not None
        or pull_flows.can_ask(source.format, clients=current_app.extensions["clients"]),
        pulls=queries.pulls_for_operators(source_id),
        rhythms=rules.PULL_RHYTHMS,
        files=files[:PAGE],
        older=files[PAGE - 1][0].id if len(files) > PAGE else "",
        first=not before,
        waiting=any(file.state == rules.FileState.WAITING for file, _ in files)
        or queries.pull_under_way_for_system(source_id) is not None,
        told_of=[] if source.retired_at else queries.told_accounts_for_operators(source_id),
        staff=identity.names_for_operators(),
        key=crypto.new_token(),
        may_import=_may_import() and not source.retired_at,
        may_download=Permission.STATEMENTS_DOWNLOAD in current_user.permissions,
    )


@bp.get("/statements/new")
@guards.operator(Permission.STATEMENTS_IMPORT)
def new_statement_source() -> Response:
    """A form for another source; its fields follow from the format."""
    return _form(None)


@bp.post("/statements/sources")
@guards.operator(Permission.STATEMENTS_IMPORT)
def add_statement_source() -> Response | BaseResponse:
    """Add a source; one whose columns must be told goes on to saying them."""
    sent, actor = request.form, guards.actor()
    format_name = sent.get("format", "")
    if format_name not in registry.FORMATS:
        raise NotFound
    try:
        settings, (lag_days, cut_off) = asked.settings(format_name, kept={}), asked.due()
        source = atomically(
            lambda: service.add_source(
                sent.get("name", "").strip(), title=sent.get("title", "").strip(), format_name=format_name,
                settings=settings, lag_days=lag_days, cut_off=cut_off, continues=sent.get("continues", ""),
            ),
            actor=actor,
        )  # fmt: skip
    except Refusal as refused:
        return _form(None, fault=refused.message, status=422)
    by_columns = "profile" in registry.FORMATS[format_name].takes
    flash("Added. Say which columns its files have." if by_columns else "Added. Bring its first statement.", "ok")
    onward = "console.statement_columns" if by_columns else "console.statement_source"
    return redirect(url_for(onward, source_id=source.id), 303)


@bp.get("/statements/sources/<source_id>/edit")
@guards.operator(Permission.STATEMENTS_IMPORT)
def edit_statement_source(source_id: str) -> Response:
    """A form for saying otherwise how its files are read."""
    return _form(queries.one_source_for_operators(source_id))


@bp.post("/statements/sources/<source_id>")
@guards.operator(Permission.STATEMENTS_IMPORT)
def change_statement_source(source_id: str) -> Response | BaseResponse:
    """Keep what was said; what was read stays as it was read."""
    source, actor = queries.one_source_for_operators(source_id), guards.actor()
    try:
        settings, (lag_days, cut_off) = asked.settings(source.format, kept=source.settings), asked.due()
        title = request.form.get("title", "").strip()
        atomically(
            lambda: service.change_source(source, title=title, settings=settings, lag_days=lag_days, cut_off=cut_off),
            actor=actor,
        )
    except Refusal as refused:
        return _form(source, fault=refused.message, status=422)
    flash("Saved. Files that come from now on are read so.", "ok")
    return redirect(url_for("console.statement_source", source_id=source_id), 303)


@bp.post("/statements/sources/<source_id>/accounts")
@guards.operator(Permission.STATEMENTS_IMPORT)
def name_statement_account(source_id: str) -> Response | BaseResponse:
    """Say which account of the books stands for what it tells of an asset; a wallet's is asked for."""
    source, sent, actor = queries.one_source_for_operators(source_id), request.form, guards.actor()
    try:
        tolerance, asset = asked.tolerance(), sent.get("asset", "").strip()[:20]
        account = sent.get("account", "").strip()
        if wallets.needs_two(source.id, asset=asset, account=account):
            return asking.ask(partial(_opened, source.id, asset, account), who="Treasury")
        held = min(tolerance, queries.tolerance_for_system(source.id, asset)) if tolerance.is_finite() else tolerance
        atomically(lambda: service.stand_for(source.id, asset=asset, account=account, tolerance=held), actor=actor)
        if tolerance > held:
            return asking.ask(partial(_more, source.id, asset, tolerance), who="Treasury")
    except Refusal as refused:
        return show(source_id, fault=refused.message, status=422)
    flash(f"Saved. {account} stands for its {asset}.", "ok")
    return redirect(url_for("console.statement_source", source_id=source_id), 303)


@bp.post("/statements/sources/<source_id>/retire")
@guards.operator(Permission.STATEMENTS_IMPORT)
def retire_statement_source(source_id: str) -> BaseResponse:
    """Nothing more comes from it; of one that told of an account somebody else must agree to that."""
    actor = guards.actor()
    try:
        if queries.told_accounts_for_operators(source_id):
            return asking.ask(partial(rule_requests.request_retirement, source_id), who="Treasury")
        atomically(lambda: service.retire(source_id), actor=actor)
        flash("Retired. What it told stays, and no day is missed any more.", "ok")
    except NotFound:
        raise
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("console.statement_source", source_id=source_id), 303)


def _opened(source_id: str, asset: str, account: str, **by: Any) -> Request:
    return rule_requests.request_wallet(source_id, asset=asset, account=account, **by)


def _more(source_id: str, asset: str, tolerance: Decimal, **by: Any) -> Request:
    return rule_requests.request_tolerance(source_id, asset=asset, tolerance=tolerance, **by)


def _form(source: Source | None, *, fault: str = "", status: int = 200) -> Response:
    chosen = source.format if source else request.values.get("format", "")
    return page(
        "console/statements/source_form.html",
        status=status,
        source=source,
        formats=registry.FORMATS,
        format=registry.FORMATS.get(chosen),
        kept=source.settings if source else {},
        told=source is not None and queries.has_told_for_operators(source.id),
        sent=request.form,
        fault=fault,
        zones=asked.zones(),
        ended=[] if source else queries.ended_sources_for_operators(),
        lag_days=source.lag_days if source else rules.LAG_DAYS,
        cut_off=source.cut_off if source else rules.CUT_OFF,
    )


def _may_import() -> bool:
    return Permission.STATEMENTS_IMPORT in current_user.permissions
