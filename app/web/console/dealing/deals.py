"""Deals over the counter: dollars for naira from somebody we know. Finance asks, treasury agrees; booked on arrival."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import crypto
from app.core.db import atomically
from app.core.errors import InvalidAmount, NotFound, Refusal
from app.core.money import ASSETS, NGN, Money, parse
from app.core.permissions import Permission
from app.exchange import holdings, queries, requests, rules
from app.exchange.errors import DealOutOfBounds
from app.governance import queries as governance
from app.governance.models import Request
from app.ledger import balances, chart
from app.web import errors, guards
from app.web.console import asking, history
from app.web.console.approvals.inbox import staff_names
from app.web.console.base import bp
from app.web.console.dealing.hedges import price_of
from app.web.console.objects import cases_about
from app.web.fragments import page

PAGE = 25


@bp.get("/exposure/deals")
@guards.operator(Permission.EXCHANGE_READ)
def deals() -> Response:
    """Those on their way and those that ended, newest first."""
    return _deals()


@bp.post("/exposure/deals")
@guards.operator(Permission.EXCHANGE_REQUEST, fresh=True)
def request_deal() -> Response | BaseResponse:
    """Ask that naira from our bank buy something that comes to the venue."""
    sent = request.form

    def ask(**by: Any) -> Request:
        if sent.get("asset", "") not in queries.assets_for_system(rules.VENUE).values():
            raise DealOutOfBounds("Choose what is bought.")
        try:
            paid = parse(sent.get("paid", ""), asset=NGN)
            got = parse(sent.get("got", ""), asset=ASSETS[sent["asset"]])
        except InvalidAmount as refused:
            raise DealOutOfBounds(refused.message) from refused
        return requests.request_deal(paid, got=got, counterparty=sent.get("counterparty", ""), **by)

    try:
        return asking.ask(ask, who="Treasury")
    except Refusal as refused:
        return _deals(fault=refused.message, status=422)


@bp.post("/exposure/deals/<deal_id>/abandon")
@guards.operator(Permission.EXCHANGE_ABANDON, fresh=True)
def abandon_deal(deal_id: str) -> BaseResponse:
    """Nothing comes of it."""
    actor, note = guards.actor(), request.form.get("note", "").strip()
    try:
        atomically(lambda: holdings.abandon_deal(deal_id, note=note, actor=actor), actor=actor, reason=note)
        flash("Given up. Nothing was booked.", "ok")
    except NotFound:
        raise
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("console.deals"), 303)


def _deals(*, fault: str = "", status: int = 200) -> Response:
    before = request.args.get("before", "")
    found = queries.deals_for_operators(before=before, limit=PAGE + 1)
    shown, may = found[:PAGE], current_user.permissions
    naira = {one.id: price_of(one.got, one.paid) for one in shown}
    return page(
        "console/dealing/deals.html",
        status=status,
        deals=[(one, naira[one.id]) for one in shown],
        older=shown[-1].id if len(found) > PAGE else None,
        first=not before,
        bank=balances.of(chart.house(chart.BANK, asset=NGN)).booked,
        free=_free(),
        pending=governance.about_for_operators(requests.TARGET_DEALS),
        assets=[(code, f"{ASSETS[code].name or code}") for code in queries.assets_for_system(rules.VENUE).values()],
        cases=cases_about(*(one.id for one in shown)),
        history=history.of(*(one.id for one in shown)),
        sent=request.form,
        fault=fault,
        key=crypto.new_token(),
        staff=staff_names(),
        venue=rules.VENUE.capitalize(),
        way_out=rules.DEAL.waits[rules.DealState.AGREED].exit,
        may_ask=Permission.EXCHANGE_REQUEST in may,
        may_abandon=Permission.EXCHANGE_ABANDON in may,
    )


def _free() -> list[Money]:
    """What the venue holds of ours that we pay with, and no order may take."""
    return [
        Money(ASSETS[code], queries.free_at_venue_for_system(rules.VENUE, code))
        for currency, code in queries.assets_for_system(rules.VENUE).items()
        if currency in {"USD", "USDT"}
    ]
