"""A month with its checklist; asking that it be closed, and that a closed one be opened again."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response as BaseResponse

from app.closing import checklist, queries, requests, rules, service
from app.closing.rules import Check, Light
from app.core import crypto
from app.core.db import RETRIED_STATES, atomically, sqlstate
from app.core.errors import Refusal
from app.core.permissions import Permission
from app.governance import queries as governance
from app.governance.models import Request
from app.identity import queries as identity
from app.ledger import periods
from app.web import guards
from app.web.console import asking
from app.web.console.base import bp
from app.web.console.books.months import first_day
from app.web.console.closing import tie_out
from app.web.fragments import page

BUSY = "Somebody was posting all the time. Nothing was lost: try again in a moment."


@bp.get("/ledger/periods/<month>")
@guards.operator(Permission.LEDGER_READ)
def ledger_period(month: str) -> Response:
    """One month: what is looked at before it is closed, or what it was closed on."""
    return _month(first_day(month))


@bp.post("/ledger/periods/<month>/close")
@guards.operator(Permission.LEDGER_CLOSE, fresh=True)
def close_month(month: str) -> Response | BaseResponse:
    """Let nobody book into it any more, and ask others to close it on its checklist."""
    first = first_day(month)
    service.at_leisure()
    try:
        payload = requests.proposed(first, {name: request.form.get(f"why-{name}", "") for name in _names()})
        _settle(first)

        def ask(**by: Any) -> Request:
            return requests.request_close(payload, **by)

        return asking.ask(ask, who="Treasury")
    except Refusal as refused:
        return _month(first, fault=refused.message, status=422)
    except OperationalError as error:
        if sqlstate(error) not in RETRIED_STATES:
            raise
        flash(BUSY, "warn")
        return redirect(url_for("console.ledger_period", month=month), 303)


@bp.post("/ledger/periods/<month>/open-again")
@guards.operator(Permission.LEDGER_CLOSE, fresh=True)
def ask_to_reopen(month: str) -> Response | BaseResponse:
    """Ask two others to open a closed month again."""
    first = first_day(month)
    closing = queries.closing_for_operators(first)
    if closing is None:
        return _month(first, fault="This month is not closed on a checklist.", status=409)

    def ask(**by: Any) -> Request:
        return requests.request_reopen(closing, **by)

    try:
        return asking.ask(ask, who="Two of treasury")
    except Refusal as refused:
        return _month(first, fault=refused.message, status=422)


def _settle(first: date) -> None:
    """Begin to close where nobody did, and wait for whoever is posting: each a transaction of its own."""
    actor, standing = guards.actor(), queries.month_for_operators(first)
    steps: Sequence[Any] = (
        () if standing is not None and standing.state == requests.SETTLED
        else (periods.settle,) if standing is not None else (periods.begin_close, periods.settle)
    )  # fmt: skip
    for step in steps:
        atomically(lambda step=step: step(first), actor=actor)  # type: ignore[misc]


def _names() -> list[str]:
    return [name.removeprefix("why-") for name in request.form if name.startswith("why-")]


def _month(first: date, *, fault: str = "", status: int = 200) -> Response:
    span = rules.month_of(first)
    over = span.last <= queries.yesterday_for_system()
    service.at_leisure()
    closing, standing = queries.closing_for_operators(first), queries.month_for_operators(first)
    state = "open" if standing is None else str(standing.state)
    checks: list[Check] = []
    if over and closing is None and state != requests.CLOSED:
        checks = checklist.of(checklist.given(span))
    return page(
        "console/closing/month.html",
        status=status,
        month=first,
        slug=f"{first:%Y-%m}",
        span=span,
        state=state,
        over=over,
        with_later=standing is not None and standing.month != first,
        closing=closing,
        coin_of=lambda account: tie_out.coin_of(account.rpartition(":")[2]),
        checks=checks,
        red=rules.blocking(checks),
        amber=[one for one in checks if one.light is Light.AMBER],
        before=[both for both in queries.closings_for_operators() if both[0].month == first and both[1] is not None],
        pending=governance.about_for_operators(requests.target_of(first)),
        fault=fault,
        sent=request.form,
        key=crypto.new_token(),
        staff=identity.names_for_operators(),
        newest=max((row.month for row in periods.everything()), default=None) == first,
    )
