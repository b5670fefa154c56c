"""Another schedule of fees is a request: finance asks, an administrator agrees, and it begins on a day that is said.

A schedule is never changed: one that starts later takes the place of the whole.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from app.core import clock, ids
from app.core.actor import Actor
from app.core.db import db
from app.core.money import ASSETS, NGN, Money
from app.core.permissions import Permission
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.payloads import begins, starts_at
from app.risk import errors, queries, rules
from app.risk.models import Fee
from app.risk.rules import Band, Direction, Rail, Scope

WAYS = {
    (Rail.BANK, Direction.IN): "Deposits: what their payer pays on top",
    (Rail.BANK, Direction.OUT): "Withdrawals to a bank",
    (Rail.CHAIN, Direction.IN): "Coins coming in",
    (Rail.CHAIN, Direction.OUT): "Coins sent",
    (Rail.INSIDE, Direction.IN): "Selling: of what is got",
    (Rail.INSIDE, Direction.OUT): "Buying and swapping: of what is given",
}
PERCENT_DECIMALS = 2
PAID_IN = Scope(Rail.BANK, Direction.IN, NGN.code)  # what of Paystack's fee the payer bears: none where none is set


def request(scope: Scope, bands: Sequence[Band], *, starts_on: date, reason: str, maker: str, actor: Actor) -> Request:
    """Ask for a schedule of fees from a day on (it begins at midnight in Lagos).

    Raises BadFees, DayTaken, and as governance does.
    """
    payload = {
        "scope": [scope.rail, scope.direction, scope.asset],
        "bands": [_written(band) for band in bands],
        "was": [_written(one.band) for one in queries.schedule_without_owner(scope)],
        "starts_on": starts_on.isoformat(),
    }
    return governance.submit(KIND.name, payload, target=target_of(scope), reason=reason, maker=maker, actor=actor)


def charged() -> tuple[Scope, ...]:
    """What has a fee: one that nothing takes is not set. Orders pay in what is given, sales in what is got."""
    given = (Scope(Rail.INSIDE, Direction.OUT, code) for code in ASSETS)
    return Scope(Rail.BANK, Direction.OUT, NGN.code), PAID_IN, Scope(Rail.INSIDE, Direction.IN, NGN.code), *given


def target_of(scope: Scope) -> str:
    """What requests about the fees of a scope are filed under."""
    return f"fees:{scope.rail}.{scope.direction}.{scope.asset}"


def in_words(scope: Scope) -> str:
    """`Withdrawals to a bank, NGN`."""
    return f"{WAYS[Rail(scope.rail), Direction(scope.direction)]}, {scope.asset}"


def ladder_in_words(bands: Sequence[Band], *, asset: str) -> list[tuple[str, str]]:
    """What is asked by size, the smallest first: `Up to ₦5,000.00`, then `Above ₦5,000.00`."""
    coin, ends = ASSETS[asset], [band.over for band in bands[1:]]
    sizes = [f"Up to {Money(coin, end)}" for end in ends]
    sizes.append(f"Above {Money(coin, ends[-1])}" if ends else "Any amount")
    return [(size, band_in_words(band, asset=asset)) for size, band in zip(sizes, bands, strict=True)]


def band_in_words(band: Band, *, asset: str) -> str:
    """`₦25.00`, or `₦10.00 and 1.5 %, at least ₦50.00, at most ₦2,000.00`."""
    coin = ASSETS[asset]
    whole, fraction = divmod(band.bps, rules.BPS // 100)
    share = f"{whole}.{fraction:0{PERCENT_DECIMALS}d}".rstrip("0").rstrip(".")
    asked = [
        *([str(Money(coin, band.flat))] if band.flat or not band.bps else []),
        *([f"{share} %"] if band.bps else []),
    ]
    bounds = [
        *([f"at least {Money(coin, band.floor)}"] if band.floor is not None else []),
        *([f"at most {Money(coin, band.cap)}"] if band.cap is not None else []),
    ]
    return ", ".join([" and ".join(asked), *bounds])


def _check(payload: Payload) -> None:
    scope, bands = Scope(*payload["scope"]), [_band(written) for written in payload["bands"]]
    if scope not in charged():
        raise errors.BadFees("Nothing takes that fee.")
    fault = rules.fault_of_bands(bands)
    if fault:
        raise errors.BadFees(fault)
    if scope == PAID_IN and any(band.bps >= rules.BPS for band in bands):
        raise errors.BadFees("Nothing would be left of what is paid.")
    if payload["bands"] == payload["was"]:
        raise errors.BadFees("These are the fees that count now.")
    if starts_at(payload) <= clock.now():
        raise errors.BadFees("Fees begin on a day to come: nobody is surprised by one that has begun.")
    if (scope, starts_at(payload)) in queries.fees_for_operators():
        raise errors.DayTaken


def _set(agreed: Agreed) -> str:
    _check(agreed.payload)
    rail, direction, asset = agreed.payload["scope"]
    for band in map(_band, agreed.payload["bands"]):
        db.session.add(
            Fee(
                id=ids.new("fee"),
                rail=rail,
                direction=direction,
                asset=asset,
                over_units=band.over,
                flat_units=band.flat,
                bps=band.bps,
                floor_units=band.floor,
                cap_units=band.cap,
                starts_at=starts_at(agreed.payload),
                request_id=agreed.request_id,
            )
        )
    db.session.flush()
    return f"Begins on {agreed.payload['starts_on']}"


def _describe(payload: Payload) -> list[Line]:
    scope = Scope(*payload["scope"])
    was = {band.over: band for band in map(_band, payload["was"])}
    lines = [Line("For", in_words(scope))]
    for band in map(_band, payload["bands"]):
        new = band_in_words(band, asset=scope.asset)
        old = band_in_words(was.pop(band.over), asset=scope.asset) if band.over in was else "no band of its own"
        lines.append(Line(_above(band, scope.asset), new, was=old if old != new else None))
    gone = [
        Line(_above(band, scope.asset), "no band of its own", was=band_in_words(band, asset=scope.asset))
        for band in was.values()
    ]
    return [*lines, *gone, begins(payload)]


def _above(band: Band, asset: str) -> str:
    return f"Above {Money(ASSETS[asset], band.over)}"


def _written(band: Band) -> dict[str, Any]:
    """Units as text: JSON's numbers are not exact everywhere. What is None is left out."""
    units = {"over": band.over, "flat": band.flat, "floor": band.floor, "cap": band.cap}
    return {"bps": band.bps} | {name: str(value) for name, value in units.items() if value is not None}


def _band(written: dict[str, Any]) -> Band:
    units = {name: int(value) for name, value in written.items() if name != "bps"}
    return Band(bps=written["bps"], **units)


KIND = Kind(
    name="risk.fees",
    title="Fees",
    make=Permission.LIMITS_REQUEST_FEES,
    dry_run=_check,
    execute=_set,
    describe=_describe,
    summary=lambda payload: f"Set fees: {in_words(Scope(*payload['scope']))}",
)
