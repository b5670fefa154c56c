"""Treasury: what customers are owed beside where it is held, and what venues say that they hold of ours."""

from dataclasses import dataclass

from flask import abort, current_app, flash, redirect, request, url_for
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from app.clients.http import Refused, Silent
from app.core import clock
from app.core.money import ASSETS, NGN, Money, plain
from app.core.permissions import Permission
from app.exchange import flows, queries, rules
from app.exchange.models import VenueReading
from app.web import guards, sheets
from app.web.console.base import bp
from app.web.console.cases import VENUE_DIFFERS
from app.web.console.objects import cases_about
from app.web.fragments import page
from reports import treasury as reports

PAGE = 25
COLUMNS = ["asset", "owed", "held", "ours", "cover_percent", "place", "at_place", "venue_says", "venue_read_at"]


@dataclass(frozen=True)
class Row:
    """One currency of a venue: the newest reading, what the books say now, and what no order may take."""

    reading: VenueReading
    booked: Money | None
    free: Money | None

    @property
    def unexplained(self) -> Money | None:
        """What the venue had more than the books said when it was read; None of a currency without a name here."""
        return Money(self.booked.asset, self.reading.unexplained) if self.booked else None


@bp.get("/treasury")
@guards.operator(Permission.EXCHANGE_READ)
def owed_and_held() -> Response:
    """Cover of each asset."""
    covers = reports.covers()
    return page(
        "console/treasury/cover.html",
        block="results",
        covers=covers,
        owed=reports.worth_of(one.owed_all for one in covers),
        held=reports.worth_of(one.held_all for one in covers),
        lacking=[one.asset.ticker for one in covers if one.standing is reports.Standing.BEYOND],
        differs=[one.asset.ticker for one in covers if one.differs],
        read_at=min((one.read_at for one in covers if one.read_at), default=None),
        now=clock.now(),
        NGN=NGN,
    )


@bp.get("/treasury.csv")
@guards.operator(Permission.EXCHANGE_READ)
def owed_and_held_sheet() -> Response:
    """The same as a file: a line for each place of each asset."""
    lines = [
        [
            cover.asset.code,
            *map(plain, (cover.owed_all, cover.held_all, cover.ours)),
            "" if cover.bps is None else f"{cover.bps // 100}.{cover.bps % 100:02}",
            place.name,
            plain(place.amount),
            f"{place.reading.told:f}" if place.reading else "",
            sheets.stamp(place.reading.read_at) if place.reading else "",
        ]
        for cover in reports.covers()
        for place in cover.held
    ]
    return sheets.sheet(f"owed-and-held-{clock.now():%Y%m%d-%H%M}", COLUMNS, lines)


@bp.get("/treasury/venues")
@guards.operator(Permission.EXCHANGE_READ)
def venue_balances() -> Response:
    """What the venue said last, currency by currency."""
    known = queries.assets_for_system(rules.VENUE)
    booked = queries.booked_at_venue_for_system(rules.VENUE)
    readings = queries.readings_for_operators()
    rows = [_row(one, booked) for one in readings]
    return page(
        "console/treasury/venues.html",
        block="results",
        venue=rules.VENUE.capitalize(),
        rows=rows,
        unread=[ASSETS[code] for name, code in known.items() if name not in {one.currency for one in readings}],
        differing=[row for row in rows if row.reading.unexplained],
        read_at=max((one.read_at for one in readings), default=None),
        matters=rules.READINGS_THAT_MATTER,
        cases=[one for one in cases_about(*(one.currency for one in readings)) if one.kind == VENUE_DIFFERS],
        may_read=Permission.EXCHANGE_HEDGE in current_user.permissions,
    )


@bp.get("/treasury/venues/<currency>")
@guards.operator(Permission.EXCHANGE_READ)
def venue_readings(currency: str) -> Response:
    """Every reading of one currency, newest first."""
    before = request.args.get("before", type=int)
    found = queries.readings_of_for_operators(rules.VENUE, currency, before=before, limit=PAGE + 1)
    if not found and before is None:
        abort(404)
    code = queries.assets_for_system(rules.VENUE).get(currency)
    return page(
        "console/treasury/readings.html",
        venue=rules.VENUE.capitalize(),
        currency=currency,
        asset=ASSETS[code] if code else None,
        readings=found[:PAGE],
        older=found[PAGE - 1].id if len(found) > PAGE else None,
        first=before is None,
    )


@bp.post("/treasury/venues")
@guards.operator(Permission.EXCHANGE_HEDGE)
def read_venue() -> BaseResponse:
    """Ask the venue now what it holds. Nothing is ordered."""
    try:
        flows.read_balances(venue=current_app.extensions["clients"].venue, actor=guards.actor())
        flash("Read. What differs is marked.", "ok")
    except (Silent, Refused):
        flash("The venue does not answer. What it said last stands here.", "warn")
    return redirect(url_for("console.venue_balances"), 303)


def _row(one: VenueReading, booked: dict[str, int]) -> Row:
    if one.asset is None:
        return Row(one, None, None)
    asset = ASSETS[one.asset]
    free = Money(asset, queries.free_at_venue_for_system(one.venue, one.asset))
    return Row(one, Money(asset, booked[one.asset]), free)
