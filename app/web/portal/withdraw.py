"""Withdraw: choose a bank account and an amount, see fee and destination, confirm; cancel until it is sent."""

from dataclasses import dataclass
from datetime import datetime

from flask import current_app, flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse
from wtforms import StringField
from wtforms.validators import InputRequired

from app.clients.http import Refused, Silent
from app.core import clock, idempotency
from app.core.db import atomically
from app.core.errors import InvalidAmount, Refusal
from app.core.money import NGN, Money, parse
from app.identity import queries as identity
from app.ledger import balances, chart, health
from app.ledger.errors import InsufficientFunds
from app.payments import flows as payments_flows
from app.payments import queries as payments
from app.payments.models import BankAccount
from app.risk import fees
from app.risk import queries as risk_queries
from app.risk import service as risk
from app.risk.rules import Direction, Rail, Scope
from app.web import errors, forms, guards
from app.web.fragments import page
from app.web.portal.base import back_to_step, bp
from app.withdrawals import flows, queries, refused, rules, service
from app.withdrawals.errors import Contradicted, NotCancelledNow, WithdrawalOutOfBounds
from reports import limits, timelines


class WithdrawForm(forms.KeyedForm):
    """How much, to which of one's own accounts."""

    amount = forms.MoneyField("Amount")
    account = StringField("Bank account", [InputRequired("Choose where the money goes.")])


class BankAccountForm(forms.FlaskForm):
    """A bank account to look up."""

    bank = StringField("Bank", [InputRequired("Choose your bank.")])
    number = forms.text("Account number", length=20)


UNITS_DIGITS_MAX = 20


@dataclass(frozen=True)
class Preview:
    """What an amount costs, what is left of wallet and limits after it (None: no limit), and why it cannot be."""

    amount: Money
    fee: Money
    total: Money
    left: Money
    room: Money | None
    refusal: str = ""


@bp.get("/withdraw")
@guards.customer
def withdraw() -> Response:
    """The form; who has no second factor yet is led to where they add one."""
    return _form(WithdrawForm(), {}, status=200)


@bp.get("/withdraw/review")
@guards.fresh
@guards.customer
def review_withdrawal() -> Response:
    """What it means, before it is asked for. An address of its own: whoever comes back to it finds it again.

    Nothing is written down by looking, or whoever asks for the address often uses up what is kept of a day.
    """
    form = WithdrawForm(request.args, meta={"csrf": False})
    if not form.validate():
        return _form(form, forms.errors_of(form), status=422)
    try:
        account, costs = _review(form)
    except Refusal as refusal:
        return _form(form, {"amount": refusal.message}, status=422)
    return page("portal/withdraw_review.html", form=form, account=account, review=costs, stands_still=_stands_still())


@bp.post("/withdraw")
@guards.fresh
@guards.customer
def request_withdrawal() -> Response | BaseResponse:
    """The deed. The same form sent twice is one withdrawal."""
    form = WithdrawForm()
    if not form.validate_on_submit():
        return _form(form, forms.errors_of(form), status=422)
    try:
        answer, _ = atomically(lambda: _request(form), actor=guards.actor())
    except Refusal as refusal:
        _note(form, refusal)
        return _form(form, {"amount": refusal.message}, status=422)
    return redirect(url_for("portal.withdrawal", withdrawal_id=answer["id"]), 303)


@bp.route("/withdraw/account", methods=["GET", "POST"])
@guards.at(guards.ENROL)
@guards.fresh
@guards.customer
def bank_account() -> Response | BaseResponse:
    """Add a bank account: its bank tells us whose it is."""
    form = BankAccountForm()
    banks = [(bank.code, bank.name) for bank in payments.banks_without_owner()]
    if not form.validate_on_submit():
        return page(
            "portal/bank_account.html",
            form=form,
            banks=banks,
            errors=forms.errors_of(form),
            status=422 if form.is_submitted() else 200,
        )
    try:
        account = payments_flows.add_bank_account(
            current_user.id,
            bank_code=form.bank.data,
            account_number=form.number.data.replace(" ", ""),
            paystack=current_app.extensions["clients"].paystack,
            actor=guards.actor(),
        )
    except Refusal as refusal:
        return page("portal/bank_account.html", form=form, banks=banks, errors={"number": refusal.message}, status=422)
    flash(
        f"{account.account_name} at {account.bank_name} was added. You can withdraw to it a day later.",
        "ok",
    )
    return redirect(back_to_step("bank") or url_for("portal.withdraw", account=account.id), 303)


@bp.get("/withdrawals/<withdrawal_id>")
@guards.customer
def withdrawal(withdrawal_id: str) -> Response:
    """Where one withdrawal stands."""
    one = queries.one(withdrawal_id, customer_id=current_user.id)
    account = payments.bank_account(one.bank_account_id, customer_id=current_user.id)
    return page(
        "portal/withdrawal.html",
        block="standing",
        withdrawal=one,
        account=account,
        told=queries.told(one.id, customer_id=current_user.id),
        may_cancel=one.state in rules.CANCELLABLE,
        steps=timelines.of(one.id, kind="withdrawal", state=one.state),
        open=not rules.MACHINE.is_final(rules.State(one.state)) and one.state != rules.State.SETTLED,
    )


@bp.post("/withdrawals/<withdrawal_id>/cancel")
@guards.customer
def cancel(withdrawal_id: str) -> BaseResponse:
    """Take the request back, as long as it is not being sent. Paystack is asked before, where it had it already."""
    actor, paystack = guards.actor(), current_app.extensions["clients"].paystack
    try:
        flows.cancel(withdrawal_id, customer_id=current_user.id, paystack=paystack, actor=actor)
        flash("Cancelled. The money is available again.", "ok")
    except (Contradicted, Silent, Refused):  # (what the vendor says, and what we hold of it, is the house's)
        errors.say(NotCancelledNow())
    except Refusal as refusal:
        errors.say(refusal)
    return redirect(url_for("portal.withdrawal", withdrawal_id=withdrawal_id), 303)


def _note(form: WithdrawForm, refusal: Refusal) -> None:
    """What was begun is undone: that it was tried is written down by itself."""
    owner, account, amount = current_user.id, form.account.data, form.amount.money

    def deed() -> None:
        refused.note(owner, amount=amount, bank_account_id=account, refused=refusal)

    atomically(deed, actor=guards.actor())


def _review(form: WithdrawForm) -> tuple[BankAccount, Preview]:
    account = payments.bank_account(form.account.data, customer_id=current_user.id)
    service.refuse_new(_added(account))
    standing = limits.of_customer(customer_id=current_user.id)
    return account, _costs(form.amount.money, room=standing.room("out"))


def _costs(amount: Money, *, room: Money | None) -> Preview:
    """What it costs and leaves. Raises what asking for it would be refused for: bounds, limits, money."""
    if not rules.fits(amount):
        raise WithdrawalOutOfBounds
    risk.refuse_over(service.intent("", customer_id=current_user.id, amount=amount))
    fee, available = service.fee_of(amount), _available()
    if available < amount + fee:
        raise InsufficientFunds(f"{amount} and the fee of {fee} are more than the {available} you have available.")
    total = amount + fee
    return Preview(amount, fee, total, available - total, None if room is None else room - amount)


def _preview(typed: str, *, room: Money | None) -> Preview | None:
    """The same while it is typed; nothing while it is no amount, or a small one that may still grow."""
    nothing = Money(NGN, 0)
    try:
        amount = parse(typed, asset=NGN)
        return _costs(amount, room=room) if amount >= rules.WITHDRAWAL_MIN else None
    except InvalidAmount:
        return None
    except Refusal as refusal:
        return Preview(amount, nothing, nothing, nothing, None, refusal.message)


def _added(account: BankAccount) -> dict[str, datetime]:
    since = identity.enrolled_since(owner=current_user.login_id)
    return {"bank account": account.created_at} | ({"second factor": since} if since else {})


def _request(form: WithdrawForm) -> tuple[dict[str, str], bool]:
    amount, actor = form.amount.money, guards.actor()
    asked = {"do": "withdraw", "amount": amount.units, "account": form.account.data}
    shown = request.form.get("fee", "")
    fee = Money(NGN, int(shown)) if shown.isascii() and shown.isdecimal() and len(shown) < UNITS_DIGITS_MAX else None
    return idempotency.once(
        form.key.data or "",
        actor=actor,
        request=asked,
        body=lambda: {
            "id": service.request(
                current_user.id, bank_account_id=form.account.data, amount=amount, actor=actor, shown_fee=fee
            ).id
        },
    )


def fees_in_words() -> list[tuple[str, str]]:
    """What a withdrawal costs now, by its size."""
    scope = Scope(Rail.BANK, Direction.OUT, NGN.code)
    bands = [one.band for one in risk_queries.schedule_without_owner(scope)]
    return fees.ladder_in_words(bands, asset=NGN.code)


def _available() -> Money:
    return balances.of(chart.of_customer(current_user.id, asset=NGN)).available


def _stands_still() -> bool:
    """Whether nothing is sent at present, whoever's it is."""
    return bool(health.standing() or risk_queries.stopped_without_owner(rail=Rail.BANK, asset=NGN.code))


def _form(form: WithdrawForm, faults: dict[str, str], *, status: int) -> Response:
    found, moment = payments.bank_accounts(customer_id=current_user.id), clock.now()
    accounts = [(one, None if (at := service.usable_from(one)) <= moment else at) for one in found]
    usable = [one.id for one, usable_from in accounts if usable_from is None]
    chosen = form.account.data or request.args.get("account") or ""
    if chosen not in usable:
        chosen = next(iter(usable), chosen)  # (what may not be chosen yet is not proposed)
    standing = limits.of_customer(customer_id=current_user.id)
    typed = "" if faults else form.amount.data or request.args.get("amount", "")
    return page(
        "portal/withdraw.html",
        block="preview",
        form=form,
        errors=faults,
        enrolled=current_user.enrolled,
        phone=identity.phones_of(owner=current_user.login_id)[0],
        accounts=accounts,
        chosen=chosen,
        available=_available(),
        bounds=(rules.WITHDRAWAL_MIN, standing.most("out", within=rules.WITHDRAWAL_MAX)),
        fees=fees_in_words(),
        preview=_preview(typed, room=standing.room("out")),
        standing=standing,
        stands_still=_stands_still(),
        status=status,
    )
