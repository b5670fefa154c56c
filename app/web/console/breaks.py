"""What outside accounts and the books differ by: the accounts, the queue of one, a break with what may belong to it."""

from datetime import datetime, timedelta
from decimal import Decimal

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.db import atomically
from app.core.errors import Refusal
from app.core.permissions import Permission
from app.identity import queries as identity
from app.matching import break_queries, by_hand, queries, service
from app.matching.break_queries import Sought
from app.matching.models import Run
from app.matching.rules import Reason
from app.web import guards
from app.web.console.base import bp
from app.web.fragments import page

PAGE = 50
WORDS = {
    Reason.MISSING_IN_LEDGER: "Missing in the books",
    Reason.MISSING_IN_STATEMENT: "Missing in the statement",
    Reason.AMOUNT_MISMATCH: "Another amount",
    Reason.FEE_VARIANCE: "Another fee",
    Reason.FX_ROUNDING: "Rounding",
    Reason.DUPLICATE_LINE: "Told twice",
    Reason.DUPLICATE_ENTRY: "Booked twice",
    Reason.TIMING: "Not told yet",
    Reason.NOT_COVERED: "No statement of its day",
    Reason.STATEMENT_DOES_NOT_TIE: "Statement does not tie",
    Reason.SEQUENCE_GAP: "Statements do not follow",
    Reason.RESTATED: "Told otherwise later",
    Reason.UNKNOWN_TYPE: "Row of unknown type",
}
# What is wrong with a statement itself, and how that ends.
OF_SHEETS = {
    Reason.STATEMENT_DOES_NOT_TIE: "Its opening balance and its lines are not its closing balance. Once a sound"
    " statement of the same days is here, this closes by itself.",
    Reason.SEQUENCE_GAP: "It begins with another balance than the one before ended with, or balances in it do not"
    " follow. Once what is missing is here, this closes by itself.",
    Reason.RESTATED: "What was told first stays counted. Ask the teller which of the two holds; where it is this one,"
    " correct the books with a journal.",
    Reason.UNKNOWN_TYPE: "No line could be made of this row, so it is not counted as told. Once a file tells it so that"
    " one can, this closes by itself.",
}
AGES = {
    "1": ("Older than a day", timedelta(days=1)),
    "3": ("Older than three days", timedelta(days=3)),
    "7": ("Older than a week", timedelta(days=7)),
    "30": ("Older than thirty days", timedelta(days=30)),
}


@bp.get("/breaks")
@guards.operator(Permission.RECONCILIATION_READ)
def breaks() -> Response:
    """Accounts that statements tell of: both sides, and what is open."""
    accounts = break_queries.accounts_for_operators()
    counts = {each.account: break_queries.counts_for_operators(each.account) for each in accounts}
    return page(
        "console/breaks/accounts.html", accounts=accounts, counts=counts, words=WORDS, most=break_queries.COUNTED_MAX
    )


@bp.get("/breaks/of/<outside>")
@guards.operator(Permission.RECONCILIATION_READ)
def breaks_of(outside: str) -> Response:
    """What is open in one account, newest first."""
    own = break_queries.account_for_operators(outside)
    chosen = {name: request.args.get(name, "") for name in ("reason", "age")}
    age = AGES.get(chosen["age"])
    sought = Sought(
        chosen["reason"] if chosen["reason"] in WORDS else "", clock.now() - age[1] if age is not None else None
    )
    found = break_queries.queue_for_operators(outside, sought, before=_place(), limit=PAGE + 1)
    last = found[PAGE - 1] if len(found) > PAGE else None
    return page(
        "console/breaks/queue.html",
        block="results",
        account=outside,
        own=own,
        counts=break_queries.counts_for_operators(outside),
        most=break_queries.COUNTED_MAX,
        chosen={name: value for name, value in chosen.items() if value},
        words=WORDS,
        ages=[(name, words) for name, (words, _) in AGES.items()],
        items=found[:PAGE],
        older=f"{last.at.isoformat()}|{last.id}" if last is not None else "",
        first="before" not in request.args,
    )


@bp.post("/breaks/of/<outside>")
@guards.operator(Permission.RECONCILIATION_RUN)
def match_account(outside: str) -> BaseResponse:
    """Match what is new in one account, now."""
    actor = guards.actor()

    def match() -> Run | None:
        rules, version = queries.rules_for_operators(outside)
        return service.run(
            outside, rules=rules, version=version, as_of=clock.now(), whole=False, why="asked for", actor=actor
        )

    run = atomically(match, actor=actor)
    told = "Nothing is new." if run is None else f"{run.counts['opened']} opened, {run.counts['closed']} closed."
    flash(told, "ok")
    return redirect(url_for("console.breaks_of", outside=outside), 303)


@bp.get("/breaks/<int:break_id>")
@guards.operator(Permission.RECONCILIATION_READ)
def break_item(break_id: int) -> Response:
    """One break: both sides, and what may belong to it."""
    return _item(break_id, {})


@bp.post("/breaks/<int:break_id>/link")
@guards.operator(Permission.RECONCILIATION_RUN, fresh=True)
def link_break(break_id: int) -> Response | BaseResponse:
    """Say that it belongs together with what was chosen."""
    actor, reason = guards.actor(), request.form.get("reason", "")
    own = break_queries.one_for_operators(break_id)
    chosen = [break_queries.one_for_operators(number) for number in request.form.getlist("with", type=int)]
    if own.closed_by is not None or own.group_id is not None or own.import_id is not None:
        return redirect(url_for("console.break_item", break_id=break_id), 303)
    both = [own, *chosen]
    lines = [each.line_id for each in both if each.line_id is not None]
    entries = [(each.journal_id, each.leg) for each in both if each.leg is not None]

    def link() -> int:
        return by_hand.link(own.account, lines=lines, entries=entries, reason=reason, actor=actor)[1]

    try:
        group_id = atomically(link, actor=actor, reason=reason)
    except Refusal as refused:
        return _item(break_id, {"reason": refused.message}, status=refused.status)
    flash("Put together.", "ok")
    return redirect(url_for("console.match", group_id=group_id), 303)


@bp.get("/matches/<int:group_id>")
@guards.operator(Permission.RECONCILIATION_READ)
def match(group_id: int) -> Response:
    """A match: its lines, its entries, who made it."""
    return _match(group_id, {})


@bp.post("/matches/<int:group_id>/end")
@guards.operator(Permission.RECONCILIATION_RUN, fresh=True)
def end_match(group_id: int) -> Response | BaseResponse:
    """Take it apart, with a reason."""
    actor, reason = guards.actor(), request.form.get("reason", "")
    own, _, _ = break_queries.match_for_operators(group_id)

    def end() -> Run:
        return by_hand.end(group_id, reason=reason, actor=actor)

    try:
        atomically(end, actor=actor, reason=reason)
        flash("Taken apart. Its lines and entries are open again.", "ok")
    except Refusal as refused:
        return _match(group_id, {"reason": refused.message}, status=refused.status)
    return redirect(url_for("console.breaks_of", outside=own.account), 303)


def _item(break_id: int, faults: dict[str, str], *, status: int = 200) -> Response:
    own = break_queries.one_for_operators(break_id)
    _, lines, entries = break_queries.match_for_operators(own.group_id) if own.group_id else (None, [], [])
    is_open = own.closed_by is None
    near = break_queries.candidates_for_operators(own) if is_open else []
    exact = any(each.amount == -own.amount for each in near)
    covering = break_queries.covering_for_operators(own) if is_open and not exact else []
    together = {each.id for each in covering}
    return page(
        "console/breaks/item.html",
        own=own,
        words=WORDS,
        of_sheets=OF_SHEETS,
        lines=lines,
        entries=entries,
        candidates=[*covering, *(each for each in near if each.id not in together)],
        together=together,
        asset=own.account.rpartition(":")[2],
        chosen=request.form.getlist("with", type=int),
        typed=request.form,
        errors=faults,
        status=status,
    )


def _match(group_id: int, faults: dict[str, str], *, status: int = 200) -> Response:
    own, lines, entries = break_queries.match_for_operators(group_id)
    return page(
        "console/breaks/match.html",
        own=own,
        lines=lines,
        entries=entries,
        told=sum((line.delta for line in lines), Decimal(0)),
        booked=sum((entry.amount for entry in entries), Decimal(0)),
        asset=own.account.rpartition(":")[2],
        typed=request.form,
        errors=faults,
        staff=identity.names_for_operators(),
        status=status,
    )


def _place() -> tuple[datetime, int] | None:
    at, _, number = request.args.get("before", "").partition("|")
    try:
        return (datetime.fromisoformat(at), int(number)) if number else None
    except ValueError:
        return None
