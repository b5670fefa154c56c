"""Fees at the console: what things cost, what is to come, what they cost before; asking for another schedule."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import request
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock, crypto
from app.core.errors import InvalidAmount, NotFound, Refusal
from app.core.money import ASSETS, Asset, Money, parse, plain
from app.core.permissions import Permission
from app.governance import queries as governance
from app.governance.models import Request
from app.risk import fees as changes
from app.risk import queries
from app.risk.errors import BadFees
from app.risk.models import Fee
from app.risk.rules import Band, Scope
from app.web import guards
from app.web.console import asking
from app.web.console.approvals.inbox import staff_names
from app.web.console.base import bp
from app.web.fragments import page

MORE = 2  # empty rows below the bands that there are
BANDS_MAX = 12
FIELDS = ("over", "flat", "share", "floor", "cap")
SHARE_DECIMALS = Asset("%", 2)  # a part of a hundred is typed with two decimals: then its units are ten-thousandths


@dataclass(frozen=True)
class Schedule:
    """The fees of one scope from a time on, in words."""

    scope: Scope
    title: str
    starts_at: datetime
    state: str  # counts, to come, or before
    lines: list[tuple[str, str]]
    request_id: str | None


@bp.get("/fees")
@guards.operator(Permission.LIMITS_READ)
def fees() -> Response:
    """Every schedule, with what is to come first."""
    return _fees()


@bp.post("/fees/<scope>")
@guards.operator(Permission.LIMITS_REQUEST_FEES, fresh=True)
def request_fees(scope: str) -> Response | BaseResponse:
    """Ask for another schedule of one scope."""
    wanted = _scope(scope)

    def ask(**by: Any) -> Request:
        bands, starts_on = _read(request.form, asset=ASSETS[wanted.asset])
        return changes.request(wanted, bands, starts_on=starts_on, **by)

    try:
        return asking.ask(ask, who="An administrator")
    except Refusal as refused:
        return _fees(fault=refused.message, fault_of=scope, status=422)


def _fees(*, fault: str = "", fault_of: str = "", status: int = 200) -> Response:
    present = {scope: queries.schedule_without_owner(scope) for scope in changes.charged()}
    return page(
        "console/fees/list.html",
        status=status,
        schedules=[
            _schedule(scope, starts_at, bands, counts=bands == present.get(scope))
            for (scope, starts_at), bands in queries.fees_for_operators().items()
        ],
        chosen=fault_of or request.args.get("for", _name(changes.charged()[0])),
        forms=[(_name(scope), changes.in_words(scope), _typed(bands)) for scope, bands in present.items()],
        pending=[one for scope in present for one in governance.about_for_operators(changes.target_of(scope))],
        sent=request.form,
        fault=fault,
        fault_of=fault_of,
        key=crypto.new_token(),
        staff=staff_names(),
        may_ask=Permission.LIMITS_REQUEST_FEES in current_user.permissions,
    )


def _schedule(scope: Scope, starts_at: datetime, bands: list[Fee], *, counts: bool) -> Schedule:
    coin = ASSETS[scope.asset]
    return Schedule(
        scope,
        changes.in_words(scope),
        starts_at,
        "counts" if counts else "to come" if starts_at > clock.now() else "before",
        [(f"Above {Money(coin, one.band.over)}", changes.band_in_words(one.band, asset=scope.asset)) for one in bands],
        bands[0].request_id,
    )


def _typed(bands: list[Fee]) -> list[dict[str, str]]:
    """Bands as they are typed, and empty ones for more."""
    found = []
    for one in bands:
        band, coin = one.band, ASSETS[one.asset]
        optional = {"floor": band.floor, "cap": band.cap}
        found.append(
            {"over": plain(Money(coin, band.over)), "flat": plain(Money(coin, band.flat))}
            | ({"share": plain(Money(SHARE_DECIMALS, band.bps))} if band.bps else {})
            | {name: plain(Money(coin, units)) for name, units in optional.items() if units is not None}
        )
    return found + [{} for _ in range(min(MORE, BANDS_MAX - len(found)))]


def _name(scope: Scope) -> str:
    return f"{scope.rail}.{scope.direction}.{scope.asset}"


def _scope(name: str) -> Scope:
    found = next((one for one in changes.charged() if _name(one) == name), None)
    if found is None:
        raise NotFound
    return found


def _read(sent: MultiDict[str, str], *, asset: Asset) -> tuple[list[Band], date]:
    """What was typed; a row without a word is none. Raises BadFees."""
    rows = [{name: sent.get(f"{name}-{place}", "").strip() for name in FIELDS} for place in range(BANDS_MAX)]
    try:
        bands = [_band(row, asset=asset) for row in rows if any(row.values())]
        return bands, date.fromisoformat(sent.get("starts_on", ""))
    except InvalidAmount as refused:
        raise BadFees(refused.message) from refused
    except ValueError as unread:
        raise BadFees("Say on which day they begin.") from unread


def _band(row: dict[str, str], *, asset: Asset) -> Band:
    def units(name: str) -> int | None:
        return parse(row[name], asset=asset).units if row[name] else None

    share = parse(row["share"].removesuffix("%"), asset=SHARE_DECIMALS).units if row["share"] else 0
    return Band(units("over") or 0, units("flat") or 0, share, units("floor"), units("cap"))
