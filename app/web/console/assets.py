"""Assets at the console: what is counted and how it looks; asking for another one, or for another look of one."""

from typing import Any

from flask import request
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.assets import requests, rules
from app.assets.errors import BadAsset
from app.assets.rules import Facts
from app.core import crypto
from app.core.errors import InvalidAmount, Refusal
from app.core.money import Asset, parse, plain
from app.core.permissions import Permission
from app.governance import queries as governance
from app.governance.models import Request
from app.governance.rules import OPEN
from app.ledger import assets as coins
from app.ledger.assets import Terms
from app.web import guards
from app.web.console import asking
from app.web.console.approvals.inbox import staff_names
from app.web.console.base import bp
from app.web.fragments import page

POSITION_MAX = 9_999


@bp.get("/assets")
@guards.operator(Permission.ASSETS_READ)
def assets() -> Response:
    """What is counted, and the form for another one."""
    return _list()


@bp.post("/assets")
@guards.operator(Permission.ASSETS_REQUEST, fresh=True)
def request_asset() -> Response | BaseResponse:
    """Ask for an asset."""
    try:
        return _asked(code=None)
    except Refusal as refused:
        return _list(fault=refused.message, status=422)


@bp.get("/assets/<asset>")
@guards.operator(Permission.ASSETS_READ)
def asset_page(asset: str) -> Response:
    """One of them."""
    return _one(coins.terms(asset))


@bp.post("/assets/<asset>")
@guards.operator(Permission.ASSETS_REQUEST, fresh=True)
def request_asset_change(asset: str) -> Response | BaseResponse:
    """Ask that it look otherwise, or for other terms."""
    terms = coins.terms(asset)
    try:
        return _asked(code=asset)
    except Refusal as refused:
        return _one(terms, fault=refused.message, status=422)


def _asked(*, code: str | None) -> BaseResponse:
    def ask(**by: Any) -> Request:
        decimals = None if code is None else coins.terms(code).asset.decimals
        facts = _read(request.form, code=code, decimals=decimals)
        return (requests.request_new if code is None else requests.request_change)(facts, **by)

    return asking.ask(ask, who="Somebody of treasury")


def _list(*, fault: str = "", status: int = 200) -> Response:
    found = coins.all_terms()
    return page(
        "console/assets/list.html",
        status=status,
        found=found,
        pending=governance.list_for_operators(OPEN, kinds={requests.ADD.name, requests.CHANGE.name}),
        sent=request.form,
        fault=fault,
        **_around(),
    )


def _one(terms: Terms, *, fault: str = "", status: int = 200) -> Response:
    facts = requests.facts_of(terms)
    typed = {name: str(value) for name, value in vars(facts).items()} | {
        "trade_min": plain(terms.trade_min),
        "send_min": plain(terms.send_min),
        "open": "yes" if terms.open else "",
    }
    return page(
        "console/assets/one.html",
        status=status,
        terms=terms,
        pending=governance.about_for_operators(requests.target_of(terms.asset.code)),
        sent=request.form or typed,
        fault=fault,
        **_around(),
    )


def _around() -> dict[str, Any]:
    return {
        "key": crypto.new_token(),
        "staff": staff_names(),
        "may_ask": Permission.ASSETS_REQUEST in current_user.permissions,
    }


def _read(sent: MultiDict[str, str], *, code: str | None, decimals: int | None) -> Facts:
    """What was typed; the code and the decimals of an asset that is there are not asked. Raises BadAsset."""
    words = {name: sent.get(name, "").strip() for name in ("name", "network", "symbol", "mark")}
    below = _number(sent, "decimals", most=rules.DECIMALS_MAX) if decimals is None else decimals
    coin = Asset(code or sent.get("code", "").strip(), below, words["symbol"])
    try:
        traded, moved = (parse(sent.get(name, ""), asset=coin).units for name in ("trade_min", "send_min"))
    except InvalidAmount as refused:
        raise BadAsset(refused.message) from refused
    return Facts(
        code=coin.code,
        decimals=below,
        **words,
        digits=_number(sent, "digits", most=rules.DECIMALS_MAX),
        colour=sent.get("colour", "").strip().lower(),
        trade_min=traded,
        send_min=moved,
        position=_number(sent, "position", most=POSITION_MAX),
        open=sent.get("open") == "yes",
    )


def _number(sent: MultiDict[str, str], name: str, *, most: int) -> int:
    text = sent.get(name, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most):
        raise BadAsset(f"Write a whole number up to {most:,}: {name}.")
    return int(text)
