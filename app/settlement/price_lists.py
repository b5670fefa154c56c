"""Another price list of Paystack's is a request: finance asks, an administrator agrees, and it counts from a day on.

A list is never changed: one that starts later takes the place of the whole. It may begin in the past: prices are
Paystack's to set and we may learn of them late; what was booked was what they took, and stays.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from app.core import ids
from app.core.actor import Actor
from app.core.db import db
from app.core.money import NGN, Money
from app.core.permissions import Permission
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.payloads import starts_at
from app.risk import fees
from app.risk import rules as bands_rules
from app.risk.rules import Band
from app.settlement import errors, queries
from app.settlement.models import PartnerFee
from app.settlement.partner_fees import NAMES, Service


def request(
    service: Service, bands: Sequence[Band], *, starts_on: date, reason: str, maker: str, actor: Actor
) -> Request:
    """Ask for a price list from a day on (midnight in Lagos). Raises BadPartnerFees, and as governance does."""
    payload = {
        "service": str(service),
        "bands": [_written(band) for band in bands],
        "was": [_written(band) for band in queries.schedules_without_owner().get(service, [])],
        "starts_on": starts_on.isoformat(),
    }
    target = f"partner_fees:{service}"
    return governance.submit(KIND.name, payload, target=target, reason=reason, maker=maker, actor=actor)


def in_words(band: Band) -> str:
    """`₦100.00 and 1.5 %, at most ₦2,000.00`."""
    return fees.band_in_words(band, asset=NGN.code)


def _check(payload: Payload) -> None:
    bands = [_band(written) for written in payload["bands"]]
    fault = bands_rules.fault_of_bands(bands)
    if fault:
        raise errors.BadPartnerFees(fault)
    if any(band.bps == bands_rules.BPS for band in bands):
        raise errors.BadPartnerFees("A partner does not keep the whole.")
    if payload["bands"] == payload["was"]:
        raise errors.BadPartnerFees("This is the list that counts now.")
    taken = select(PartnerFee.id).where(
        PartnerFee.service == payload["service"], PartnerFee.starts_at == starts_at(payload)
    )
    if db.session.scalars(taken.limit(1)).one_or_none() is not None:
        raise errors.BadPartnerFees("Another list begins on that day.")


def _set(agreed: Agreed) -> str:
    _check(agreed.payload)
    for band in map(_band, agreed.payload["bands"]):
        db.session.add(
            PartnerFee(
                id=ids.new("pfe"),
                service=agreed.payload["service"],
                over_units=Decimal(band.over),
                flat_units=Decimal(band.flat),
                bps=band.bps,
                cap_units=None if band.cap is None else Decimal(band.cap),
                starts_at=starts_at(agreed.payload),
                request_id=agreed.request_id,
            )
        )
    db.session.flush()
    return f"Counts from {agreed.payload['starts_on']}"


def _describe(payload: Payload) -> list[Line]:
    was = {band.over: in_words(band) for band in map(_band, payload["was"])}
    lines = [Line("For", NAMES[Service(payload["service"])])]
    for band in map(_band, payload["bands"]):
        new, old = in_words(band), was.pop(band.over, "no band of its own")
        lines.append(Line(f"Above {Money(NGN, band.over)}", new, was=old if old != new else None))
    gone = [Line(f"Above {Money(NGN, over)}", "no band of its own", was=old) for over, old in was.items()]
    return [*lines, *gone, Line("Counts from", f"{starts_at(payload):%-d %B %Y}")]


def _written(band: Band) -> dict[str, Any]:
    """Units as text: JSON's numbers are not exact everywhere. What is None is left out."""
    units = {"over": band.over, "flat": band.flat, "cap": band.cap}
    return {"bps": band.bps} | {name: str(value) for name, value in units.items() if value is not None}


def _band(written: dict[str, Any]) -> Band:
    units = {name: int(value) for name, value in written.items() if name != "bps"}
    return Band(bps=written["bps"], **units)


KIND = Kind(
    name="settlement.partner_fees",
    title="Price list of Paystack",
    make=Permission.LIMITS_REQUEST_FEES,
    dry_run=_check,
    execute=_set,
    describe=_describe,
    summary=lambda payload: f"Set Paystack's prices: {NAMES[Service(payload['service'])]}",
)
