"""Cases: the queue of what stands still or went wrong, and the page of one: take it, put it off, close it."""

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.breaks.service import OVERDUE
from app.cases import queries, rules, service
from app.cases.errors import NoSuchCase
from app.cases.queries import VIEWS, Asked
from app.closing.rules import NOT_CLOSED
from app.core.db import atomically
from app.core.errors import Refusal
from app.core.permissions import Permission
from app.identity import queries as identity
from app.web import errors, guards
from app.web.console import history
from app.web.console.base import bp, queues, refuse_own
from app.web.console.objects import place_of, whose_cases
from app.web.fragments import page

PAGE = 25
VENUE_DIFFERS = "venue_differs"
OF_POSITIONS = frozenset({"exposure_soft", "exposure_hard", "venue_lacks", "venue_price", "venue_unlisted"})
_POSITION = (Permission.EXCHANGE_READ, "Our position", "console.exposure")
# What has no page of its own: who may look, and where it is seen.
_PLACES = {
    "settlement_late": (Permission.SETTLEMENT_READ, "What Paystack owes", "console.settlements"),
    VENUE_DIFFERS: (Permission.EXCHANGE_READ, "Venue balances", "console.venue_balances"),
    NOT_CLOSED: (Permission.LEDGER_READ, "Months", "console.ledger_periods"),
    **dict.fromkeys(OF_POSITIONS, _POSITION),
}


@bp.get("/cases")
@guards.operator(Permission.CASES_READ)
def cases() -> Response:
    """What needs work, first in the queues of the one who looks; what was raised, put off or closed."""
    owners, mine = whose_cases(), queues()
    view, about = request.args.get("view", ""), request.args.get("about", "")
    view = view if view in VIEWS else "mine" if mine else "open"
    machines = queries.machines_for_operators(owners=owners)
    about = about if about in machines else ""
    queue = request.args.get("queue", "")
    chosen = [queue] if queue in owners else owners
    asked = Asked(view, [each for each in mine if each in chosen] if view == "mine" else chosen, about)
    found = queries.list_for_operators(asked, after=request.args.get("after"), limit=PAGE + 1)
    shown = found[:PAGE]
    return page(
        "console/cases/list.html",
        block="results",
        view=view,
        about=about,
        machines=machines,
        rows=shown,
        next=shown[-1].id if len(found) > PAGE else None,
        first="after" not in request.args,
        counts=queries.counts_for_operators(owners=chosen, mine=mine, machine=about),
        queue=queue if queue in owners else "",
        queues=sorted(owners),
        works=bool(mine),
        staff=identity.names_for_operators(),
    )


@bp.get("/cases/<case_id>")
@guards.operator(Permission.CASES_READ)
def case(case_id: str) -> Response:
    """One: what stands still since when, what can be done about it, what was done."""
    return _case(case_id)


@bp.post("/cases/<case_id>/take")
@guards.operator(Permission.CASES_WORK)
def take_case(case_id: str) -> Response | BaseResponse:
    """Say that one looks after it."""
    return _act(case_id, lambda: service.take(case_id, operator_id=current_user.id), "It is yours.")


@bp.post("/cases/<case_id>/note")
@guards.operator(Permission.CASES_WORK)
def note_on_case(case_id: str) -> Response | BaseResponse:
    """Write down what one found."""
    words = request.form.get("note", "")
    return _act(case_id, lambda: service.note(case_id, words=words, operator_id=current_user.id), "Written down.")


@bp.post("/cases/<case_id>/put-off")
@guards.operator(Permission.CASES_WORK)
def put_off_case(case_id: str) -> Response | BaseResponse:
    """Let it wait, with a note."""
    wait, note, actor = request.form.get("wait", ""), request.form.get("note", ""), guards.actor()
    return _act(
        case_id,
        lambda: service.put_off(case_id, wait=wait, note=note, operator_id=current_user.id, actor=actor),
        "Put off. It comes back by itself.",
    )


@bp.post("/cases/<case_id>/close")
@guards.operator(Permission.CASES_WORK, fresh=True)
def close_case(case_id: str) -> Response | BaseResponse:
    """Close what does not close by itself, with a note."""
    note, actor = request.form.get("note", ""), guards.actor()
    return _act(
        case_id,
        lambda: service.close(case_id, note=note, operator_id=current_user.id, actor=actor),
        "Closed.",
    )


def _act(case_id: str, deed: Callable[[], None], said: str) -> Response | BaseResponse:
    """Do it. No reason goes with it: a note is read on this page, and records are read by more people."""
    _refuse_hidden(case_id)
    try:
        atomically(deed, actor=guards.actor())
    except NoSuchCase:
        raise
    except Refusal as refused:
        if refused.code in {"note_missing", "bad_time"}:
            return _case(case_id, fault=refused)
        errors.say(refused)
    else:
        flash(said, "ok")
    return redirect(url_for("console.case", case_id=case_id), 303)


def _place(kind: str, subject: str) -> tuple[str, str] | None:
    """What it is about, and its page; work that hangs stands in a list."""
    if subject.startswith(rules.TASK_PREFIX) and Permission.JOBS_READ in current_user.permissions:
        return "Job", url_for("console.jobs")
    if kind == OVERDUE and Permission.RECONCILIATION_READ in current_user.permissions:
        return "Overdue breaks", url_for("console.breaks_of", outside=subject.partition(":")[2], view="late")
    permission, title, endpoint = _PLACES.get(kind, (None, "", ""))
    if permission in current_user.permissions:
        return title, url_for(endpoint)
    return place_of(subject)


def _refuse_hidden(case_id: str) -> None:
    """Raise NoSuchCase for one that is not to be read, NotFound where it is about oneself."""
    one = queries.one_for_operators(case_id, owners=whose_cases())
    if one.customer_id is not None:
        refuse_own(one.customer_id)


def _case(case_id: str, *, fault: Refusal | None = None) -> Response:
    _refuse_hidden(case_id)
    one = queries.one_for_operators(case_id, owners=whose_cases())
    return page(
        "console/cases/one.html",
        status=fault.status if fault else 200,
        one=one,
        closes_itself=bool(one.machine) or one.kind == rules.TASK,
        place=_place(one.kind, one.subject),
        notes=queries.notes_for_operators(one.id),
        customer=place_of(one.customer_id) if one.customer_id else None,
        may=one.state != rules.State.CLOSED and rules.may_work(one.owner, state=one.state, roles=queues()),
        waits=[(code, words) for code, (words, _) in rules.PUT_OFF_FOR.items()],
        fault=fault,
        deed=request.path.rpartition("/")[2] if fault else "",
        sent=request.form,
        note_max=rules.NOTE_MAX,
        history=history.of(one.id),
        of_subject=history.of(one.subject) if place_of(one.subject) else [],
        staff=identity.names_for_operators(),
    )
