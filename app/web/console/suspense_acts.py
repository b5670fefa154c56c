"""What is asked for money in suspense: that a customer be credited, that it go back, that it become several."""

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically
from app.core.errors import NotFound, Refusal
from app.core.money import NGN, Money, parse
from app.core.permissions import Permission
from app.customers import queries as customers
from app.payments import queries, requests
from app.web import guards
from app.web.console.base import bp
from app.web.console.suspense import detail


@bp.post("/suspense/<item_id>/assign")
@guards.operator(Permission.SUSPENSE_RESOLVE, fresh=True)
def request_assigning(item_id: str) -> Response | BaseResponse:
    """Ask that a customer be credited it, for what shows that it is theirs."""
    evidence, actor = request.form.get("evidence", ""), guards.actor()

    def deed() -> None:
        asked = request.form.get("customer", "")
        queries.suspense_item_for_operators(item_id)
        customer_id = customers.found_for_operators(asked).id
        requests.request_assigning(
            item_id, customer_id=customer_id, evidence=evidence, maker=current_user.id, actor=actor
        )

    return _asked(item_id, deed, field="evidence", reason=evidence)


@bp.post("/suspense/<item_id>/return")
@guards.operator(Permission.SUSPENSE_RESOLVE, fresh=True)
def request_returning(item_id: str) -> Response | BaseResponse:
    """Ask that it go back to whoever paid it."""
    reason, actor = request.form.get("return_reason", ""), guards.actor()
    return _asked(
        item_id,
        lambda: requests.request_returning(item_id, reason=reason, maker=current_user.id, actor=actor),
        field="return_reason",
        reason=reason,
    )


@bp.post("/suspense/<item_id>/split")
@guards.operator(Permission.SUSPENSE_RESOLVE, fresh=True)
def request_splitting(item_id: str) -> Response | BaseResponse:
    """Ask that it become several items, one amount a line."""
    reason, actor = request.form.get("split_reason", ""), guards.actor()
    return _asked(
        item_id,
        lambda: requests.request_splitting(item_id, parts=_parts(), reason=reason, maker=current_user.id, actor=actor),
        field="parts",
        reason=reason,
    )


def _asked(item_id: str, deed: Callable[[], object], *, field: str, reason: str) -> Response | BaseResponse:
    try:
        atomically(deed, actor=guards.actor(), reason=reason)
    except NotFound:
        queries.suspense_item_for_operators(item_id)  # (it is the item that is not there, or the customer)
        return detail(item_id, {"customer": "There is no such customer."}, status=422)
    except Refusal as refused:
        return detail(item_id, {field: refused.message}, status=refused.status)
    flash("Asked for. Treasury must agree.", "ok")
    return redirect(url_for("console.suspense_item", item_id=item_id), 303)


def _parts() -> list[Money]:
    lines = [line.strip() for line in request.form.get("parts", "").splitlines()]
    return [parse(line, asset=NGN) for line in lines if line]
