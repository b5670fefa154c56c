"""A customer's own account number and kept cards: ask for one, have Paystack look for a transfer, remove a card."""

from flask import current_app, flash, redirect, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.clients.http import Refused
from app.core.db import atomically
from app.core.errors import NotFound, Refusal, Unavailable
from app.payments import cards, dedicated, queries
from app.payments.dedicated_rules import DedicatedState
from app.payments.intake import flows
from app.web import errors, guards
from app.web.fragments import page
from app.web.portal.base import bp


@bp.get("/deposit/account")
@guards.customer
def account_number() -> Response:
    """The account number that is theirs alone, where the way to it stands."""
    account = queries.dedicated_account(customer_id=current_user.id)
    waiting = account is not None and account.state in {DedicatedState.ASKED, DedicatedState.CLOSING}
    return page("portal/account_number.html", block="standing", account=account, waiting=waiting)


@bp.post("/deposit/account")
@guards.customer
def ask_account_number() -> BaseResponse:
    """Ask for one."""
    actor = guards.actor()
    try:
        atomically(lambda: dedicated.ask(current_user.id, actor=actor), actor=actor)
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("portal.account_number"), 303)


@bp.post("/deposit/account/look")
@guards.customer
def look_for_transfer() -> BaseResponse:
    """Have Paystack look for a transfer that is not here yet."""
    try:
        flows.look_again(current_user.id, paystack=current_app.extensions["clients"].paystack, actor=guards.actor())
        flash("Paystack looks for it. What it finds is in your wallet in a few minutes.", "ok")
    except NotFound:
        raise
    except Refused:
        errors.say(Unavailable("Paystack cannot look at the moment. Try again in ten minutes."))
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("portal.account_number"), 303)


@bp.post("/deposit/account/close")
@guards.customer
def close_account_number() -> BaseResponse:
    """Have it closed."""
    actor = guards.actor()
    atomically(
        lambda: dedicated.give_up(customer_id=current_user.id, reason="they asked for it", actor=actor), actor=actor
    )
    flash("It is being closed. Tell whoever sends money there.", "ok")
    return redirect(url_for("portal.account_number"), 303)


@bp.get("/cards")
@guards.customer
def card_list() -> Response:
    """The cards they keep."""
    return page("portal/cards.html", cards=queries.saved_cards(customer_id=current_user.id))


@bp.post("/cards/<card_id>/remove")
@guards.customer
def remove_card(card_id: str) -> BaseResponse:
    """Keep one no more."""
    actor = guards.actor()
    atomically(lambda: cards.remove(card_id, customer_id=current_user.id, actor=actor), actor=actor)
    flash("Removed. It is not charged any more.", "ok")
    return redirect(url_for("portal.card_list"), 303)
