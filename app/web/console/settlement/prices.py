"""What Paystack's services cost in a month beside its price list, and the list; asking for another one."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import request
from flask.wrappers import Response
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.core import clock, crypto
from app.core.clock import WAT
from app.core.errors import InvalidAmount, Malformed, NotFound, Refusal
from app.core.money import NGN, Asset, Money, parse, plain
from app.core.permissions import Permission
from app.governance import queries as governance
from app.governance.models import Request
from app.risk.rules import Band
from app.settlement import price_lists, queries
from app.settlement.errors import BadPartnerFees
from app.settlement.partner_fees import NAMES, Service
from app.web import guards, sheets
from app.web.console import asking
from app.web.console.approvals.inbox import staff_names
from app.web.console.base import bp
from app.web.fragments import page

BANDS_MAX = 6
FIELDS = ("over", "flat", "share", "cap")
COLUMNS = ["day", "service", "count", "amount_ngn", "expected_ngn", "charged_ngn", "difference_ngn", "with_another_fee"]
SHARE_DECIMALS = Asset("%", 2)  # a part of a hundred is typed with two decimals: then its units are ten-thousandths


@bp.get("/settlements/prices")
@guards.operator(Permission.SETTLEMENT_READ)
def partner_prices() -> Response:
    """The list that counts, and what a month cost beside it."""
    return _prices()


@bp.get("/settlements/prices.csv")
@guards.operator(Permission.SETTLEMENT_READ)
def partner_prices_sheet() -> Response:
    """A month as a file: by day and service."""
    month = _month(request.args.get("month", ""))
    found = queries.fee_days_for_operators(since=month, until=_next(month))
    cells = [
        [line.day.isoformat(), line.service, str(line.count)]
        + [plain(amount) for amount in (line.amount, line.expected, line.told, line.difference)]
        + [str(line.others)]
        for line in found
    ]
    return sheets.sheet(f"paystack-fees-{month:%Y-%m}", COLUMNS, cells)


@bp.post("/settlements/prices/<service>")
@guards.operator(Permission.LIMITS_REQUEST_FEES, fresh=True)
def request_partner_prices(service: str) -> Response | BaseResponse:
    """Ask that another list count for one service."""
    if service not in set(Service):
        raise NotFound
    wanted = Service(service)

    def ask(**by: Any) -> Request:
        bands, starts_on = _read(request.form)
        return price_lists.request(wanted, bands, starts_on=starts_on, **by)

    try:
        return asking.ask(ask, who="An administrator")
    except Refusal as refused:
        return _prices(fault=refused.message, fault_of=service, status=422)


def _prices(*, fault: str = "", fault_of: str = "", status: int = 200) -> Response:
    month = _month(request.args.get("month", ""))
    lists = queries.schedules_without_owner()
    asked = fault_of or request.args.get("service", "")
    changed = Service(asked) if asked in set(Service) else Service.CARD
    return page(
        "console/settlement/prices.html",
        status=status,
        month=month,
        earlier=(month - timedelta(days=1)).replace(day=1),
        later=_next(month),
        now=clock.now(),
        lines=queries.fee_lines_for_operators(since=month, until=_next(month)),
        names=NAMES,
        lists=[(NAMES[service], service, _in_words(bands)) for service, bands in lists.items()],
        coming=[
            (NAMES[service], starts_at, _in_words(bands))
            for (service, starts_at), bands in queries.lists_to_come_for_operators().items()
        ],
        pending=[one for service in Service for one in governance.about_for_operators(f"partner_fees:{service}")],
        changed=changed,
        bands=_typed(lists.get(changed, [])),
        sent=request.form,
        fault=fault,
        key=crypto.new_token(),
        staff=staff_names(),
        may_ask=Permission.LIMITS_REQUEST_FEES in current_user.permissions,
    )


def _month(text: str) -> datetime:
    """The beginning in Lagos of the month that is looked at; this one where none is named. Raises Malformed."""
    try:
        first = date.fromisoformat(f"{text}-01") if text else clock.now().astimezone(WAT).date().replace(day=1)
        found = datetime(first.year, first.month, 1, tzinfo=WAT)
        _next(found), found - timedelta(days=1)
    except (ValueError, OverflowError) as unread:
        raise Malformed("That page is not one of this list.") from unread
    return found


def _next(month: datetime) -> datetime:
    return (month + timedelta(days=32)).replace(day=1)


def _in_words(bands: list[Band]) -> list[tuple[str, str]]:
    return [(f"Above {Money(NGN, band.over)}", price_lists.in_words(band)) for band in bands]


def _typed(bands: list[Band]) -> list[dict[str, str]]:
    """Bands as they are typed, and an empty one for more."""
    found = [
        {"over": plain(Money(NGN, band.over)), "flat": plain(Money(NGN, band.flat))}
        | ({"share": plain(Money(SHARE_DECIMALS, band.bps))} if band.bps else {})
        | ({"cap": plain(Money(NGN, band.cap))} if band.cap is not None else {})
        for band in bands
    ]
    return found + [{} for _ in range(min(1, BANDS_MAX - len(found)))]


def _read(sent: MultiDict[str, str]) -> tuple[list[Band], date]:
    """What was typed; a row without a word is none. Raises BadPartnerFees."""
    rows = [{name: sent.get(f"{name}-{place}", "").strip() for name in FIELDS} for place in range(BANDS_MAX)]
    try:
        return [_band(row) for row in rows if any(row.values())], date.fromisoformat(sent.get("starts_on", ""))
    except InvalidAmount as refused:
        raise BadPartnerFees(refused.message) from refused
    except ValueError as unread:
        raise BadPartnerFees("Say from which day they count.") from unread


def _band(row: dict[str, str]) -> Band:
    def units(name: str) -> int | None:
        return parse(row[name], asset=NGN).units if row[name] else None

    share = parse(row["share"].removesuffix("%"), asset=SHARE_DECIMALS).units if row["share"] else 0
    return Band(units("over") or 0, units("flat") or 0, share, cap=units("cap"))
