"""What an alert on a price decides without looking anything up: when it fires, and how it reads a price. Pure."""

import re
from decimal import Decimal
from enum import StrEnum

from app.core.machine import Machine
from app.trading.errors import BadAlertPrice

PRICE_LIMIT = Decimal(10**20)

_WRITTEN = re.compile(r"(?P<whole>[0-9]{1,3}(,[0-9]{3}){1,6}|[0-9]{1,20})(\.(?P<fraction>[0-9]{1,18}))?")


class Beyond(StrEnum):
    """On which side of its price an alert fires, its price itself counted."""

    ABOVE = "above"
    BELOW = "below"


class State(StrEnum):
    """An alert, until its owner takes it away. It fires once, and again when its owner says so."""

    ARMED = "armed"
    FIRED = "fired"
    ENDED = "ended"


MACHINE = Machine(
    "price alert",
    {
        State.ARMED: frozenset({State.FIRED, State.ENDED}),
        State.FIRED: frozenset({State.ARMED, State.ENDED}),
    },
    rests={
        State.ARMED: "it waits for a price, which may never come",
        State.FIRED: "its owner was told, and sets it again or takes it away",
    },
)


def is_reached(beyond: Beyond, *, price: Decimal, now: Decimal) -> bool:
    """Whether the price is there."""
    return now >= price if beyond is Beyond.ABOVE else now <= price


def read(text: str) -> Decimal:
    """A price as somebody types it. Raises BadAlertPrice."""
    found = _WRITTEN.fullmatch(text.strip())
    price = Decimal(f"{found['whole'].replace(',', '')}.{found['fraction'] or 0}") if found else Decimal(0)
    if price <= 0:
        raise BadAlertPrice
    return price
