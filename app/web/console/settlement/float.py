"""The balance that withdrawals are paid from: beside the books, above its floor, and topped up by two."""

from datetime import date
from typing import Any

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import crypto
from app.core.db import atomically
from app.core.errors import InvalidAmount, NotFound, Refusal
from app.core.money import NGN, Money, parse, plain
from app.core.permissions import Permission
from app.governance import queries as governance
from app.governance.models import Request
from app.payments import payout_queries as payouts
from app.settlement import queries, requests, service
from app.settlement.errors import BadFloor, TopUpOutOfBounds
from app.web import errors, guards
from app.web.console import asking
from app.web.console.approvals.inbox import staff_names
from app.web.console.base import bp
from app.web.fragments import page

PAGE = 25


@bp.get("/settlements/float")
@guards.operator(Permission.SETTLEMENT_READ)
def float_page() -> Response:
    """How it stands, what is on its way, and how it stood."""
    return _float()


@bp.post("/settlements/float/top-ups")
@guards.operator(Permission.SETTLEMENT_REQUEST_FLOAT, fresh=True)
def request_top_up() -> Response | BaseResponse:
    """Ask that money go from our bank into the balance."""

    def ask(**by: Any) -> Request:
        try:
            amount = parse(request.form.get("amount", ""), asset=NGN)
        except InvalidAmount as refused:
            raise TopUpOutOfBounds(refused.message) from refused
        return requests.request_top_up(amount, **by)

    try:
        return asking.ask(ask, who="Treasury")
    except Refusal as refused:
        return _float(fault=refused.message, fault_of="top_up", status=422)


@bp.post("/settlements/float/floor")
@guards.operator(Permission.SETTLEMENT_REQUEST_FLOAT, fresh=True)
def request_floor() -> Response | BaseResponse:
    """Ask for another floor from a day on."""
    sent = request.form

    def ask(**by: Any) -> Request:
        try:
            floor, target = parse(sent.get("floor", ""), asset=NGN), parse(sent.get("target", ""), asset=NGN)
            starts_on = date.fromisoformat(sent.get("starts_on", ""))
        except InvalidAmount as refused:
            raise BadFloor(refused.message) from refused
        except ValueError as unread:
            raise BadFloor("Say on which day it begins.") from unread
        return requests.request_floor(floor, target=target, starts_on=starts_on, **by)

    try:
        return asking.ask(ask, who="Treasury")
    except Refusal as refused:
        return _float(fault=refused.message, fault_of="floor", status=422)


@bp.post("/settlements/float/top-ups/<top_up_id>/abandon")
@guards.operator(Permission.SETTLEMENT_ABANDON, fresh=True)
def abandon_top_up(top_up_id: str) -> BaseResponse:
    """Nobody sent it."""
    actor, note = guards.actor(), request.form.get("note", "").strip()
    try:
        atomically(lambda: service.abandon_top_up(top_up_id, note=note, actor=actor), actor=actor, reason=note)
        flash("Given up. Nothing was booked.", "ok")
    except NotFound:
        raise
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("console.float_page"), 303)


def _float(*, fault: str = "", fault_of: str = "", status: int = 200) -> Response:
    before = request.args.get("before", type=int)
    readings = queries.readings_for_operators(before=before, limit=PAGE + 1)
    newest = queries.readings_for_operators(limit=1)
    queued = Money(NGN, queries.queued_for_system())
    after = newest[0].theirs - queued if newest else None
    target = payouts.floor_for_system().target
    targets = (requests.TARGET_TOP_UPS, requests.TARGET_FLOOR)
    return page(
        "console/settlement/float.html",
        status=status,
        newest=newest,
        queued=queued,
        after=after,
        wanted=plain(target - after) if after is not None and after < target else "",
        readings=readings[:PAGE],
        older=readings[PAGE - 1].id if len(readings) > PAGE else None,
        first=before is None,
        bank=queries.bank_for_operators(),
        floors=payouts.floors_for_operators(),
        top_ups=queries.top_ups_for_operators(),
        pending=[one for target in targets for one in governance.about_for_operators(target)],
        sent=request.form,
        fault=fault,
        fault_of=fault_of,
        key=crypto.new_token(),
        staff=staff_names(),
        may_ask=Permission.SETTLEMENT_REQUEST_FLOAT in current_user.permissions,
        may_abandon=Permission.SETTLEMENT_ABANDON in current_user.permissions,
    )
