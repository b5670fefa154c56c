"""Wallets: which there are, opening one, closing one that is empty."""

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core.db import atomically
from app.core.errors import Refusal
from app.core.money import NGN
from app.ledger import assets
from app.wallets import queries, service
from app.web import errors, guards
from app.web.fragments import page
from app.web.portal.base import bp


@bp.get("/wallets")
@guards.customer
def wallet_list() -> Response:
    """Those that are open, each with what is in it, and what else can be held."""
    held = queries.balances_of(customer_id=current_user.id)
    there = {code for code, _ in held}
    others = [one.asset for one in assets.all_terms() if one.open and one.asset.code not in there]
    return page("portal/wallets.html", held=held, others=others, naira=NGN.code)


@bp.post("/wallets/open")
@guards.customer
def open_wallet() -> BaseResponse:
    """Open one."""
    code, owner = request.form.get("asset", ""), current_user.id
    try:
        atomically(lambda: service.open_own(owner, code=code), actor=guards.actor())
        flash("Your wallet is open.", "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("portal.wallet_list"), 303)


@bp.post("/wallets/close")
@guards.customer
def close_wallet() -> BaseResponse:
    """Close one that is empty."""
    code, owner = request.form.get("asset", ""), current_user.id
    try:
        atomically(lambda: service.close_own(owner, code=code), actor=guards.actor())
        flash("Closed. Open it again whenever you like.", "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("portal.wallet_list"), 303)
