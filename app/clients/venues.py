"""Exchanges through ccxt: their public tickers. What an exchange is called is ccxt's name for it; numbers stay exact.

ccxt is large: it is loaded by the first exchange that is spoken to, so that who speaks to none does not carry it. A
worker that will speaks of `load` before it makes processes of its own.
"""

import importlib
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache, partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from app.clients.http import Refused, Silent, Unreadable
from app.core import logs

_BEGINNING = datetime.fromtimestamp(0, UTC)
# Places before or below the point, and digits in all: nothing costs such a number, and to reckon with one whose
# exponent has nine digits takes for ever. One feed that tells it must not keep the others from being heard.
_PLACES_MAX, _DIGITS_MAX = 40, 80
log = logs.get("clients")


@dataclass(frozen=True)
class Ticker:
    """What is told of one market: the best bid and ask and the last trade, quote for one whole base; None: not told.

    `at` is the time that the vendor gives; None where it gives none.
    """

    bid: Decimal | None
    ask: Decimal | None
    last: Decimal | None
    at: datetime | None


@cache
def load() -> Any:
    """The library."""
    return importlib.import_module("ccxt")


def exchange(name: str, base_url: str, *, seconds: float, **credentials: str) -> Any:
    """The class of ccxt for an exchange, at our address, with numbers as text; a call may take so many seconds."""
    made = getattr(load(), name)({"enableRateLimit": False, "timeout": int(seconds * 1_000), **credentials})
    made.number = str
    addresses = made.urls["api"]
    made.urls["api"] = {part: base_url.rstrip("/") + urlsplit(address).path for part, address in addresses.items()}
    return made


def reader(name: str, *, base_url: str, key: str, secret: str, seconds: float) -> Any:
    """The same, to read long lists of ours with: no faster than the exchange likes, and numbers as it wrote them."""
    made = exchange(name, base_url, seconds=seconds, apiKey=key, secret=secret)
    made.enableRateLimit = True
    made.session.trust_env = False
    made.on_json_response = partial(json.loads, parse_float=str)  # (ccxt would make floats of them)
    return made


class Venue:
    """One exchange's public side."""

    def __init__(self, name: str, base_url: str, *, seconds: float) -> None:
        self._name, self._base_url, self._seconds = name, base_url, seconds

    def tickers(self, symbols: Iterable[str]) -> dict[str, Ticker]:
        """What is told of these markets, by the exchange's own names of them; one that it does not list is left out.

        Raises Silent, Unreadable, Refused.
        """
        wanted = sorted(set(symbols))
        try:
            return self._told(wanted)
        except Refused as refused:
            if len(wanted) < 2 or refused.status == HTTPStatus.TOO_MANY_REQUESTS:  # noqa: PLR2004
                raise
            found = self._one_by_one(wanted)
            if not found:
                raise
            return found

    def _one_by_one(self, wanted: Sequence[str]) -> dict[str, Ticker]:
        """All at once, each by itself: of a list with one name that it does not know an exchange may tell nothing."""
        with ThreadPoolExecutor(len(wanted), thread_name_prefix="ticker") as pool:
            told = list(pool.map(self._alone, wanted))
        return {symbol: ticker for one in told for symbol, ticker in one.items()}

    def _alone(self, symbol: str) -> dict[str, Ticker]:
        try:
            return self._told([symbol])
        except Refused as refused:
            if refused.status == HTTPStatus.TOO_MANY_REQUESTS:
                raise
            return {}

    def _told(self, wanted: Sequence[str]) -> dict[str, Ticker]:
        spoken_to = exchange(self._name, self._base_url, seconds=self._seconds)
        # (its own list of markets is a megabyte, and tells nothing that is needed here)
        spoken_to.set_markets([_market(symbol) for symbol in wanted])
        told = asked(lambda: spoken_to.fetch_tickers(list(wanted)))
        return {symbol: _read(told[symbol]) for symbol in wanted if symbol in told}


def asked(call: Any) -> Any:
    """What a call of ccxt answers, its errors as ours: what no answer came of is Silent, a no is Refused."""
    errors = load()
    try:
        return call()
    except (errors.RateLimitExceeded, errors.DDoSProtection) as error:
        raise Refused(429, type(error).__name__, str(error)) from error
    except errors.NetworkError as error:  # (time-outs and 5xx are kinds of it)
        raise Silent from error
    except errors.BaseError as error:
        log.warning("an exchange said no", extra={"facts": {"error": type(error).__name__}})
        raise Refused(400, type(error).__name__, str(error)) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Unreadable from error


def decimal(told: object) -> Decimal | None:
    """A number as it was told; None for nothing, for what is no number, and for one that nothing amounts to."""
    try:
        number = Decimal(str(told)) if told is not None else None
    except InvalidOperation:
        return None
    if number is None or not number.is_finite():
        return None
    if not number:
        return Decimal(0)
    sane = abs(number.adjusted()) <= _PLACES_MAX and len(number.as_tuple().digits) <= _DIGITS_MAX
    return number if sane else None


def at_milliseconds(told: object) -> datetime | None:
    """A moment that was told in milliseconds since 1970; None for what is none."""
    number = decimal(told)
    return at_seconds(None if number is None else number.scaleb(-3))


def at_seconds(told: object) -> datetime | None:
    """A moment that was told in seconds since 1970, to the microsecond; None for what is none."""
    number = decimal(told)
    try:
        return None if number is None else _BEGINNING + timedelta(microseconds=int(number.scaleb(6)))
    except (OverflowError, ArithmeticError):
        return None


def _market(symbol: str) -> dict[str, Any]:
    return {"id": symbol, "symbol": symbol, "base": symbol, "quote": symbol, "spot": True, "active": True}


def _read(told: Mapping[str, Any]) -> Ticker:
    bid, ask, last = (decimal(told.get(name)) for name in ("bid", "ask", "last"))
    return Ticker(bid, ask, last, at_milliseconds(told.get("timestamp")))
