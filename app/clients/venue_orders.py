"""Our own dealing at an exchange through ccxt: what it trades, orders under our own ids, what came of them, balances.

What the exchange said decides, not how ccxt names it: a no is a no only in the venue's own words, and after some of
those nobody knows either. Amounts are read from what the venue wrote, with its own sign; ccxt drops it.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from http import HTTPStatus
from threading import Lock
from typing import Any

from redis import Redis

from app.clients.breaker import Breaker
from app.clients.http import Refused, Silent, Unreached, Unreadable, never_arrived
from app.clients.turns import Turns
from app.clients.venues import decimal, exchange, load
from app.core import logs

log = logs.get("clients")
PAGE = 50  # of a venue's lists
PAGES_MAX = 200
NONCE_TRIES = 6  # where no turns are taken, calls of several processes may overtake each other
NONCE_PAUSE_SECONDS = 0.03
# After these words nobody knows whether an order was taken: they tell of the venue's trouble, not of our call.
UNCERTAIN = (
    "EGeneral:Internal error",
    "EService:Unavailable",
    "EService:Busy",
    "EDatabase:Internal error",
    "EService:Timeout",
)
NO_PAIR = "no_pair"
NONCE, UNKNOWN_ORDER, RATE = "EAPI:Invalid nonce", "EOrder:Unknown order", "ate limit"
_MICROSECOND = timedelta(microseconds=1)


class RateLimited(Refused):
    """Too many calls: this one was not carried out."""


@dataclass(frozen=True)
class Market:
    """How a pair is dealt in: steps of price and volume, the least order in whole coins of base and of quote."""

    tick: Decimal
    lot: Decimal
    least: Decimal
    least_cost: Decimal


@dataclass(frozen=True)
class Order:
    """What is asked for: a limit that is filled at once as far as it goes, and cancelled for the rest."""

    client_id: str
    pair: str
    side: str
    volume: str
    limit: str
    deadline: datetime


@dataclass(frozen=True)
class Found:
    """An order as the venue has it; `volume` and `executed` in whole coins of the base."""

    venue_id: str
    client_id: str
    open: bool
    volume: Decimal
    executed: Decimal
    trades: tuple[str, ...]
    opened_at: datetime


@dataclass(frozen=True)
class Line:
    """One line of the venue's ledger: what it did to the balance of a currency, and what was kept of that, exact.

    `amount` is signed; the balance is what it was, with the amount, less the fee. `refid` is the trade, the deposit.
    """

    id: str
    refid: str
    kind: str
    currency: str
    amount: Decimal
    fee: Decimal
    at: datetime


class VenueOrders:
    """One exchange's private side. Each call raises Silent when nobody knows what came of it.

    `turns` are shared by all processes that call under this key.
    """

    def __init__(
        self, name: str, base_url: str, *, key: str, secret: str, seconds: float, turns: Redis | None = None,
        breaker: Breaker | None = None,
    ) -> None:  # fmt: skip
        self.name = name
        self._base_url, self._seconds = base_url, seconds
        self._credentials = {"apiKey": key, "secret": secret}
        self._circuit = breaker or Breaker()
        self._turns = Turns(turns, venue=name, key=key, seconds=seconds)
        self._made: Any = None
        self._one_at_a_time = Lock()  # of the threads of a process: what was answered last is kept in one place

    @property
    def deals(self) -> bool:
        """Whether there is a key to deal under. Without one nothing may be asked of it but what anybody may ask."""
        return all(self._credentials.values())

    def market(self, pair: str) -> Market:
        """How this pair is dealt in. Raises Refused (400 `no_pair`) for one that the venue does not list, Silent."""
        found = self._markets().get(pair)
        if found is None or found.get("active") is False:
            raise Refused(HTTPStatus.BAD_REQUEST, NO_PAIR, pair)
        steps, limits = found["precision"], found["limits"]
        least = (steps["price"], steps["amount"], limits["amount"]["min"], limits["cost"]["min"])
        tick, lot, amount, cost = (decimal(each) for each in least)
        if not tick or not lot:
            raise Unreadable
        return Market(tick, lot, amount or lot, cost or Decimal(0))

    def seen(self, pair: str) -> tuple[Decimal, Decimal]:
        """What is bid and asked now. Raises Silent, Unreadable."""
        self._markets()
        told = self._ask(lambda made: made.fetch_ticker(pair))
        bid, ask = decimal(told.get("bid")), decimal(told.get("ask"))
        if bid is None or ask is None:
            raise Unreadable
        return bid, ask

    def place(self, order: Order) -> str:
        """Place it, once: the venue's name for it.

        Raises Refused for a no, and Silent when it may have been taken: then it is looked for, and never placed again.
        After its deadline the venue takes it no more, wherever the call was meanwhile.
        """
        self._markets()
        how = {
            "clientOrderId": order.client_id,
            "timeInForce": "IOC",
            "deadline": order.deadline.astimezone(UTC).isoformat(timespec="milliseconds"),
        }
        told = self._sign(
            lambda made: made.create_order(order.pair, "limit", order.side, order.volume, order.limit, how)
        )
        if not told.get("id"):
            raise Unreadable
        return str(told["id"])

    def find(self, client_id: str) -> Found | None:
        """The order under this id of ours, open or over; None when the venue does not know it. Raises Silent."""
        self._markets()
        for look in (
            lambda made: made.fetch_open_orders(params={"clientOrderId": client_id, "trades": True}),
            lambda made: made.fetch_closed_orders(params={"clientOrderId": client_id, "trades": True}),
        ):
            for told in self._sign(look):
                found = _found(told)
                if found.client_id == client_id:
                    return found
        return None

    def recent(self, since: datetime) -> list[Found]:
        """Every order that was open since then, or closed since, under our key. Raises Silent."""
        self._markets()
        start = {"trades": True, "start": int(since.timestamp())}
        orders = [_found(told) for told in self._sign(lambda made: made.fetch_open_orders(params={"trades": True}))]
        for page in range(PAGES_MAX):
            offset = {"ofs": page * PAGE}
            told = self._sign(partial(_closed_orders, start | offset))
            orders += [_found(each) for each in told]
            if len(told) < PAGE:
                break
        return list({order.venue_id: order for order in orders}.values())

    def cancel(self, client_id: str) -> bool:
        """Have the venue end what is open under this id; False when nothing is. Raises Silent, Refused."""
        self._markets()
        try:
            self._sign(lambda made: made.cancel_order("", None, {"clientOrderId": client_id}))
        except Refused as refusal:
            if UNKNOWN_ORDER in refusal.message:
                return False
            raise
        return True

    def lines(self, since: datetime, *, kind: str) -> list[Line]:
        """The venue's ledger from a moment on, of one kind (`trade`, `deposit`, …), oldest first. Raises Silent."""
        read = (_line(each) for each in self._pages({"type": kind, "start": int(since.timestamp())}))
        found = [line for line in read if line.at >= since.replace(microsecond=0)]
        return sorted(found, key=lambda line: (line.at, line.id))

    def as_told(self, since: datetime, until: datetime) -> Iterator[Mapping[str, Any]]:
        """Every line of the ledger between two times, newest first, as the venue wrote it. Raises Silent, Refused."""
        # (`start` is exclusive there, and counts whole seconds)
        within = {"start": int(since.timestamp()) - 1, "end": int(until.timestamp())}
        for each in self._pages(within):
            if since <= _at(each["info"].get("time")) < until:
                yield each["info"]

    def balances(self) -> dict[str, Decimal]:
        """What the venue holds for us, by currency, in whole coins. Raises Silent, Unreadable."""
        self._markets()
        told = self._sign(lambda made: made.fetch_balance())["total"]
        found = {str(currency): decimal(amount) for currency, amount in told.items()}
        if None in found.values():
            raise Unreadable
        return {currency: amount for currency, amount in found.items() if amount is not None}

    def _pages(self, query: Mapping[str, Any]) -> Iterator[Any]:
        self._markets()
        seen: set[str] = set()
        for page in range(PAGES_MAX):
            told = self._sign(partial(_ledger, {**query, "ofs": page * PAGE}))
            for each in told:
                if each["id"] not in seen:
                    yield each
                seen.add(each["id"])
            if len(told) < PAGE:
                return
        raise Unreadable(f"the venue's ledger has more than {PAGES_MAX} pages")

    def _markets(self) -> Mapping[str, Any]:
        """What the venue lists; fetched first, so that what fails then is not taken for the call that follows."""
        if self._made is None or not self._made.markets:
            self._ask(lambda made: made.load_markets())
        markets: Mapping[str, Any] = self._exchange().markets
        return markets

    def _exchange(self) -> Any:
        if self._made is None:
            made = exchange(self.name, self._base_url, seconds=self._seconds, **self._credentials)
            # A connection that broke while idle looks like an unknown answer: each call has its own.
            made.headers = {**(made.headers or {}), "Connection": "close"}
            made.session.trust_env = False
            made.enableLastJsonResponse = True
            self._made = made
        return self._made

    def _sign(self, call: Callable[[Any], Any]) -> Any:
        """What a signed call answers, made in turn; again where the venue refused its number, so did not look at it."""
        for left in reversed(range(NONCE_TRIES)):
            try:
                with self._turns.take(self._exchange().microseconds) as number:
                    self._exchange().nonce = lambda number=number: number
                    return self._ask(call)
            except Refused as refusal:
                if not left or NONCE not in refusal.message:
                    raise
            time.sleep(NONCE_PAUSE_SECONDS * (NONCE_TRIES - left))
        raise AssertionError("unreachable")

    def _ask(self, call: Callable[[Any], Any]) -> Any:
        """What a call answers."""
        made, errors = self._exchange(), load()
        self._circuit.ask()
        with self._one_at_a_time:
            made.last_json_response = None  # (of the call before: it must not be read as this one's)
            try:
                told = call(made)
            except (errors.BaseError, ValueError, TypeError, KeyError, AttributeError) as error:
                raise self._why(made.last_json_response, error) from error
        self._circuit.answered()
        return told

    def _why(self, answer: Any, error: Exception) -> Exception:
        """What a failed call comes to: the venue's words, where it said some, and silence where not."""
        words = [str(each) for each in answer.get("error") or ()] if isinstance(answer, dict) else []
        if not words or any(each.startswith(UNCERTAIN) for each in words):
            self._circuit.silent()
            log.warning("a venue is silent", extra={"facts": {"error": type(error).__name__, "words": words}})
            cause = error.__cause__
            return Unreached() if isinstance(cause, Exception) and never_arrived(cause) else Silent()
        self._circuit.answered()
        said = ", ".join(words)
        if any(RATE in each for each in words):
            return RateLimited(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", said)
        return Refused(HTTPStatus.BAD_REQUEST, words[0].partition(":")[0], said)


def _closed_orders(query: Mapping[str, Any], made: Any) -> Any:
    return made.fetch_closed_orders(params=query)


def _ledger(query: Mapping[str, Any], made: Any) -> Any:
    return made.fetch_ledger(params=query)


def _found(told: Any) -> Found:
    written = told["info"]
    volume, executed = decimal(written.get("vol")), decimal(written.get("vol_exec"))
    if volume is None or executed is None or not told.get("id"):
        raise Unreadable
    trades = tuple(str(trade["id"]) for trade in told.get("trades") or ())
    status, opened = str(written.get("status")), _at(written.get("opentm"))
    return Found(
        str(told["id"]), str(written.get("cl_ord_id") or ""), status in {"open", "pending"}, volume, executed,
        trades, opened,
    )  # fmt: skip


def _line(told: Any) -> Line:
    """The venue's own numbers: ccxt drops the sign."""
    written = told["info"]
    amount, fee = decimal(written.get("amount")), decimal(written.get("fee"))
    if amount is None or fee is None or not told.get("currency"):
        raise Unreadable
    return Line(
        str(told["id"]), str(written.get("refid")), str(written.get("type")), str(told["currency"]), amount, fee,
        _at(written.get("time")),
    )  # fmt: skip


def _at(told: Any) -> datetime:
    """A moment that was told in seconds since 1970, with a fraction."""
    seconds = decimal(told)
    if seconds is None:
        raise Unreadable
    return datetime.fromtimestamp(0, UTC) + int(seconds * 1_000_000) * _MICROSECOND
