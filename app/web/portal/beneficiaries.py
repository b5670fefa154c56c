"""Where a customer's money may go: their own bank accounts, how often each was used, and taking one off the list."""

from flask import flash, redirect, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock
from app.core.db import atomically
from app.core.errors import Refusal
from app.payments import queries as payments
from app.web import errors, guards
from app.web.fragments import page
from app.web.portal.base import bp
from app.withdrawals import queries, service


@bp.get("/withdraw/accounts")
@guards.customer
def beneficiaries() -> Response:
    """The list."""
    accounts = payments.bank_accounts(customer_id=current_user.id)
    moment = clock.now()
    return page(
        "portal/beneficiaries.html",
        accounts=[(one, None if (at := service.usable_from(one)) <= moment else at) for one in accounts],
        uses=queries.uses([one.id for one in accounts], customer_id=current_user.id),
    )


@bp.post("/withdraw/accounts/<account_id>/remove")
@guards.customer
def remove_beneficiary(account_id: str) -> BaseResponse:
    """Take one off it: what was paid to it stays on record."""
    try:
        atomically(lambda: service.remove_destination(account_id, customer_id=current_user.id), actor=guards.actor())
        flash("Removed. Nothing can be withdrawn to it any more.", "ok")
    except Refusal as refused:
        errors.say(refused)
    return redirect(url_for("portal.beneficiaries"), 303)
