"""Pay another customer: whom, how much, a look at the masked name, the deed, and what was done; one's own handle."""

from typing import Any

from flask import flash, g, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from app.core.db import atomically
from app.core.errors import InvalidAmount, Refusal
from app.core.money import ASSETS, NGN, Money, parse
from app.ledger import assets
from app.transfers import flows, queries, rules, service
from app.transfers.errors import ProofNeeded
from app.wallets import queries as wallets
from app.web import forms, guards
from app.web.fragments import page
from app.web.portal.base import bp
from app.web.throttle import throttle

RECENT = 10
WHO_MAX = 254
WHO = "Whom? Their e-mail address, phone number or @handle."


class SendForm(forms.KeyedForm):
    """Whom, how much of what, and a word with it."""

    to = StringField("To", [InputRequired(WHO), Length(max=WHO_MAX, message="That is too long.")])
    asset = StringField("What", default=NGN.code)
    amount = StringField("Amount", [InputRequired("How much?")])
    note = StringField("Note", default="")


@bp.get("/transfers")
@guards.customer
def transfers() -> Response:
    """What one can do between customers, what others ask for, and what was sent and received."""
    owner = current_user.id
    return page(
        "portal/transfers/list.html",
        handle=queries.claimed_by(customer_id=owner),
        to_pay=queries.to_pay(customer_id=owner),
        recent=queries.list_of(customer_id=owner, limit=RECENT),
    )


@bp.get("/transfers/new")
@guards.customer
def new_transfer() -> Response:
    """The form."""
    return _form(SendForm(request.args, meta={"csrf": False}), {})


@bp.get("/transfers/review")
@guards.customer
def review_transfer() -> Response | BaseResponse:
    """Whom it reaches, by their masked name, before anything is sent. Each look for somebody is counted."""
    form = SendForm(request.args, meta={"csrf": False})
    try:
        amount = read(form)
        service.clean_note(form.note.data or "")
        if "view_as" not in g:
            throttle().finding(current_user.id)
        found = flows.review(current_user.id, typed=form.to.data or "", amount=amount)
    except Refusal as refused:
        return _form(form, faults_of(form, refused), status=refused.status)
    if found.needs_proof and not current_user.fresh and "view_as" not in g:
        return guards.step_up()
    return page("portal/transfers/review.html", form=form, review=found, note=service.clean_note(form.note.data or ""))


@bp.post("/transfers")
@guards.customer
def send_transfer() -> Response | BaseResponse:
    """The deed. The same form sent twice is one transfer, and it goes to whom was shown or to nobody."""
    form = SendForm()
    if not form.validate_on_submit():
        return _form(form, forms.errors_of(form), status=422)
    try:
        throttle().finding(current_user.id)
        sent, _ = flows.send(
            current_user.id,
            typed=form.to.data or "",
            shown=request.form.get("shown", ""),
            amount=read(form),
            note=form.note.data or "",
            proved=current_user.fresh,
            key=form.key.data or "",
            actor=guards.actor(),
        )
    except ProofNeeded:
        return guards.step_up()
    except Refusal as refused:
        return _form(form, faults_of(form, refused), status=refused.status)
    return redirect(url_for("portal.transfer", transfer_id=sent), 303)


@bp.get("/transfers/<transfer_id>")
@guards.customer
def transfer(transfer_id: str) -> Response:
    """What was done, for both sides."""
    return page("portal/transfers/one.html", side=queries.one(transfer_id, customer_id=current_user.id))


@bp.route("/transfers/handle", methods=["GET", "POST"])
@guards.customer
def handle() -> Response | BaseResponse:
    """By what others find the customer; claiming another one."""
    owner, typed, fault = current_user.id, request.form.get("handle", ""), None
    if request.method == "POST":
        try:
            throttle().finding(owner)  # (one that is taken is somebody's)
            claimed = atomically(lambda: service.claim_handle(owner, typed=typed).handle, actor=guards.actor())
            flash(f"You are found as @{claimed}.", "ok")
            return redirect(url_for("portal.transfers"), 303)
        except Refusal as refused:
            fault = refused
    present = queries.claimed_by(customer_id=owner)
    return page(
        "portal/transfers/handle.html",
        handle=present,
        changes_from=present.claimed_at + rules.HANDLE_RESTS if present else None,
        typed=typed,
        fault=fault.message if fault else "",
        status=fault.status if fault else 200,
    )


def read(form: Any, *, name: str = "amount") -> Money:
    """The amount that was typed, of the asset that was chosen. Raises InvalidAmount."""
    code = form.asset.data or NGN.code
    if code not in ASSETS:
        raise InvalidAmount("Choose from the list what it is.")
    amount = parse(getattr(form, name).data or "", asset=ASSETS[code])
    if not amount:
        raise InvalidAmount("How much?")
    return amount


def faults_of(form: Any, refused: Refusal) -> dict[str, str]:
    """Beside which field a refusal stands: whom it is about, or how much."""
    about_whom = {"no_such_recipient", "other_recipient", "to_yourself", "cannot_receive", "too_many", "bad_split"}
    if refused.code == "note_too_long":
        return {"note": refused.message}
    return {"to" if refused.code in about_whom or not form.to.data else "amount": refused.message}


def choices() -> list[tuple[str, str]]:
    """What the customer may choose to send, ask for or split: what they hold, naira first."""
    held = [code for code, _ in wallets.balances_of(customer_id=current_user.id)]
    return [(code, _named(code)) for code in dict.fromkeys([NGN.code, *held])]


def _named(code: str) -> str:
    asset = ASSETS[code]
    return f"{asset.name} ({asset.network})" if "." in code else asset.name


def _form(form: SendForm, faults: dict[str, str], *, status: int = 200) -> Response:
    held = wallets.balances_of(customer_id=current_user.id)
    chosen = form.asset.data if form.asset.data in ASSETS else NGN.code
    available = {code: balance.available for code, balance in held}
    return page(
        "portal/transfers/new.html",
        form=form,
        errors=faults,
        assets=choices(),
        chosen=chosen,
        available=available.get(chosen, Money(ASSETS[chosen], 0)),
        least=assets.terms(chosen).send_min,
        note_max=rules.NOTE_MAX,
        status=status,
    )
