"""Buy, sell, swap: say an amount on either side, see what it comes to, confirm while the price holds."""

from dataclasses import dataclass
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse
from wtforms import StringField

from app.core import clock, crypto
from app.core.db import atomically
from app.core.errors import Refusal
from app.core.money import ASSETS, NGN, Asset, Money, parse, plain, zero
from app.ledger import assets as coins
from app.ledger.balances import BalanceNow
from app.trading import errors as trading_errors
from app.trading import orders, quotes, rules
from app.trading import queries as trading
from app.trading.models import Quote
from app.trading.rules import Side
from app.wallets import queries as wallets
from app.web import forms, guards
from app.web.fragments import page, wants_fragment
from app.web.portal.base import bp
from reports import prices

AGAIN_MAX = 5  # times that a page has a new price made by itself: who is still there presses a button
# What may be done about a refusal: its code, the words of the way out, and the page.
WAYS_OUT = {
    "tier_too_low": ("Verify", "portal.verification"),
    "limit_exceeded": ("See your limits", "portal.limits"),
    "not_enough": ("Add money", "portal.deposit"),
    "nothing_there": ("Add money", "portal.deposit"),
    "account_frozen": ("Security", "portal.security"),
}


class TradeForm(forms.FlaskForm):
    """What is given for what, and an amount on one of the two sides.

    `whole` is the amount that stood there for all there is: written over, it is that amount no more.
    """

    give = StringField(default=NGN.code)
    get = StringField(default="")
    give_amount = StringField(default="")
    get_amount = StringField(default="")
    whole = StringField(default="")


@dataclass(frozen=True)
class Asked:
    """The form as it was read. `typed` is None for all there is; `fault` says what is wrong with what was written."""

    give: Asset
    get: Asset
    typed: Money | None
    written: bool
    faults: dict[str, str]

    @property
    def side(self) -> Side:
        """What it is to the customer."""
        return rules.side_of(self.give, self.get)


@dataclass(frozen=True)
class Preview:
    """What it comes to by now, or why it cannot be and where one goes about that."""

    quote: Quote | None
    refusal: str = ""
    way_out: tuple[str, str] | None = None


@bp.get("/trade")
@guards.customer
def trade() -> Response:
    """The form; while one types, what it comes to."""
    form = TradeForm(request.args, meta={"csrf": False})
    asked = _read(form)
    return _form(form, asked, {}, preview=_preview(asked))


@bp.post("/trade")
@guards.customer
def make_quote() -> Response | BaseResponse:
    """Have a price made that holds for some seconds."""
    form = TradeForm()
    asked = _read(form)
    if not asked.written:
        asked.faults.setdefault("give_amount", "Write how much, on one of the two sides.")
    if not form.validate_on_submit() or asked.faults:
        return _form(form, asked, asked.faults, status=422)
    owner = current_user.id
    try:
        made = atomically(
            lambda: quotes.make(owner, give=asked.give, get=asked.get, typed=asked.typed).id, actor=guards.actor()
        )
    except Refusal as refused:
        return _form(form, asked, {}, preview=_refused(refused), status=422)
    return redirect(url_for("portal.quote", quote_id=made), 303)


@bp.get("/trade/quotes/<quote_id>")
@guards.customer
def quote(quote_id: str) -> Response | BaseResponse:
    """The price, what is in it, and how long it holds."""
    found = trading.quote(quote_id, customer_id=current_user.id)
    if found.used_at is not None:
        order = trading.of_quote(found.id, customer_id=current_user.id)
        return redirect(url_for("portal.order", order_id=order.id), 303)
    return _review(found)


@bp.post("/trade/quotes/<quote_id>/again")
@guards.customer
def requote(quote_id: str) -> Response | BaseResponse:
    """The same at the price of now: nothing is bought by it."""
    owner = current_user.id
    try:
        made = atomically(lambda: quotes.again(quote_id, customer_id=owner).id, actor=guards.actor())
    except Refusal as refused:
        if wants_fragment():
            return _review(trading.quote(quote_id, customer_id=owner), refused=refused, status=422)
        return _back(trading.quote(quote_id, customer_id=owner), refused)
    place = url_for("portal.quote", quote_id=made, times=_times())
    if not wants_fragment():
        return redirect(place, 303)
    answer = _review(trading.quote(made, customer_id=owner))
    answer.headers["HX-Replace-Url"] = place
    return answer


@bp.post("/trade/quotes/<quote_id>/accept")
@guards.customer
def accept_quote(quote_id: str) -> Response | BaseResponse:
    """The deed. A price that has run out or moved is made anew and asked about again, never taken for agreed."""
    owner, key, actor = current_user.id, request.form.get("key", ""), guards.actor()
    try:
        made, _ = atomically(lambda: orders.accept(quote_id, customer_id=owner, key=key, actor=actor), actor=actor)
    except trading_errors.QuoteUsed:
        return redirect(url_for("portal.quote", quote_id=quote_id), 303)
    except (trading_errors.QuoteExpired, trading_errors.PriceMoved) as over:
        flash(over.message, "warn")
        return requote(quote_id)
    except Refusal as refused:
        return _back(trading.quote(quote_id, customer_id=owner), refused)
    return redirect(url_for("portal.order", order_id=made.id), 303)


@bp.get("/orders/<order_id>")
@guards.customer
def order(order_id: str) -> Response:
    """What was done."""
    return page("portal/order.html", order=trading.one(order_id, customer_id=current_user.id))


def _read(form: TradeForm) -> Asked:
    """The form as somebody may send it: what there is not is the nearest thing that there is."""
    give = ASSETS.get(form.give.data or "", NGN)
    get = ASSETS.get(form.get.data or "")
    if get is None or get.ticker == give.ticker:
        get = NGN if give != NGN else _first_coin()
    faults: dict[str, str] = {}
    amounts = {"give_amount": give, "get_amount": get}
    written = {name: (form[name].data or "").strip() for name in amounts}
    filled = [name for name, text in written.items() if text]
    if form.whole.data and filled != ["get_amount"] and written["give_amount"] in {"", form.whole.data}:
        return Asked(give, get, None, written=True, faults=faults)
    if len(filled) > 1:
        faults["get_amount"] = "Leave one of the two empty: it follows from the other."
    typed = None
    for name in filled[:1]:
        try:
            typed = parse(written[name], asset=amounts[name])
        except Refusal as refused:
            faults[name] = refused.message
    return Asked(give, get, typed, written=typed is not None, faults=faults)


def _first_coin() -> Asset:
    """What is bought where nothing is said: the first of the list that is no money."""
    known = prices.tickers()
    return next((asset for asset in known if asset.network), known[0])


def _preview(asked: Asked) -> Preview | None:
    """What it would come to; nothing while there is no amount. Who looks as a customer has no prices made."""
    if not asked.written or asked.faults or "view_as" in g:
        return None
    try:
        return Preview(quotes.offered(current_user.id, give=asked.give, get=asked.get, typed=asked.typed))
    except Refusal as refused:
        return _refused(refused)


def _refused(refused: Refusal) -> Preview:
    way = WAYS_OUT.get(refused.code)
    return Preview(None, refused.message, (way[0], url_for(way[1])) if way else None)


def _back(found: Quote, refused: Refusal) -> BaseResponse:
    """To the form, as it was filled in, with the reason."""
    flash(refused.message, "warn")
    return redirect(url_for("portal.trade", **_filled(found)), 303)


def _filled(found: Quote) -> dict[str, Any]:
    """The form that a quote was made of."""
    name, amount = ("get_amount", found.get) if found.typed == rules.Typed.GET else ("give_amount", found.give)
    return {"give": found.give_asset, "get": found.get_asset, name: plain(amount)}


def _form(
    form: TradeForm, asked: Asked, faults: dict[str, str], *, preview: Preview | None = None, status: int = 200
) -> Response:
    balances = dict(wallets.balances_of(customer_id=current_user.id))
    return page(
        "portal/trade.html",
        block="deal" if _other_assets() else "preview",
        form=form,
        asked=asked,
        errors=faults,
        preview=preview,
        assets=[one.asset for one in coins.all_terms() if one.open or one.asset in {asked.give, asked.get}],
        available=_available(balances, asked.give),
        amounts=_shown_amounts(form, asked, balances),
        age=prices.board([asset for asset in (asked.give, asked.get) if asset != NGN]).values(),
        status=status,
    )


def _shown_amounts(form: TradeForm, asked: Asked, balances: dict[str, BalanceNow]) -> dict[str, str]:
    if asked.written and asked.typed is None:
        return {"give": plain(_available(balances, asked.give)), "get": ""}
    return {"give": form.give_amount.data or "", "get": form.get_amount.data or ""}


def _available(balances: dict[str, BalanceNow], asset: Asset) -> Money:
    return balances[asset.code].available if asset.code in balances else zero(asset)


def _other_assets() -> bool:
    """Whether other assets were chosen, so that labels and balances are others too, and not only what it comes to."""
    return request.headers.get("HX-Target", "").endswith("#deal")


def _review(found: Quote, *, refused: Refusal | None = None, status: int = 200) -> Response:
    left = max(int((found.expires_at - clock.now()).total_seconds()), 0)
    before = trading.quote(found.replaces, customer_id=current_user.id) if found.replaces else None
    return page(
        "portal/trade_review.html",
        block="quote",
        status=status,
        found=found,
        filled=_filled(found),
        before=before,
        left=0 if refused else left,
        whole_seconds=int((found.expires_at - found.created_at).total_seconds()),
        refused=_refused(refused) if refused else None,
        key=crypto.new_token(),
        times=_times(),
        may_again=_times() < AGAIN_MAX,
    )


def _times() -> int:
    """How often this page has had a new price made by now."""
    told = request.values.get("times", "")
    before = int(told) if told.isascii() and told.isdecimal() and len(told) < len(str(AGAIN_MAX)) + 1 else 0
    return before + 1 if request.endpoint == "portal.requote" else before
