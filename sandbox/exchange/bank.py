"""A bank's board: what it gives and takes in naira for a dollar, as texts, and since when. The shape is ours."""

from decimal import ROUND_HALF_UP, Decimal

from flask import Blueprint, Response, jsonify

from sandbox.exchange import book
from sandbox.exchange.doors import Doors
from sandbox.exchange.prices import Market
from sandbox.exchange.settings import Settings

_KOBO = Decimal("0.01")
_HALF_SPREAD = Decimal("0.004")


def blueprint(doors: Doors, settings: Settings) -> Blueprint:
    """The one call of the bank."""
    bank = Blueprint("bank", __name__, url_prefix="/bank")
    bank.before_request(lambda: doors.told("bank"))

    @bank.get("/usd-ngn")
    def rate() -> Response:
        with doors.book.reading() as db:
            told = Market(db, seed=settings.seed).told("bank", "USD", "NGN")
        rates = {"buy": told.mid * (1 - _HALF_SPREAD), "rate": told.mid, "sell": told.mid * (1 + _HALF_SPREAD)}
        texts = {name: f"{each.quantize(_KOBO, rounding=ROUND_HALF_UP):f}" for name, each in rates.items()}
        return jsonify(base="USD", quote="NGN", **texts, at=f"{book.moment(told.at):%Y-%m-%dT%H:%M:%SZ}")

    return bank
