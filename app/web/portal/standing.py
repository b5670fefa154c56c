"""What waits for its time by itself: recurring buys and price alerts. Set up, paused, gone on with, ended."""

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse
from wtforms import StringField

from app.core.db import atomically
from app.core.errors import Refusal
from app.core.money import ASSETS, NGN
from app.ledger import assets as coins
from app.trading import alerts, recurring, rhythms, watching
from app.trading import queries as trading
from app.trading.errors import BadRhythm
from app.trading.rhythms import Every, Rhythm
from app.trading.watching import Beyond
from app.web import forms, guards
from app.web.fragments import page
from app.web.portal.base import bp, done
from reports import prices

_DIGITS_MAX = 2
WHEN = [
    ("Every week", [(f"week-{number}", f"Every {day}") for number, day in enumerate(rhythms.WEEKDAYS)]),
    (
        "Every month",
        [(f"month-{day}", f"On day {day} of the month") for day in range(1, rhythms.MONTH_DAYS_MAX + 1)],
    ),
]


class RecurringForm(forms.FlaskForm):
    """How much, of what, and when."""

    amount = forms.MoneyField("Amount")
    get = StringField("What to buy")
    when = StringField("When", default="week-0")
    hour = StringField("At", default="9")


class AlertForm(forms.FlaskForm):
    """A price to wait for."""

    base = StringField("What")
    beyond = StringField("Which way", default=Beyond.ABOVE)
    price = forms.text("Price", length=40)


@bp.get("/recurring")
@guards.customer
def recurring_list() -> Response:
    """What buys by itself, and the form for another."""
    return _recurring(RecurringForm(request.args, meta={"csrf": False}), {}, status=200)


@bp.post("/recurring")
@guards.customer
def set_recurring() -> Response | BaseResponse:
    """Have it bought by itself from the next time on."""
    form, owner, actor = RecurringForm(), current_user.id, guards.actor()
    if not form.validate_on_submit():
        return _recurring(form, forms.errors_of(form), status=422)
    try:
        rhythm, into = _rhythm(form), ASSETS.get(form.get.data or "", NGN)
        atomically(
            lambda: recurring.set_up(owner, give=form.amount.money, get=into, rhythm=rhythm, actor=actor), actor=actor
        )
    except Refusal as refused:
        beside = "when" if isinstance(refused, BadRhythm) else "amount"
        return _recurring(form, {beside: refused.message}, status=422)
    flash(f"Set up: {into.name}, {rhythm.words}.", "ok")
    return redirect(url_for("portal.recurring_list"), 303)


@bp.post("/recurring/<recurring_id>/pause")
@guards.customer
def pause_recurring(recurring_id: str) -> BaseResponse:
    """Not for the time being."""
    return _done(recurring.pause, recurring_id, "Paused. Nothing is bought until you go on with it.", "recurring_list")


@bp.post("/recurring/<recurring_id>/resume")
@guards.customer
def resume_recurring(recurring_id: str) -> BaseResponse:
    """From its next day on again."""
    return _done(recurring.resume, recurring_id, "It goes on from its next day.", "recurring_list")


@bp.post("/recurring/<recurring_id>/end")
@guards.customer
def end_recurring(recurring_id: str) -> BaseResponse:
    """No more."""
    return _done(recurring.end, recurring_id, "Ended. What was bought stays yours.", "recurring_list")


@bp.get("/alerts")
@guards.customer
def alerts_list() -> Response:
    """Prices that one waits for."""
    return _alerts(AlertForm(request.args, meta={"csrf": False}), {}, status=200)


@bp.post("/alerts")
@guards.customer
def set_alert() -> Response | BaseResponse:
    """Wait for another one."""
    form, owner, actor = AlertForm(), current_user.id, guards.actor()
    if not form.validate_on_submit():
        return _alerts(form, forms.errors_of(form), status=422)
    beyond = Beyond.BELOW if form.beyond.data == Beyond.BELOW else Beyond.ABOVE
    base = form.base.data or ""
    try:
        price = watching.read(form.price.data)
        atomically(
            lambda: alerts.set_up(owner, base=base, quote=NGN.ticker, beyond=beyond, price=price, actor=actor),
            actor=actor,
        )
    except Refusal as refused:
        return _alerts(form, {"price": refused.message}, status=422)
    flash("We tell you when the price comes.", "ok")
    return redirect(url_for("portal.alerts_list"), 303)


@bp.post("/alerts/<alert_id>/again")
@guards.customer
def set_alert_again(alert_id: str) -> BaseResponse:
    """Wait for the same price once more."""
    return _done(alerts.set_again, alert_id, "We tell you when it comes again.", "alerts_list")


@bp.post("/alerts/<alert_id>/end")
@guards.customer
def end_alert(alert_id: str) -> BaseResponse:
    """Wait no more."""
    return _done(alerts.take_away, alert_id, "Taken away.", "alerts_list")


def _done(deed: Callable[..., None], one: str, words: str, place: str) -> BaseResponse:
    """Do it to one of the customer's own."""
    owner = current_user.id
    return done(lambda actor: deed(one, customer_id=owner, actor=actor), words, place=place)


def _rhythm(form: RecurringForm) -> Rhythm:
    """Raises BadRhythm."""
    every, _, day = (form.when.data or "").partition("-")
    hour = form.hour.data or ""
    if every not in set(Every) or not (_is_short_number(day) and _is_short_number(hour)):
        raise BadRhythm
    return Rhythm(Every(every), int(day), int(hour))


def _is_short_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MAX


def _recurring(form: RecurringForm, faults: dict[str, str], *, status: int) -> Response:
    return page(
        "portal/recurring.html",
        form=form,
        errors=faults,
        kept=trading.recurring(customer_id=current_user.id),
        last=trading.last_runs(customer_id=current_user.id),
        assets=[one.asset for one in coins.all_terms() if one.open and one.asset != NGN],
        when=WHEN,
        hours=list(rhythms.HOURS),
        status=status,
    )


def _alerts(form: AlertForm, faults: dict[str, str], *, status: int) -> Response:
    return page(
        "portal/alerts.html",
        form=form,
        errors=faults,
        alerts=trading.alerts(customer_id=current_user.id),
        lines=prices.board(),
        status=status,
    )
