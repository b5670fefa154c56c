"""Add money: an intent of ours, Paystack's checkout, and a page that shows where it stands."""

from flask import current_app, redirect, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.clients.http import Refused
from app.core import idempotency
from app.core.db import atomically
from app.core.errors import Refusal, Unavailable
from app.payments import deposits, flows, queries, rules
from app.payments.errors import CheckoutLost
from app.payments.rules import DepositState
from app.restrictions.errors import Restricted
from app.web import errors, forms, guards
from app.web.fragments import page
from app.web.portal.base import bp
from reports import limits, timelines

OPEN = (DepositState.STARTED, DepositState.AWAITING_PAYMENT)


class DepositForm(forms.KeyedForm):
    """How much."""

    amount = forms.MoneyField("Amount")


@bp.route("/deposit", methods=["GET", "POST"])
@guards.customer
def deposit() -> Response | BaseResponse:
    """Say how much; a form sent twice is one deposit."""
    form = DepositForm()
    if not form.validate_on_submit():
        return _form(form, forms.errors_of(form), status=422 if form.is_submitted() else 200)
    try:
        answer, _ = atomically(lambda: _start(form), actor=guards.actor())
    except Refusal as refused:
        return _form(form, {"amount": refused.message}, status=422)
    _open_checkout(answer["id"])
    return redirect(url_for("portal.deposit_page", deposit_id=answer["id"]), 303)


@bp.get("/deposits/<deposit_id>")
@guards.customer
def deposit_page(deposit_id: str) -> Response:
    """Where one deposit stands; Paystack sends the customer back to here, and that alone credits nothing."""
    return _standing(deposit_id)


@bp.post("/deposits/<deposit_id>/checkout")
@guards.customer
def reopen_checkout(deposit_id: str) -> BaseResponse:
    """Try Paystack again for a deposit whose checkout could not be opened."""
    queries.deposit(deposit_id, customer_id=current_user.id)
    _open_checkout(deposit_id)
    return redirect(url_for("portal.deposit_page", deposit_id=deposit_id), 303)


def _start(form: DepositForm) -> tuple[dict[str, str], bool]:
    amount, actor = form.amount.money, guards.actor()
    return idempotency.once(
        form.key.data or "",
        actor=actor,
        request={"do": "deposit", "amount": amount.units},
        body=lambda: {"id": deposits.start(current_user.id, amount=amount, actor=actor).id},
    )


def _open_checkout(deposit_id: str) -> None:
    intent = queries.deposit(deposit_id, customer_id=current_user.id)
    if intent.state != DepositState.STARTED:
        return
    public_url = current_app.extensions["settings"].public_url
    try:
        flows.open_checkout(
            intent,
            paystack=current_app.extensions["clients"].paystack,
            email=current_user.email,
            callback_url=public_url + url_for("portal.deposit_page", deposit_id=deposit_id),
            actor=guards.actor(),
        )
    except Refused:
        errors.say(Unavailable("Paystack did not take this deposit. Nothing was charged."))
    except (CheckoutLost, Restricted) as refused:
        errors.say(refused)
    except Unavailable:
        errors.say(Unavailable("Paystack does not answer at the moment. Nothing was charged; try again from here."))


def _standing(deposit_id: str) -> Response:
    intent = queries.deposit(deposit_id, customer_id=current_user.id)
    steps = timelines.of(intent.id, kind="deposit", state=intent.state)
    return page("portal/deposit_page.html", block="standing", deposit=intent, open=intent.state in OPEN, steps=steps)


def _form(form: DepositForm, faults: dict[str, str], *, status: int) -> Response:
    bounds = (rules.DEPOSIT_MIN, rules.DEPOSIT_MAX)
    standing = limits.of_customer(customer_id=current_user.id)
    return page("portal/deposit.html", form=form, errors=faults, bounds=bounds, standing=standing, status=status)
