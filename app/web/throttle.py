"""How often somebody may guess and ask: counted in Redis over a moving window, in this process while Redis is away.

Nobody is locked out: a limit passes with time, and a browser that has signed in before is counted for itself, so that a
stranger who guesses does not keep the owner out. Whether an account exists makes no difference to what is counted.
"""

import hmac
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any, NoReturn, cast

from flask import Flask, current_app, request
from itsdangerous import BadData, URLSafeSerializer
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import Redis
from redis.exceptions import RedisError
from werkzeug.wrappers import Response

from app.core import clock, crypto, logs
from app.core.errors import TooMany
from app.identity.errors import BadEmail
from app.identity.service import canonical
from app.web import sides

KNOWN_SECONDS = 180 * 86_400  # how long a browser is known after it last signed in
KNOWN_MAX = 5  # accounts that one browser is known for
AWAY_SECONDS = 5  # before a Redis that did not answer is asked again
NETWORK_BITS = 64  # of an IPv6 address: what one household gets

KNOWN = "known browser"
TRADES = parse("60 per 10 minutes")  # signed tokens that a key is traded for: each is good for as long
FILES = parse("60 per 10 minutes")  # files that an account may send
LOOKS = parse("300 per 10 minutes")  # pictures that an account may have drawn
FINDS = parse("40 per hour")  # customers whom one may look for: whoever does it more often looks who is here
NEW = parse("20 per hour")  # accounts that an address may open

log = logs.get("throttle")


@dataclass(frozen=True)
class Limits:
    """Wide per address, for whole towns share one; narrow per account; narrowest for the two together."""

    address: RateLimitItem
    account: RateLimitItem
    pair: RateLimitItem


GUESSES = Limits(parse("60 per 5 minutes"), parse("10 per 15 minutes"), parse("5 per 5 minutes"))
ASKS = Limits(parse("40 per hour"), parse("10 per hour"), parse("5 per hour"))  # what has a message sent


@dataclass(frozen=True)
class Count:
    """One counter: of what, how wide, and the names it is kept under."""

    what: str
    item: RateLimitItem
    names: tuple[str, ...]


class _InRedis(RedisStorage):
    def give_back(self, key: str) -> None:
        cast("Redis", self.get_connection()).lpop(self.prefixed_key(key))


class _InThisProcess(MemoryStorage):
    def give_back(self, key: str) -> None:
        with self.locks[key]:
            del self.events.get(key, [])[:1]


class _Limiter(MovingWindowRateLimiter):
    def give_back(self, item: RateLimitItem, *names: str) -> None:
        """Take one hit back: the newest, for each is as good as another."""
        cast("_InRedis | _InThisProcess", self.storage).give_back(item.key_for(*names))


class Throttle:
    """The counters of one installation. What they are named after is hashed: Redis learns no address and no account."""

    def __init__(self, redis: Redis, *, secret: str, factor: int = 1) -> None:
        self._factor, self._secret = factor, secret.encode()
        shared = _InRedis("redis://", connection_pool=redis.connection_pool, key_prefix="tries")
        self._shared, self._own = _Limiter(shared), _Limiter(_InThisProcess())
        self._away_until = 0.0
        self._known = URLSafeSerializer(secret, salt="known browser")

    @contextmanager
    def guessing(self, what: str, account: str, *, right: frozenset[str] = frozenset()) -> Iterator[None]:
        """Around a try to guess something of `account` (as typed). Raises TooMany before it is looked at.

        A try is counted against the address too, before it is looked at, so that many at once are no more than one
        after the other; one that does not fail (by an exception) is given back. Refusals of the codes in `right` say
        something else than that the guess was wrong.
        """
        shared, own = self._counts(GUESSES, what, account)
        self._demand(shared)
        try:
            self._demand(own)
        except TooMany:
            self._give_back(shared)  # (it is not looked at)
            raise
        try:
            yield
        except Exception as error:
            if getattr(error, "code", "") in right:
                self._give_back(shared)
                self._forget(own)
            raise
        self._give_back(shared)
        self._forget(own)

    def signing_in(self, account: str) -> AbstractContextManager[None]:
        """Around a try to sign in to `account`, as `guessing`."""
        return self.guessing("sign-in", account)

    def asking(self, what: str, account: str) -> None:
        """Count that a message is asked for in the name of `account`, whether there is one or not. Raises TooMany."""
        for counts in self._counts(ASKS, what, account):
            self._demand(counts)

    def sending(self, what: str, account: str) -> None:
        """Count that a file is sent by `account`. Raises TooMany."""
        self._demand((self._count(FILES, what, _whose(account)),))

    def looking(self, what: str, account: str) -> None:
        """Count that a picture is drawn for `account`. Raises TooMany."""
        self._demand((self._count(LOOKS, what, _whose(account)),))

    def finding(self, account: str) -> None:
        """Count that `account` looks for another customer, whether there is one or not. Raises TooMany."""
        self._demand((self._count(FINDS, "finding", _whose(account)),))

    def beginning(self, what: str) -> None:
        """Count something new that an address may begin only so often. Raises TooMany."""
        self._demand((self._count(NEW, what, network(request.remote_addr or "")),))

    def trading(self, key_id: str) -> None:
        """Count that a key is traded for a signed token. Raises TooMany."""
        self._demand((self._count(TRADES, "token", key_id),))

    def knows(self, account: str) -> bool:
        """Whether this browser has signed in to `account` before."""
        return self._counted_as(_whose(account))[0] == KNOWN

    def remember(self, account: str, answer: Response) -> None:
        """Know this browser again when it next signs in to `account`."""
        name = self._name(_whose(account))
        kept = [[name, crypto.new_token()[:16]], *(pair for pair in self._kept() if pair[0] != name)][:KNOWN_MAX]
        answer.set_cookie(
            _cookie(),
            str(self._known.dumps(kept)),
            max_age=KNOWN_SECONDS,
            secure=sides.secure(),
            httponly=True,
            samesite="Lax",
        )

    def _counts(self, limits: Limits, what: str, account: str) -> tuple[tuple[Count, ...], tuple[Count, ...]]:
        """What others share in who come from the same address, and what is this account's own.

        A browser that is known is counted under its own name alone, so that no neighbour keeps it out.
        """
        account, address = _whose(account), network(request.remote_addr or "")
        kind, whom = self._counted_as(account)
        own = self._count(limits.account, f"{what}: {kind}", whom)
        if kind == KNOWN:
            return (), (self._count(limits.pair, f"{what}: {kind}, shortly", whom), own)
        pair = self._count(limits.pair, f"{what}: pair", address, account)
        return (self._count(limits.address, f"{what}: address", address),), (pair, own)

    def _give_back(self, counts: Iterable[Count]) -> None:
        for count in counts:
            self._ask("give_back", count)

    def _forget(self, counts: Iterable[Count]) -> None:
        for count in counts:
            self._ask("clear", count)

    def _count(self, item: RateLimitItem, what: str, *whom: str) -> Count:
        wide = item.__class__(item.amount * self._factor, item.multiples)
        return Count(what, wide, (what, *map(self._name, whom)))

    def _name(self, text: str) -> str:
        return hmac.new(self._secret, text.encode(), "sha256").hexdigest()[:32]

    def _counted_as(self, account: str) -> tuple[str, str]:
        for name, browser in self._kept():
            if name == self._name(account):
                return KNOWN, browser
        return "account", account

    def _kept(self) -> list[list[str]]:
        try:
            return cast("list[list[str]]", self._known.loads(request.cookies.get(_cookie(), "")))
        except BadData:
            return []

    def _demand(self, counts: Iterable[Count]) -> None:
        for count in counts:
            if not self._ask("hit", count):
                self._refuse(count)

    def _refuse(self, count: Count) -> NoReturn:
        wait = max(1, round(self._ask("get_window_stats", count).reset_time - clock.now().timestamp()))
        log.info("too many tries", extra={"facts": {"what": count.what, "wait_seconds": wait}})
        raise TooMany(f"Too many tries. Wait {_words(wait)} and try again.", retry_after=wait)

    def _ask(self, what: str, count: Count) -> Any:
        if time.monotonic() >= self._away_until:
            try:
                return getattr(self._shared, what)(count.item, *count.names)
            except RedisError as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                log.warning("tries are counted here alone", extra={"facts": {"error": type(error).__name__}})
        return getattr(self._own, what)(count.item, *count.names)


def register(app: Flask) -> None:
    """Count for this application."""
    settings = app.extensions["settings"]
    app.extensions["throttle"] = Throttle(
        app.extensions["redis"], secret=settings.secret_key, factor=settings.tries_factor
    )


def throttle() -> Throttle:
    """The counters of the present application."""
    return cast("Throttle", current_app.extensions["throttle"])


def _whose(account: str) -> str:
    """The account that was typed, as identity looks it up, at the doors of this face.

    The same address may be a customer and an operator: whoever tries the one says nothing about the other.
    """
    typed = account.strip()
    try:
        known = canonical(typed)
    except BadEmail:  # (no address, or a link's token)
        known = typed.lower()
    return f"{sides.audience()} {known}"


def network(address: str) -> str:
    """What one household or firm has of addresses: an IPv4 address, or the first half of an IPv6 one."""
    try:
        known = ip_address(address)
    except ValueError:
        return ""
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or int(known) >> (128 - NETWORK_BITS))
    return str(known)


def _cookie() -> str:
    return sides.cookie_prefix() + "bursar_known"


def _words(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 90 else f"{round(seconds / 60)} minutes"  # noqa: PLR2004
