"""What Paystack owes us by the day it is due, what it paid, and each settlement with its charges."""

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse
from wtforms import IntegerField
from wtforms.validators import NumberRange, Optional

from app.core import machine
from app.core.db import atomically
from app.core.errors import Refusal
from app.core.money import plain
from app.core.permissions import Permission
from app.identity import queries as identity
from app.settlement import partner_fees, queries, rules, service
from app.settlement.rules import SettlementState
from app.web import errors, forms, guards, sheets
from app.web.console import history
from app.web.console.base import bp
from app.web.console.objects import cases_about
from app.web.fragments import page

PAGE = 25
LINES = 50
BATCH = 1_000
JOURNAL_MAX = 2**63 - 1
COLUMNS = ["reference", "paid_at", "service", "paid_ngn", "fee_ngn", "expected_fee_ngn", "journal"]
VIEWS = {
    "open": (SettlementState.ANNOUNCED, SettlementState.DIFFERS, SettlementState.FAILED),
    "posted": (SettlementState.POSTED,),
    "closed": (SettlementState.CLOSED,),
}


class NoteForm(forms.FlaskForm):
    """Why a settlement needs no booking any more: people booked it, or its charges come by another one."""

    journal = IntegerField(
        "Journal",
        [Optional(), NumberRange(1, JOURNAL_MAX, message="A journal has a number.")],
    )
    note = forms.paragraph("Note")


@bp.get("/settlements")
@guards.operator(Permission.SETTLEMENT_READ)
def settlements() -> Response:
    """What is owed, and settlements by how they stand."""
    counts = queries.settlement_counts_for_operators()
    totals = {view: sum(counts.get(state, 0) for state in states) for view, states in VIEWS.items()}
    asked = request.args.get("view", "")
    view = asked if asked in VIEWS else ("open" if totals["open"] else "posted")
    found = queries.settlements_for_operators(states=VIEWS[view], before=request.args.get("before"), limit=PAGE + 1)
    return page(
        "console/settlement/list.html",
        block="results",
        standing=queries.standing_for_operators(),
        view=view,
        counts=totals,
        settlements=found[:PAGE],
        older=found[PAGE - 1].id if len(found) > PAGE else None,
        first="before" not in request.args,
        may_pull=Permission.SETTLEMENT_RUN in current_user.permissions,
    )


@bp.get("/settlements/<settlement_id>")
@guards.operator(Permission.SETTLEMENT_READ)
def settlement(settlement_id: str) -> Response:
    """One settlement and what it is made of."""
    return _detail(settlement_id, NoteForm(), {})


@bp.get("/settlements/<settlement_id>/charges.csv")
@guards.operator(Permission.SETTLEMENT_READ)
def settlement_sheet(settlement_id: str) -> Response:
    """Its charges as a file."""
    found = queries.settlement_for_operators(settlement_id)

    def batch(cursor: str) -> tuple[list[sheets.Row], str]:
        lines = queries.lines_for_operators(found.id, after=cursor, limit=BATCH)
        cells = [
            [line.reference, sheets.stamp(line.paid_at), line.service]
            + [plain(amount) for amount in (line.amount, line.fees, line.expected)]
            + [str(line.journal_id or "")]
            for line in lines
        ]
        return cells, lines[-1].reference if len(lines) == BATCH else ""

    return sheets.long_sheet(f"settlement-{found.vendor_id}", COLUMNS, batch)


@bp.post("/settlements")
@guards.operator(Permission.SETTLEMENT_RUN)
def pull_settlements() -> BaseResponse:
    """Ask that Paystack's settlements be read now."""
    actor = guards.actor()
    atomically(lambda: service.ask(actor=actor), actor=actor)
    flash("Asked for. What Paystack has paid is here in a moment.", "ok")
    return redirect(url_for("console.settlements"), 303)


@bp.post("/settlements/<settlement_id>/close")
@guards.operator(Permission.SETTLEMENT_RUN, fresh=True)
def close_settlement(settlement_id: str) -> Response | BaseResponse:
    """It was booked by hand, or came by another one."""
    form, actor = NoteForm(), guards.actor()
    if not form.validate_on_submit():
        return _detail(settlement_id, form, forms.errors_of(form), status=422)
    note, journal_id = form.note.data.strip(), form.journal.data
    try:
        atomically(
            lambda: service.close(settlement_id, note=note, actor=actor, journal_id=journal_id),
            actor=actor,
            reason=note,
        )
        flash("Closed.", "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("console.settlement", settlement_id=settlement_id), 303)


def _detail(settlement_id: str, form: NoteForm, faults: dict[str, str], *, status: int = 200) -> Response:
    found = queries.settlement_for_operators(settlement_id)
    after = request.args.get("after", "")
    lines = queries.lines_for_operators(found.id, after=after, limit=LINES + 1)
    wait: machine.Wait | None = rules.SETTLEMENT.waits.get(SettlementState(found.state))
    return page(
        "console/settlement/one.html",
        settlement=found,
        lines=lines[:LINES],
        next=lines[LINES - 1].reference if len(lines) > LINES else None,
        first=not after,
        services=partner_fees.NAMES,
        way_out=wait.exit if wait else "",
        cases=cases_about(found.id),
        may_close=found.state in {SettlementState.DIFFERS, SettlementState.FAILED}
        and Permission.SETTLEMENT_RUN in current_user.permissions,
        form=form,
        errors=faults,
        status=status,
        history=history.of(found.id),
        staff=identity.names_for_operators(),
    )
