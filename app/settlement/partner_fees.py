"""What Paystack charges us by its price list: dated bands, the expectation beside the `fees` that Paystack tells. Pure.

What Paystack tells is the truth and is what is booked; the list says when to ask why.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from app.risk import rules as risk
from app.risk.rules import Band


class Service(StrEnum):
    """What Paystack charges for."""

    CARD = "card"
    FOREIGN_CARD = "foreign_card"
    DEDICATED = "dedicated"
    DIRECT_DEBIT = "direct_debit"
    TRANSFER = "transfer"


NAMES = {
    Service.CARD: "Local charges: cards, bank transfer, USSD",
    Service.FOREIGN_CARD: "Cards from abroad",
    Service.DEDICATED: "Dedicated accounts",
    Service.DIRECT_DEBIT: "Direct debit",
    Service.TRANSFER: "Transfers out",
}
_CHANNELS = {"dedicated_nuban": Service.DEDICATED, "direct_debit": Service.DIRECT_DEBIT}
HOME = "NG"

Schedules = Mapping[Service, Sequence[Band]]


def service_of(channel: str, *, country: str = "") -> Service:
    """The service that a charge is billed as. A card of another country costs more; where none is told it is local."""
    if channel == "card" and country not in {"", HOME}:
        return Service.FOREIGN_CARD
    return _CHANNELS.get(channel, Service.CARD)


def expected(bands: Sequence[Band], *, amount: int) -> int:
    """The fee on an amount of kobo, none where no band fits."""
    return risk.rounded_up(bands, amount=amount)
