"""Ask other customers for money: of one, or of several who share a bill; answer what is asked of oneself."""

from functools import partial

from flask import flash, g, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse
from wtforms import BooleanField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.core import crypto
from app.core.clock import WAT
from app.core.errors import NotFound, Refusal
from app.core.money import NGN
from app.transfers import flows, queries, rules, service
from app.transfers.errors import BadSplit, ProofNeeded
from app.web import errors, forms, guards
from app.web.fragments import page
from app.web.portal.base import bp, done
from app.web.portal.transfers import WHO, WHO_MAX, choices, faults_of, read
from app.web.throttle import throttle

_done = partial(done, place="money_requests")
LETTERS_MAX = (rules.SPLIT_OTHERS_MAX + 1) * WHO_MAX


class AskForm(forms.KeyedForm):
    """Of whom, how much of what, and what for."""

    to = StringField("Of whom", [InputRequired(WHO), Length(max=WHO_MAX, message="That is too long.")])
    asset = StringField("What", default=NGN.code)
    amount = StringField("Amount", [InputRequired("How much?")])
    note = StringField("What for", default="")


class SplitForm(forms.KeyedForm):
    """A bill, and who shares it: one a line."""

    to = TextAreaField("With whom", [InputRequired(WHO), Length(max=LETTERS_MAX, message="That is too long.")])
    asset = StringField("What", default=NGN.code)
    amount = StringField("The whole bill", [InputRequired("How much?")])
    note = StringField("What for", default="")
    with_me = BooleanField("A share of it is mine", default=True)


@bp.route("/transfers/ask", methods=["GET", "POST"])
@guards.customer
def ask_money() -> Response | BaseResponse:
    """Ask one customer."""
    form = AskForm()
    if not form.validate_on_submit():
        return _asking("ask", form, forms.errors_of(form), status=422 if form.is_submitted() else 200)

    def deed() -> str:
        throttle().finding(current_user.id)
        return flows.ask(
            current_user.id,
            typed=form.to.data or "",
            amount=read(form),
            note=form.note.data or "",
            key=form.key.data or "",
            actor=guards.actor(),
        )

    try:
        asked = queries.request_of(deed(), customer_id=current_user.id)
    except Refusal as refused:
        return _asking("ask", form, faults_of(form, refused), status=refused.status)
    flash(f"Asked {asked.payer_name}. They can pay it or say no until {asked.expires_at.astimezone(WAT):%-d %B}.", "ok")
    return redirect(url_for("portal.money_requests"), 303)


@bp.route("/transfers/split", methods=["GET", "POST"])
@guards.customer
def split_bill() -> Response | BaseResponse:
    """Ask several for their share of one bill."""
    form = SplitForm()
    if not form.validate_on_submit():
        return _asking("split", form, forms.errors_of(form), status=422 if form.is_submitted() else 200)
    among = [line.strip() for line in (form.to.data or "").splitlines() if line.strip()]
    try:
        if not 1 <= len(among) <= rules.SPLIT_OTHERS_MAX:
            raise BadSplit
        for _ in among:
            throttle().finding(current_user.id)
        made = flows.split(
            current_user.id,
            among=among,
            bill=read(form),
            with_me=bool(form.with_me.data),
            note=form.note.data or "",
            key=form.key.data or "",
            actor=guards.actor(),
        )
    except Refusal as refused:
        return _asking("split", form, faults_of(form, refused), status=refused.status)
    return redirect(url_for("portal.split_page", split_id=made), 303)


@bp.get("/transfers/splits/<split_id>")
@guards.customer
def split_page(split_id: str) -> Response:
    """A bill, and who has paid their share."""
    bill, parts = queries.split_of(split_id, customer_id=current_user.id)
    return page("portal/transfers/split_page.html", bill=bill, parts=parts)


@bp.get("/transfers/requests")
@guards.customer
def money_requests() -> Response:
    """What others ask for, and what one asked for oneself."""
    owner = current_user.id
    return page(
        "portal/transfers/requests.html",
        to_pay=queries.to_pay(customer_id=owner),
        asked=queries.asked_by(customer_id=owner),
    )


@bp.get("/transfers/requests/<ask_id>")
@guards.customer
def money_request(ask_id: str) -> Response | BaseResponse:
    """What somebody asks for, before it is paid."""
    one = queries.request_of(ask_id, customer_id=current_user.id)
    mine = one.payer_id == current_user.id
    review, fault = None, ""
    if mine and one.state == rules.State.ASKED:
        try:
            review = flows.review_request(one.id, customer_id=current_user.id)
        except Refusal as refused:
            fault = refused.message
    if review and review.needs_proof and not current_user.fresh and "view_as" not in g:
        return guards.step_up()
    return page("portal/transfers/request.html", one=one, mine=mine, review=review, fault=fault, key=crypto.new_token())


@bp.post("/transfers/requests/<asked_id>/pay")
@guards.customer
def pay_request(asked_id: str) -> BaseResponse:
    """Pay it. The same form sent twice pays once."""
    if queries.request_of(asked_id, customer_id=current_user.id).payer_id != current_user.id:
        raise NotFound
    try:
        paid = flows.pay(
            asked_id,
            customer_id=current_user.id,
            proved=current_user.fresh,
            key=request.form.get("key", ""),
            actor=guards.actor(),
        )
    except ProofNeeded:
        return guards.step_up()
    except NotFound:
        raise  # (what is not asked of them is not there)
    except Refusal as refused:
        errors.say(refused)
        return redirect(url_for("portal.money_requests"), 303)
    return redirect(url_for("portal.transfer", transfer_id=paid), 303)


@bp.post("/transfers/requests/<asked_id>/decline")
@guards.customer
def decline_request(asked_id: str) -> BaseResponse:
    """Say no."""
    owner = current_user.id
    return _done(
        lambda actor: service.decline(asked_id, customer_id=owner, actor=actor), "You said no. They are told so."
    )


@bp.post("/transfers/requests/<ask_id>/cancel")
@guards.customer
def cancel_money_request(ask_id: str) -> BaseResponse:
    """Take it back."""
    owner = current_user.id
    return _done(lambda actor: service.cancel(ask_id, customer_id=owner, actor=actor), "Taken back.")


@bp.post("/transfers/requests/<ask_id>/remind")
@guards.customer
def remind_of_request(ask_id: str) -> BaseResponse:
    """Tell them once more."""
    owner = current_user.id
    return _done(lambda _: service.remind(ask_id, customer_id=owner), "Reminded.")


def _asking(name: str, form: AskForm | SplitForm, faults: dict[str, str], *, status: int) -> Response:
    return page(
        f"portal/transfers/{name}.html",
        form=form,
        errors=faults,
        assets=choices(),
        chosen=form.asset.data or NGN.code,
        note_max=rules.NOTE_MAX,
        others_max=rules.SPLIT_OTHERS_MAX,
        status=status,
    )
