"""Spreads at the console: what is asked above the price now, what is to come, what was before; asking for others."""

from datetime import date
from typing import Any

from flask import request
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock, crypto
from app.core.errors import InvalidAmount, Refusal
from app.core.money import NGN, Asset, Money, parse, plain
from app.core.permissions import Permission
from app.governance import queries as governance
from app.governance.models import Request
from app.market import queries as market
from app.market.rules import percent
from app.pricing import queries, requests
from app.pricing.errors import BadSpreads
from app.pricing.rules import ANY, Band, Ladder, Scope, Side
from app.web import guards
from app.web.console import asking
from app.web.console.approvals.inbox import staff_names
from app.web.console.base import bp
from app.web.fragments import page

BANDS_MAX = 6
SHARE = Asset("%", 2)  # a part of a hundred is typed with two decimals: then its units are ten-thousandths
SIDES = ((ANY, "Any side"), (Side.BUY, "Bought"), (Side.SELL, "Sold"), (Side.SWAP, "Swapped"))


@bp.get("/rates/spreads")
@guards.operator(Permission.RATES_READ)
def spreads() -> Response:
    """Every schedule of spreads."""
    return _spreads()


@bp.post("/rates/spreads")
@guards.operator(Permission.RATES_REQUEST_SPREADS, fresh=True)
def request_spreads() -> Response | BaseResponse:
    """Ask for another schedule of one scope."""
    sent = request.form

    def ask(**by: Any) -> Request:
        scope = Scope(sent.get("ticker", ""), sent.get("side", ""), sent.get("tier", ""))
        bands, starts_on = _read(sent)
        return requests.request_spreads(scope, bands, starts_on=starts_on, **by)

    try:
        return asking.ask(ask, who="An administrator")
    except Refusal as refused:
        return _spreads(fault=refused)


def _spreads(*, fault: Refusal | None = None) -> Response:
    found = queries.ladders()
    counts = _in_force(found)
    ordered = sorted(found, key=lambda one: (one.scope.closeness, one.scope.ticker, one.starts_at), reverse=True)
    tickers = sorted({ticker for pair in market.pairs() for ticker in (pair.base, pair.quote)} - {NGN.code})
    scopes = {one.scope for one in found}
    return page(
        "console/rates/spreads.html",
        status=fault.status if fault else 200,
        schedules=[(one, requests.in_words(one.scope), _lines(one), _state(one, counts)) for one in ordered],
        pending=[one for scope in scopes for one in governance.about_for_operators(requests.spreads_target(scope))],
        tickers=[(ANY, "Anything"), *((ticker, ticker) for ticker in tickers)],
        sides=SIDES,
        tiers=[
            (ANY, "Any tier"),
            *((tier, f"Tier {tier.removeprefix('t').replace('_plus', '+')}") for tier in requests.TIERS),
        ],
        bands=[_typed(band) for band in counts[Scope(ANY, ANY, ANY)].bands] + [{}],
        places=range(BANDS_MAX),
        sent=request.form,
        fault=fault,
        key=crypto.new_token(),
        staff=staff_names(),
        may_ask=Permission.RATES_REQUEST_SPREADS in current_user.permissions,
    )


def _in_force(found: list[Ladder]) -> dict[Scope, Ladder]:
    begun = [one for one in found if one.starts_at <= clock.now()]
    return {one.scope: one for one in sorted(begun, key=lambda one: one.starts_at)}


def _state(one: Ladder, counts: dict[Scope, Ladder]) -> str:
    if one.starts_at > clock.now():
        return "to come"
    return "counts" if counts.get(one.scope) == one else "before"


def _lines(one: Ladder) -> list[tuple[str, str]]:
    return [(requests.size_in_words(band), percent(band.bps)) for band in one.bands]


def _typed(band: Band) -> dict[str, str]:
    return {"from": plain(Money(NGN, band.from_kobo)), "share": plain(Money(SHARE, band.bps))}


def _read(sent: MultiDict[str, str]) -> tuple[list[Band], date]:
    """What was typed; a row without a word is none. Raises BadSpreads."""
    rows = [
        (sent.get(f"from-{place}", "").strip(), sent.get(f"share-{place}", "").strip()) for place in range(BANDS_MAX)
    ]
    try:
        bands = [
            Band(parse(size, asset=NGN).units if size else 0, parse(share.removesuffix("%"), asset=SHARE).units)
            for size, share in rows
            if size or share
        ]
        return bands, date.fromisoformat(sent.get("starts_on", ""))
    except InvalidAmount as refused:
        raise BadSpreads(refused.message) from refused
    except ValueError as unread:
        raise BadSpreads("Say on which day they begin.") from unread
