"""What programs send, read: a JSON object, its texts and amounts, the key under which a request is done once."""

from typing import Any

from flask import request

from app.core.errors import Malformed
from app.core.money import ASSETS, NGN, Asset, Money
from app.web import security

UNITS_DIGITS_MAX = 30


def sent() -> dict[str, Any]:
    """The request's body. Raises Malformed."""
    body = security.sent_json()
    if body is None:
        raise Malformed("Send a JSON object.")
    return body


def text(body: dict[str, Any], name: str) -> str:
    """A text that must be there. Raises Malformed."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Malformed(f"{name} is missing or is no text.", field=name)
    return value


def asset(body: dict[str, Any], name: str) -> Asset:
    """An asset by its code. Raises Malformed."""
    code = text(body, name)
    if code not in ASSETS:
        raise Malformed(f"{name} is none of the assets.", field=name)
    return ASSETS[code]


def naira(body: dict[str, Any]) -> Money:
    """`{"amount": {"asset": "NGN", "units": "5000000"}}`: units are digits in a string, so that nobody rounds."""
    found = _money(body.get("amount"))
    if found is None or found.asset != NGN:
        raise Malformed('amount is {"asset": "NGN", "units": "<digits>"}.', field="amount")
    return found


def amount(body: dict[str, Any], *, of: tuple[Asset, ...]) -> Money:
    """The same in one of some assets. Raises Malformed."""
    found = _money(body.get("amount"))
    if found is None or found.asset not in of:
        codes = " or ".join(f'"{one.code}"' for one in of)
        raise Malformed(f'amount is {{"asset": {codes}, "units": "<digits>"}}.', field="amount")
    return found


def key() -> str:
    """Under which name the request is done once."""
    return request.headers.get("Idempotency-Key", "")


def told(money: Money) -> dict[str, str]:
    """An amount as programs read it."""
    return {"asset": money.asset.code, "units": str(money.units)}


def _money(written: object) -> Money | None:
    if not isinstance(written, dict):
        return None
    code, units = written.get("asset"), written.get("units")
    plain = isinstance(units, str) and units.isascii() and units.isdigit() and len(units) <= UNITS_DIGITS_MAX
    if not plain or not isinstance(code, str) or code not in ASSETS:
        return None
    return Money(ASSETS[code], int(str(units)))
