"""What could not be placed: look, ask that money go to its customer, close with a note what no money stands behind."""

import json
from datetime import timedelta

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock, inbox
from app.core.db import atomically
from app.core.errors import NotFound, Refusal
from app.core.permissions import Permission
from app.customers import queries as customers
from app.governance import queries as governance
from app.identity import queries as identity
from app.payments import queries, requests
from app.payments import suspense as waiting
from app.payments.models import SuspenseItem
from app.payments.rules import RESTRICTED, SUSPENSE, TOPICS, DepositState, SuspenseState
from app.restrictions import queries as restrictions
from app.restrictions.rules import Way
from app.web import errors, forms, guards
from app.web.console import history
from app.web.console.base import bp
from app.web.console.objects import cases_about
from app.web.fragments import page

PAGE = 25
AGES = {
    "day": ("Older than a day", timedelta(days=1)),
    "week": ("Older than a week", timedelta(days=7)),
    "month": ("Older than thirty days", timedelta(days=30)),
}


class NoteForm(forms.FlaskForm):
    """Why an item can be closed."""

    note = forms.paragraph("Note")


@bp.get("/suspense")
@guards.operator(Permission.SUSPENSE_READ)
def suspense() -> Response:
    """Open items, or those that were closed."""
    state = SuspenseState.RESOLVED if request.args.get("view") == "resolved" else SuspenseState.OPEN
    chosen = {name: request.args.get(name, "") for name in ("topic", "age", "turn", "money")}
    found = queries.suspense_for_operators(
        _sought(chosen), state=state, before=request.args.get("before"), limit=PAGE + 1
    )
    return page(
        "console/suspense.html",
        block="results",
        state=state,
        restricted=RESTRICTED,
        chosen={name: value for name, value in chosen.items() if value},
        topics=TOPICS,
        ages=[(name, words) for name, (words, _) in AGES.items()],
        items=found[:PAGE],
        asked=queries.asked_about_for_operators([item.id for item in found[:PAGE]]),
        late=clock.now() - SUSPENSE.waits[SuspenseState.OPEN].limit,
        older=found[PAGE - 1].id if len(found) > PAGE else None,
        first="before" not in request.args,
        counts={each: queries.suspense_count_for_operators(state=each) for each in SuspenseState},
    )


def _sought(chosen: dict[str, str]) -> queries.Sought:
    age = AGES.get(chosen["age"])
    return queries.Sought(
        topic=next((topic for topic in TOPICS if topic == chosen["topic"]), None),
        until=clock.now() - age[1] if age else None,
        money=chosen["money"] == "1",
        asked={"treasury": True, "finance": False}.get(chosen["turn"]),
    )


@bp.get("/suspense/<item_id>")
@guards.operator(Permission.SUSPENSE_READ)
def suspense_item(item_id: str) -> Response:
    """One item with the message behind it."""
    return detail(item_id, {})


@bp.post("/suspense/<item_id>/resolve")
@guards.operator(Permission.SUSPENSE_RESOLVE, fresh=True)
def resolve_suspense(item_id: str) -> Response | BaseResponse:
    """Close an item with a note."""
    form, actor = NoteForm(), guards.actor()
    if not form.validate_on_submit():
        return detail(item_id, forms.errors_of(form), status=422)
    note = form.note.data.strip()
    try:
        atomically(lambda: waiting.resolve(item_id, note=note, actor=actor), actor=actor, reason=note)
        flash("Closed.", "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("console.suspense_item", item_id=item_id), 303)


@bp.post("/suspense/<item_id>/place")
@guards.operator(Permission.SUSPENSE_RESOLVE, fresh=True)
def request_placing(item_id: str) -> Response | BaseResponse:
    """Ask that its money be credited to its customer."""
    reason, actor = request.form.get("reason", ""), guards.actor()

    def deed() -> None:
        requests.request_placing(item_id, reason=reason, maker=current_user.id, actor=actor)

    try:
        atomically(deed, actor=actor, reason=reason)
    except NotFound:
        raise
    except Refusal as refused:
        return detail(item_id, {"reason": refused.message}, status=refused.status)
    flash("Asked for. Treasury must agree.", "ok")
    return redirect(url_for("console.suspense_item", item_id=item_id), 303)


def detail(item_id: str, faults: dict[str, str], *, status: int = 200) -> Response:
    """The page of one item, with what was wrong with what was asked."""
    item = queries.suspense_item_for_operators(item_id)
    deposit = queries.placeable_for_operators(item)
    named = queries.deposit_for_system(reference=item.reference) if item.reference else None
    return page(
        "console/suspense_item.html",
        item=item,
        deposit=deposit,
        owner=customers.one_for_operators(deposit.customer_id) if deposit else None,
        credited=named if named and named.state == DepositState.CREDITED and not item.journal_id else None,
        named=customers.one_for_operators(named.customer_id) if named else None,
        cases=cases_about(item.id),
        parts=queries.suspense_parts_for_operators(item.id),
        waits=deposit is not None and restrictions.stopped_for_operators(deposit.customer_id, way=Way.IN),
        pending=governance.about_for_operators(requests.target_of(item.id)),
        corrected=queries.is_corrected_for_operators(item),
        typed=request.form,
        message=_message(item),
        errors=faults,
        status=status,
        history=history.of(item.id),
        staff=identity.names_for_operators(),
    )


def _message(item: SuspenseItem) -> str:
    """The vendor's message, indented when it can be read."""
    if item.inbox_id is None:
        return ""
    body = inbox.read(item.inbox_id).body
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body.decode(errors="replace")
