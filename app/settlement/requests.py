"""Money into the float, and the floor under it, are requests: finance asks, treasury agrees."""

from datetime import date

from app.core import clock
from app.core.actor import Actor
from app.core.money import NGN, Money
from app.core.permissions import Permission
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.kinds import Agreed, Kind, Line, Payload
from app.governance.models import Request
from app.governance.payloads import begins, starts_at
from app.governance.rules import Facts
from app.payments import payout_queries, payouts
from app.settlement import errors, queries, rules, service

TARGET_TOP_UPS = "float:top_ups"
TARGET_FLOOR = "float:floor"


def request_top_up(amount: Money, *, reason: str, maker: str, actor: Actor) -> Request:
    """Ask that money go from our bank into the balance.

    Raises TopUpOutOfBounds, TopUpUnderWay, and as governance does.
    """
    payload = {"units": str(amount.units)}
    asked = governance_queries.about_for_operators(TARGET_TOP_UPS)
    if any(one.request.payload == payload for one in asked):
        raise errors.TopUpUnderWay
    return governance.submit(TOP_UP.name, payload, target=TARGET_TOP_UPS, reason=reason, maker=maker, actor=actor)


def request_floor(floor: Money, *, target: Money, starts_on: date, reason: str, maker: str, actor: Actor) -> Request:
    """Ask for another floor of the float, and what it is topped up to, from a day on.

    Raises BadFloor, and as governance does.
    """
    now = payout_queries.floor_for_system()
    payload = {
        "floor": str(floor.units),
        "target": str(target.units),
        "was": [str(now.floor.units), str(now.target.units)],
        "starts_on": starts_on.isoformat(),
    }
    return governance.submit(FLOOR.name, payload, target=TARGET_FLOOR, reason=reason, maker=maker, actor=actor)


def _check_top_up(payload: Payload) -> None:
    amount = _money(payload["units"])
    fits = rules.TOP_UP_LEAST <= amount.units <= rules.TOP_UP_MOST
    if not fits or amount > queries.bank_for_operators():
        raise errors.TopUpOutOfBounds
    if any(one.amount == amount for one in queries.agreed_top_ups_for_system()):
        raise errors.TopUpUnderWay


def _agree_top_up(agreed: Agreed) -> str:
    _check_top_up(agreed.payload)
    amount = _money(agreed.payload["units"])
    service.agree_top_up(amount, request_id=agreed.request_id, actor=agreed.actor)
    return f"Send {amount} from the bank to Paystack. It is booked when it shows in the balance there"


def _check_floor(payload: Payload) -> None:
    begin, floor, target = starts_at(payload), _money(payload["floor"]), _money(payload["target"])
    if not Money(NGN, 0) < floor <= target or begin <= clock.now():
        raise errors.BadFloor
    standing = payout_queries.floor_for_system(at=begin)
    if (standing.floor, standing.target) == (floor, target):
        raise errors.BadFloor
    if any(one.starts_at == begin for one in payout_queries.floors_for_operators()):
        raise errors.BadFloor("Another floor begins on that day.")


def _set_floor(agreed: Agreed) -> str:
    _check_floor(agreed.payload)
    payouts.set_floor(
        _money(agreed.payload["floor"]),
        target=_money(agreed.payload["target"]),
        starts_at=starts_at(agreed.payload),
        request_id=agreed.request_id,
    )
    return f"Begins on {agreed.payload['starts_on']}"


def _money(units: str) -> Money:
    return Money(NGN, int(units))


TOP_UP = Kind(
    name="settlement.top_up",
    title="Top-up of the float",
    make=Permission.SETTLEMENT_REQUEST_FLOAT,
    dry_run=_check_top_up,
    execute=_agree_top_up,
    describe=lambda payload: [
        Line("From", "our bank account"),
        Line("To", "the balance at Paystack"),
        Line("Amount", str(_money(payload["units"]))),
    ],
    summary=lambda payload: f"Top the float up by {_money(payload['units'])}",
    facts=lambda payload: Facts(amount=int(payload["units"])),
)

FLOOR = Kind(
    name="settlement.float_floor",
    title="Floor of the float",
    make=Permission.SETTLEMENT_REQUEST_FLOAT,
    dry_run=_check_floor,
    execute=_set_floor,
    describe=lambda payload: [
        Line("Floor", str(_money(payload["floor"])), was=str(_money(payload["was"][0]))),
        Line("Topped up to", str(_money(payload["target"])), was=str(_money(payload["was"][1]))),
        begins(payload),
    ],
    summary=lambda payload: f"Set the float's floor to {_money(payload['floor'])}",
)
