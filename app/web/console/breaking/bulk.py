"""Many breaks at once: what is about to be done, in words and numbers; how far it is; what came of each."""

from datetime import timedelta
from decimal import Decimal, InvalidOperation

from flask import redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.breaks import board, bulk, queries, requests, rules
from app.breaks.bulk import Chosen, Deed
from app.breaks.models import Bulk
from app.breaks.rules import Act
from app.core import clock
from app.core.clock import WAT
from app.core.db import atomically
from app.core.errors import Refusal
from app.core.money import ASSETS, NGN, Money
from app.core.permissions import Permission
from app.identity import queries as identity
from app.matching import break_queries
from app.web import guards, sheets
from app.web.console.base import bp
from app.web.console.breaking import item, words
from app.web.fragments import page

PAGE = 100
BATCH = 1_000
OUTCOMES = {"done": "Done", "ineligible": "Left out", "failed": "Failed", "": "Waits"}
COLUMNS = ["break", "amount", "outcome", "why"]


@bp.get("/breaks/of/<outside>/bulk")
@guards.operator(Permission.RECONCILIATION_RUN)
def look_at_bulk(outside: str) -> Response:
    """What fits the filter, in words, with its number and sum; and what may be done to all of it."""
    return _look(outside, {})


@bp.post("/breaks/of/<outside>/bulk")
@guards.operator(Permission.RECONCILIATION_RUN, fresh=True)
def begin_bulk(outside: str) -> Response | BaseResponse:
    """Do it, or ask that it be done, to what was shown."""
    narrowed, sent, actor, maker = words.chosen(), request.form, guards.actor(), current_user.id

    def ask() -> str:
        found = bulk.chosen_for_operators(outside, words.sought(narrowed))
        scope = words.scope(outside, narrowed, found)
        act = Act(sent.get("act", ""))
        deed = Deed(
            act,
            sent.get("words", ""),
            owner=sent.get("owner") or None if act == Act.ASSIGN else None,
            until=item.day(sent.get("until", "")) if act == Act.ACCEPT else None,
        )
        return bulk.ask(outside, words.sought(narrowed), deed, scope=scope, seen=_seen(), maker=maker, actor=actor).id

    break_queries.account_for_operators(outside)
    if sent.get("act", "") not in set(Act):
        return _look(outside, {"act": "Choose what is to be done."}, status=422)
    try:
        bulk_id = atomically(ask, actor=actor, reason=sent.get("words", ""))
    except Refusal as refused:
        return _look(outside, {"act": refused.message}, status=refused.status)
    return redirect(url_for("console.break_bulk", bulk_id=bulk_id), 303)


@bp.get("/breaks/bulks/<bulk_id>")
@guards.operator(Permission.RECONCILIATION_READ)
def break_bulk(bulk_id: str) -> Response:
    """How far one is, and what came of each break."""
    one, view = queries.bulk_for_operators(bulk_id), request.args.get("outcome", "")
    after = request.args.get("after", 0, type=int)
    chosen = [view] if view in OUTCOMES and view else []
    found = queries.rows_for_operators(bulk_id, after=after, outcomes=chosen, limit=PAGE + 1)
    counts = queries.outcomes_for_operators(bulk_id)
    return page(
        "console/breaks/bulk_done.html",
        block="results",
        one=one,
        counts=counts,
        finished=one.rows_total - counts.get("", 0),
        outcomes=OUTCOMES,
        view=chosen[0] if chosen else "",
        rows=found[:PAGE],
        next=found[PAGE - 1].break_id if len(found) > PAGE else None,
        first=not after,
        acts=words.ACTS,
        staff=identity.names_for_operators(),
    )


@bp.get("/breaks/bulks/<bulk_id>.csv")
@guards.operator(Permission.RECONCILIATION_READ)
def break_bulk_sheet(bulk_id: str) -> Response:
    """What came of each, as a file."""
    one: Bulk = queries.bulk_for_operators(bulk_id)

    def batch(cursor: str) -> tuple[list[sheets.Row], str]:
        found = queries.rows_for_operators(one.id, after=int(cursor or 0), limit=BATCH)
        cells = [[str(row.break_id), f"{row.amount:f}", row.outcome or "waits", row.why] for row in found]
        return cells, str(found[-1].break_id) if len(found) == BATCH else ""

    return sheets.long_sheet(f"breaks-{one.id}", COLUMNS, batch)


def _look(outside: str, faults: dict[str, str], *, status: int = 200) -> Response:
    break_queries.account_for_operators(outside)
    narrowed, today = words.chosen(), clock.now().astimezone(WAT).date()
    found: Chosen | None = None
    try:
        found = bulk.chosen_for_operators(outside, words.sought(narrowed))
        scope = words.scope(outside, narrowed, found)
    except Refusal as refused:
        scope = refused.message
    return page(
        "console/breaks/bulk.html",
        account=outside,
        chosen=narrowed,
        found=found,
        scope=scope,
        bookable=rules.units(found.amount, asset=ASSETS[outside.rpartition(":")[2]]) if found else 0,
        unit=board.unit_of(outside),
        acts=words.acts(narrowed),
        workers=item.workers(),
        first_day=today + timedelta(days=1),
        last_day=today + rules.ACCEPTED_MAX,
        limit=Money(NGN, requests.own_limit(current_user.id)),
        typed=request.form,
        errors=faults,
        status=status,
    )


def _seen() -> tuple[int, Decimal]:
    """What the page said that fits."""
    try:
        return request.form.get("many", 0, type=int), Decimal(request.form.get("amount", "0"))
    except InvalidOperation:
        return 0, Decimal(0)
