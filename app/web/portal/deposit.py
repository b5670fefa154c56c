"""Add money: an intent of ours, a way to pay it at Paystack, and a page that shows where it stands."""

from dataclasses import dataclass
from datetime import timedelta

from flask import current_app, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse
from wtforms import BooleanField, StringField

from app.clients.http import Refused
from app.core import clock, idempotency
from app.core.db import atomically
from app.core.errors import Refusal, Unavailable
from app.core.money import NGN, Money, parse
from app.payments import deposits, queries, rules
from app.payments.errors import CardDeclined, CardGone, CheckoutLost, DepositOutOfBounds, FeeNotSeen, NoSuchWay
from app.payments.intake import flows
from app.payments.rules import DepositState, Method
from app.restrictions.errors import Restricted
from app.risk import fees
from app.risk import queries as risk_queries
from app.web import errors, forms, guards
from app.web.fragments import page
from app.web.portal.base import bp
from reports import limits, timelines

OPEN = (DepositState.STARTED, DepositState.AWAITING_PAYMENT)
NOT_CHARGED = "Nothing was charged; try again from here."
SAVED = "saved_card:"
UNITS_DIGITS_MAX = 30


@dataclass(frozen=True)
class Preview:
    """What one pays for an amount, what of the limit is left after it, and why it cannot be."""

    amount: Money
    added: Money
    total: Money
    left: Money | None
    refusal: str


class DepositForm(forms.KeyedForm):
    """How much, and how it is paid."""

    amount = forms.MoneyField("Amount")
    method = StringField("How you pay", default=Method.CHECKOUT)
    ussd = StringField("Your bank", default="")
    keep = BooleanField("Keep this card")
    shown = StringField("What you pay on top", default="")

    @property
    def chosen(self) -> tuple[Method, str | None]:
        """The way to pay, and the kept card where it is one. Raises NoSuchWay."""
        named = self.method.data or Method.CHECKOUT
        method = Method.SAVED_CARD if named.startswith(SAVED) else next((m for m in rules.CHOSEN if m == named), None)
        if method is None or (method is Method.USSD and self.ussd.data not in rules.USSD_BANKS):
            raise NoSuchWay
        return method, named.removeprefix(SAVED) if method is Method.SAVED_CARD else None


@bp.route("/deposit", methods=["GET", "POST"])
@guards.customer
def deposit() -> Response | BaseResponse:
    """Say how much and how; a form sent twice is one deposit."""
    form = DepositForm()
    if not form.validate_on_submit():
        return _form(form, forms.errors_of(form), status=422 if form.is_submitted() else 200)
    try:
        if (form.method.data or "").startswith(SAVED) and request.form.get("step") != "confirm":
            asked = {"amount": form.amount.data, "method": form.method.data, "key": form.key.data}
            return redirect(url_for("portal.review_deposit", **asked), 303)
        answer, _ = atomically(lambda: _start(form), actor=guards.actor())
    except (NoSuchWay, CardGone) as refused:
        words = "Choose your bank." if form.method.data == Method.USSD else refused.message
        return _form(form, {"ussd" if form.method.data == Method.USSD else "method": words}, status=422)
    except FeeNotSeen as refused:
        return _form(form, {"shown": refused.message}, status=422)
    except Refusal as refused:
        return _form(form, {"amount": refused.message}, status=422)
    _open_payment(answer["id"], ussd=form.ussd.data or "")
    return redirect(url_for("portal.deposit_page", deposit_id=answer["id"]), 303)


@bp.get("/deposits/<deposit_id>")
@guards.customer
def deposit_page(deposit_id: str) -> Response:
    """Where one deposit stands; Paystack sends the customer back to here, and that alone credits nothing."""
    intent = queries.deposit(deposit_id, customer_id=current_user.id)
    late = intent.pay_until is not None and intent.pay_until <= clock.now()
    return page(
        "portal/deposit_page.html",
        block="standing",
        deposit=intent,
        open=intent.state in OPEN,
        late=late,
        held=intent.available_at is not None and intent.available_at > clock.now(),
        ussd_banks=list(rules.USSD_BANKS.items()),
        steps=[
            *timelines.of(intent.id, kind="deposit", state=intent.state),
            *timelines.given_back(intent.id, customer_id=current_user.id),
        ],
    )


@bp.post("/deposits/<deposit_id>/checkout")
@guards.customer
def reopen_checkout(deposit_id: str) -> BaseResponse:
    """Try Paystack again for a deposit that it was not yet asked about, or did not answer for."""
    queries.deposit(deposit_id, customer_id=current_user.id)
    _open_payment(deposit_id, ussd=request.form.get("ussd", ""))
    return redirect(url_for("portal.deposit_page", deposit_id=deposit_id), 303)


@bp.get("/deposit/review")
@guards.customer
def review_deposit() -> Response:
    """What is charged to a kept card, before it is: nothing else asks its owner again."""
    form = DepositForm(request.args, meta={"csrf": False})
    if not form.validate():
        return _form(form, forms.errors_of(form), status=422)
    try:
        return _review(form)
    except CardGone as refused:
        return _form(form, {"method": refused.message}, status=422)
    except Refusal as refused:
        return _form(form, {"amount": refused.message}, status=422)


def _review(form: DepositForm) -> Response:
    amount, (_, card_id) = form.amount.money, form.chosen
    card = next((one for one in queries.saved_cards(customer_id=current_user.id) if one.id == card_id), None)
    if card is None:
        raise CardGone
    if not rules.deposit_fits(amount):
        raise DepositOutOfBounds
    deposits.refuse_over(current_user.id, amount=amount)
    added = deposits.added_to(amount)
    costs = Preview(amount, added, amount + added, None, "")
    return page("portal/deposit_review.html", form=form, card=card, review=costs, held_hours=_held_hours())


def _start(form: DepositForm) -> tuple[dict[str, str], bool]:
    amount, actor = form.amount.money, guards.actor()
    method, card_id = form.chosen
    return idempotency.once(
        form.key.data or "",
        actor=actor,
        request={"do": "deposit", "amount": amount.units, "method": method, "card": card_id, "ussd": form.ussd.data},
        body=lambda: {
            "id": deposits.start(
                current_user.id,
                amount=amount,
                actor=actor,
                method=method,
                saved_card_id=card_id,
                keep_card=bool(form.keep.data) and method in {Method.CARD, Method.CHECKOUT},
                shown=_units(form.shown.data),
            ).id
        },
    )


def _open_payment(deposit_id: str, *, ussd: str) -> None:
    intent = queries.deposit(deposit_id, customer_id=current_user.id)
    if intent.state != DepositState.STARTED:
        return
    public_url = current_app.extensions["settings"].public_url
    try:
        flows.open_payment(
            intent,
            paystack=current_app.extensions["clients"].paystack,
            email=current_user.email,
            callback_url=public_url + url_for("portal.deposit_page", deposit_id=deposit_id),
            ussd=ussd,
            actor=guards.actor(),
        )
    except Refused:
        errors.say(Unavailable("Paystack did not take this deposit. Nothing was charged."))
    except (CheckoutLost, Restricted, CardDeclined, CardGone, NoSuchWay) as refused:
        errors.say(refused)
    except Unavailable:
        words = "Paystack does not answer at the moment. "
        words += "Whether the card was charged shows here soon." if intent.saved_card_id else NOT_CHARGED
        errors.say(Unavailable(words))


def _form(form: DepositForm, faults: dict[str, str], *, status: int) -> Response:
    method = form.method.data if faults else request.args.get("method", Method.CARD)
    standing = limits.of_customer(customer_id=current_user.id)
    return page(
        "portal/deposit.html",
        block="preview",
        form=form,
        method=method,
        errors=faults,
        bounds=(rules.DEPOSIT_MIN, standing.most("in", within=rules.DEPOSIT_MAX)),
        standing=standing,
        preview=_preview(standing, form.amount.data or request.args.get("amount", "")),
        costs=_price(),
        cards=queries.saved_cards(customer_id=current_user.id),
        account=queries.dedicated_account(customer_id=current_user.id),
        ussd_banks=list(rules.USSD_BANKS.items()),
        held_hours=_held_hours(),
        minutes=rules.PAY_WITHIN // timedelta(minutes=1),
        status=status,
    )


def _preview(standing: limits.OfCustomer, typed: str) -> Preview | None:
    """What comes of the amount that is typed; nothing while it is none."""
    try:
        amount = parse(typed, asset=NGN)
    except Refusal:
        return None
    refusal = ""
    try:
        if amount < rules.DEPOSIT_MIN:
            return None  # (more digits are on their way)
        if not rules.deposit_fits(amount):
            raise DepositOutOfBounds
        deposits.refuse_over(current_user.id, amount=amount)
    except Refusal as refused:
        refusal = refused.message
    room, added = standing.room("in"), deposits.added_to(amount)
    return Preview(amount, added, amount + added, room - amount if room and not refusal else None, refusal)


def _price() -> list[tuple[str, str]]:
    """What is paid on top by its schedule, in words; nothing where that is nothing."""
    bands = [one.band for one in risk_queries.schedule_without_owner(fees.PAID_IN)]
    costs = any(band.flat or band.bps or band.floor for band in bands)
    return fees.ladder_in_words(bands, asset=NGN.code) if costs else []


def _units(typed: str | None) -> int | None:
    plain = typed or ""
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < UNITS_DIGITS_MAX else None


def _held_hours() -> int:
    """For how long a card's payment of theirs would be held now."""
    earlier, first = queries.credited_before(customer_id=current_user.id, channel="card")
    since = clock.now() - first if first else timedelta(0)
    bounds, nothing = risk_queries.thresholds_without_owner(), Money(NGN, 0)
    held = rules.pending_for("card", bounds=bounds, amount=nothing, earlier=earlier, paying_for=since)
    return held // timedelta(hours=1)
