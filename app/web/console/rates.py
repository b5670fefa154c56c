"""Rates at the console: what feeds tell, what is made of it, what stops a pair, and a price of our own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock, crypto
from app.core.db import atomically
from app.core.errors import NotFound, Refusal
from app.core.permissions import Permission
from app.governance import queries as governance
from app.governance.models import Request
from app.market import queries as market
from app.market.flows import NO_ANSWER
from app.market.models import Pair
from app.market.rules import Verdict, in_words, percent
from app.pricing import queries, requests, rules, service
from app.pricing.errors import BadFeed, BadOverride
from app.trading import queries as trading
from app.web import guards
from app.web.console import asking
from app.web.console.approvals.inbox import staff_names
from app.web.console.base import bp
from app.web.fragments import page
from reports import drawings

QUOTES = 10
HOUR = timedelta(hours=1)
MINUTES = (("15", "15 minutes"), ("60", "an hour"), ("240", "four hours"), ("1440", "a day"))
VERDICTS = {
    Verdict.COUNTS: ("Counts", "ok"),
    Verdict.STALE: ("Too old", "warn"),
    Verdict.ZERO: ("No price", "bad"),
    Verdict.OUTLIER: ("Far from the others", "bad"),
    Verdict.SILENT: ("Silent", "bad"),
}
NOT_LISTED = ("Not listed there", "bad")
CAUSES = {"off": "Turned off", "moved": "Moved too fast", "disagreeing": "Feeds disagree"}


@dataclass(frozen=True)
class Told:
    """What one feed tells of a pair."""

    feed: str
    name: str
    value: str
    told_at: datetime | None
    verdict: tuple[str, str]


@bp.get("/rates")
@guards.operator(Permission.RATES_READ)
def rates() -> Response:
    """Every pair and every feed; followed every few seconds."""
    board = queries.board_for_operators()
    return page(
        "console/rates/board.html",
        block="board",
        board=board,
        names={one.feed.id: one.feed.name for one in board.feeds},
        quotes=trading.newest_quotes_for_operators(limit=QUOTES),
        **_words(),
    )


@bp.get("/rates/pairs/<pair_name>")
@guards.operator(Permission.RATES_READ)
def rate(pair_name: str) -> Response:
    """One pair: who says what, what stops it, and how to go on."""
    return _rate(_pair(pair_name))


@bp.post("/rates/pairs/<pair_name>/halt")
@guards.operator(Permission.RATES_HALT)
def halt_pair(pair_name: str) -> Response | BaseResponse:
    """Have nothing dealt in a pair, at once."""
    pair, actor, reason = _pair(pair_name), guards.actor(), request.form.get("reason", "")
    try:
        atomically(lambda: service.turn_off(pair.code, reason=reason, actor=actor), actor=actor, reason=reason)
    except Refusal as refused:
        return _rate(pair, fault=refused, about="halt")
    flash(f"Nothing is dealt over {pair.code} any more.", "ok")
    return redirect(url_for("console.rate", pair_name=pair_name), 303)


@bp.post("/rates/halts/<stop_id>/on")
@guards.operator(Permission.RATES_REQUEST, fresh=True)
def request_pair_on(stop_id: str) -> Response | BaseResponse:
    """Ask that a pair be dealt in again."""
    pair = _pair(queries.halt_for_operators(stop_id).pair)
    return _asked(pair, lambda **by: requests.request_go_on(stop_id, **by), about=stop_id)


@bp.post("/rates/pairs/<pair_name>/price")
@guards.operator(Permission.RATES_REQUEST, fresh=True)
def request_price(pair_name: str) -> Response | BaseResponse:
    """Ask for a price of our own."""
    pair, sent = _pair(pair_name), request.form

    def ask(**by: Any) -> Request:
        price, minutes = rules.read_price(sent.get("price", "")), sent.get("minutes", "")
        if price is None:
            raise BadOverride("Write the price in digits, above nought, like 1,486.50.")
        if minutes not in dict(MINUTES):
            raise BadOverride("Choose for how long it counts.")
        return requests.request_override(pair.code, price, minutes=int(minutes), **by)

    return _asked(pair, ask, about="price")


@bp.post("/rates/prices/<override_id>/end")
@guards.operator(Permission.RATES_HALT)
def end_price(override_id: str) -> Response | BaseResponse:
    """Let the feeds' price count again before its time."""
    pair, actor = _pair(queries.override_for_operators(override_id).pair), guards.actor()
    try:
        atomically(lambda: service.end_override(override_id, actor=actor), actor=actor)
    except Refusal as refused:
        return _rate(pair, fault=refused, about=override_id)
    flash(f"What the feeds tell of {pair.code} counts again.", "ok")
    return redirect(url_for("console.rate", pair_name=_name(pair.code)), 303)


@bp.get("/rates/feeds/<feed_id>")
@guards.operator(Permission.RATES_READ)
def feed(feed_id: str) -> Response:
    """One feed: how it answers, what it tells, and what counts of it."""
    return _feed(feed_id)


@bp.post("/rates/feeds/<feed_id>")
@guards.operator(Permission.RATES_REQUEST, fresh=True)
def request_feed(feed_id: str) -> Response | BaseResponse:
    """Ask that a feed be turned on or off, weigh otherwise, or may be older."""
    sent = request.form

    def ask(**by: Any) -> Request:
        numbers = [sent.get(name, "").strip() for name in ("weight", "age_max_seconds")]
        if not all(number.isascii() and number.isdigit() and len(number) < 7 for number in numbers):  # noqa: PLR2004
            raise BadFeed("Write the weight and the seconds in digits.")
        return requests.request_feed(
            feed_id,
            weight=int(numbers[0]),
            age_max_seconds=int(numbers[1]),
            active=sent.get("active") == "yes",
            **by,
        )

    if market.feed(feed_id) is None:
        raise NotFound
    try:
        return asking.ask(ask, who="An administrator")
    except Refusal as refused:
        return _feed(feed_id, fault=refused)


def _asked(pair: Pair, ask: Callable[..., Request], *, about: str) -> Response | BaseResponse:
    try:
        return asking.ask(ask, who="Another of treasury")
    except Refusal as refused:
        return _rate(pair, fault=refused, about=about)


def _rate(pair: Pair, *, fault: Refusal | None = None, about: str = "") -> Response:
    board = queries.board_for_operators()
    line = next(one for one in board.lines if one.pair.code == pair.code)
    day = clock.now() - timedelta(days=1)
    bars = drawings.grouped(queries.candles(pair.base, pair.quote, span="5m", since=day), HOUR)
    return page(
        "console/rates/pair.html",
        block="" if fault else "standing",
        status=fault.status if fault else 200,
        line=line,
        told=_told(line),
        bars=bars,
        drawing=drawings.candles(bars, HOUR),
        asked={halt.id: governance.about_for_operators(requests.halt_target(halt.id)) for halt in line.halts},
        prices_asked=governance.about_for_operators(requests.pair_target(pair.code)),
        ended=queries.halts_ended_for_operators(pair.code),
        overrides=queries.overrides_for_operators(pair.code),
        now=clock.now(),
        name=_name(pair.code),
        minutes=MINUTES,
        staff=staff_names(),
        sent=request.form,
        fault=fault,
        about=about,
        key=crypto.new_token(),
        reason_max=service.REASON_MAX,
        sees_requests=Permission.APPROVALS_READ in current_user.permissions,
        **_words(),
    )


def _feed(feed_id: str, *, fault: Refusal | None = None) -> Response:
    board = queries.board_for_operators()
    standing = next((one for one in board.feeds if one.feed.id == feed_id), None)
    if standing is None:
        raise NotFound
    lines = [line for line in board.lines if line.pair.code in standing.pairs]
    return page(
        "console/rates/feed.html",
        status=fault.status if fault else 200,
        standing=standing,
        told=[(line.pair, one) for line in lines for one in _told(line) if one.feed == feed_id],
        pending=governance.about_for_operators(f"feed:{feed_id}"),
        staff=staff_names(),
        sent=request.form,
        fault=fault,
        key=crypto.new_token(),
        reason_max=service.REASON_MAX,
        **_words(),
    )


def _told(line: queries.Line) -> list[Told]:
    """What each feed that is on tells of a pair now, and what became of its word when the price was last made."""
    verdicts = line.newest.made.verdicts if line.newest else {}
    feeds = {one.feed.id: one for one in market.feeds()}
    return [
        Told(
            word.feed,
            feeds[word.feed].feed.name,
            in_words(word.value) if word.value else "",
            word.told_at,
            NOT_LISTED
            if line.pair.code in feeds[word.feed].untold
            else VERDICTS[verdicts.get(word.feed, Verdict.SILENT)],
        )
        for word in market.words(at=clock.now()).get(line.pair.code, [])
    ]


def _words() -> dict[str, Any]:
    """What the pages share: how a price is written, a pair's address; who may do what."""
    held = current_user.permissions
    return {
        "price_text": in_words,
        "address_of": _name,
        "causes": CAUSES,
        "no_answer": NO_ANSWER,
        "bps": percent,
        "may_halt": Permission.RATES_HALT in held,
        "may_ask": Permission.RATES_REQUEST in held,
    }


def _name(code: str) -> str:
    """A pair as it stands in an address: `BTC-USDT`."""
    return code.replace("/", "-")


def _pair(address: str) -> Pair:
    found = queries.pair(address.replace("-", "/"))
    if found is None:
        raise NotFound
    return found
