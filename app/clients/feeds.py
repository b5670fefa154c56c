"""Prices that no exchange tells: CoinGecko's, and a bank's rate of the dollar. docs/feeds.md says what is read."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from app.clients.http import Http, Unreadable
from app.clients.venues import Ticker, at_seconds, decimal

CONNECT_SECONDS = 1.5


class Source(Protocol):
    """Anything that tells prices."""

    def tickers(self, symbols: Iterable[str]) -> Mapping[str, Ticker]:
        """What it tells of these, by its own names; one that it does not know is left out. Raises Silent, Refused."""
        ...


class CoinGecko:
    """Simple prices (`/api/v3/simple/price`). What it calls a coin and what it is told in: `bitcoin.usd`."""

    def __init__(self, base_url: str, *, seconds: float) -> None:
        self._http = Http(base_url, headers={}, connect_seconds=CONNECT_SECONDS, read_seconds=seconds)

    def tickers(self, symbols: Iterable[str]) -> dict[str, Ticker]:
        """One call for all. Raises Silent, Refused."""
        wanted = sorted(set(symbols))
        parts = [symbol.partition(".") for symbol in wanted]
        query = {
            "ids": ",".join(sorted({coin for coin, _, _ in parts})),
            "vs_currencies": ",".join(sorted({against for _, _, against in parts})),
            "include_last_updated_at": "true",
            "precision": "full",
        }
        told = self._http.call("GET", "/api/v3/simple/price", params=query)
        return {
            symbol: Ticker(None, None, _number(told[coin][against]), at_seconds(told[coin].get("last_updated_at")))
            for symbol, (coin, _, against) in zip(wanted, parts, strict=True)
            if isinstance(told.get(coin), dict) and against in told[coin]
        }


class BankRate:
    """What a bank asks and gives for a dollar: one JSON object at one address. Its only name is `USDNGN`."""

    def __init__(self, url: str, *, seconds: float) -> None:
        self._http = Http(url, headers={}, connect_seconds=CONNECT_SECONDS, read_seconds=seconds)

    def tickers(self, symbols: Iterable[str]) -> dict[str, Ticker]:
        """Its rate. Raises Silent, Refused."""
        told = self._http.call("GET", "")
        rate = Ticker(_number(told.get("buy")), _number(told.get("sell")), _number(told.get("rate")), _day(told))
        return {symbol: rate for symbol in symbols if symbol == "USDNGN"}


def _number(told: Any) -> Decimal | None:
    """A number; text that is one too, since banks write both."""
    return decimal(told) if isinstance(told, (int, Decimal, str)) and not isinstance(told, bool) else None


def _day(told: Mapping[str, Any]) -> datetime | None:
    """When a rate is of: a moment, or a day, whose beginning counts. Raises Unreadable for what is neither."""
    text = told.get("at") or told.get("date")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as unread:
        raise Unreadable from unread
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
