"""What Paystack charges us by its price list: dated bands, the expectation beside the `fees` that Paystack tells. Pure.

What Paystack tells is the truth and is what is booked; the list says when to ask why.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from app.risk.rules import BPS, Band


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
    """The fee on an amount of kobo, none where no band fits. A part of the amount is rounded up, as Paystack does."""
    band = max((one for one in bands if amount > one.over), key=lambda one: one.over, default=None)
    return 0 if band is None else _bounded(band, band.flat - (-amount * band.bps // BPS))


def added(bands: Sequence[Band], *, net: int) -> int:
    """What a payer who bears the fee pays on top, so that `net` kobo remain of the whole.

    The highest band counts whose first amount leaves less than `net`: between two bands an amount exists that leaves
    `net` more cheaply, and Paystack's own formula does not use it.
    """
    for band in sorted(bands, key=lambda one: one.over, reverse=True):
        first = band.over + 1
        if net > first - expected(bands, amount=first) or band.over == min(one.over for one in bands):
            share = BPS - band.bps
            return _bounded(band, -(-(net + band.flat) * BPS // share) - net)
    return 0


def _bounded(band: Band, fee: int) -> int:
    fee = max(fee, band.floor or 0)
    return fee if band.cap is None else min(fee, band.cap)
