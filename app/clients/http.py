"""HTTP to vendors: fixed base address, explicit time-outs, no redirects, exact numbers, and two ways to fail.

`Refused` is an answer: the vendor understood and said no. `Silent` is none: broken off, timed out, or a 5xx, so that
nobody knows whether the vendor acted. Whoever moves money must treat the two differently. `Unreached` is the silence
of a call that certainly did not arrive.
"""

import json
import logging
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Protocol

import requests
from urllib3.exceptions import HTTPError, NewConnectionError

from app.core import logs
from app.core.errors import Unavailable

log = logs.get("clients")
logging.getLogger("urllib3").setLevel(logging.INFO)  # below it writes whole addresses, and those name accounts

_chance = random.SystemRandom()

CHUNK = 64 * 1024
NO_ANSWER = {*range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.BAD_REQUEST), int(HTTPStatus.REQUEST_TIMEOUT)}
BODY_MAX = 16 * 1024 * 1024
AGAIN_AFTER_SECONDS = (0.05, 0.2)  # somewhere in between, so that many do not come again at once
LEFT_SECONDS_MIN = 0.05


class Refused(Exception):
    """The vendor's no: HTTP status (4xx), its code and its words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


class Silent(Unavailable):
    """No usable answer. What happened at the vendor is unknown."""

    code = "vendor_silent"


class Unreached(Silent):
    """No connection was made, so the vendor did nothing. The same call may be made again."""

    code = "vendor_unreached"


class Unreadable(Silent):
    """An answer that is none of the contract's: the vendor may have acted, what it says of it cannot be used."""

    code = "vendor_unreadable"


class Circuit(Protocol):
    """Says when to leave a vendor alone; app/clients/breaker.py."""

    def ask(self) -> None:
        """Raise Unreached when no call is to be made."""
        ...

    def silent(self) -> None:
        """Be told of a call without an answer."""
        ...

    def answered(self) -> None:
        """Be told of an answer."""
        ...


@dataclass(frozen=True)
class Answer:
    """What came back: a yes or a no. Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the vendor agreed."""
        return self.status < HTTPStatus.BAD_REQUEST

    def read(self) -> dict[str, Any] | None:
        """The JSON object of the body, fractions exact; None when it is none."""
        try:
            body = json.loads(self.body, parse_float=Decimal, parse_constant=str)
        except (ValueError, RecursionError):  # (a number of thousands of digits is a ValueError too)
            return None
        return body if isinstance(body, dict) else None


class _Once(requests.Session):
    """A session for one call, which follows no redirect and does not read where one leads to."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # (its own would read the body without our bounds)
        """Nowhere."""


class Http:
    """A vendor's address with its credentials. Time-outs in seconds; `read_seconds` bounds a whole call."""

    def __init__(
        self,
        base_url: str,
        *,
        headers: dict[str, str],
        connect_seconds: float,
        read_seconds: float,
        circuit: Circuit | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = headers
        self._timeouts = (connect_seconds, read_seconds)
        self._circuit = circuit

    def call(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """One call: the JSON object of a 2xx answer. Raises Refused or Silent."""
        answer = self.exchange(method, path, **request)
        body = answer.read()
        if body is None:
            log.warning("vendor is unreadable", extra={"facts": {"path": path, "http_status": answer.status}})
            raise Unreadable
        if answer.ok:
            return body
        raise Refused(answer.status, str(body.get("code", "")), str(body.get("message", "")))

    def exchange(self, method: str, path: str, **request: Any) -> Answer:
        """One call: its answer, a no included. Raises Silent.

        What only reads, and what did not arrive, is tried once more when that went wrong early.
        """
        if self._circuit:
            self._circuit.ask()
        until = time.monotonic() + self._timeouts[1]
        try:
            answer = self._tried(method, path, until, **request)
        except Silent:
            if self._circuit:
                self._circuit.silent()
            raise
        if self._circuit:
            self._circuit.answered()
        return answer

    def elsewhere(
        self, method: str, address: str, *, seconds: float, bytes_max: int = BODY_MAX, content: bytes | None = None
    ) -> bytes:
        """Fetch or put a file at another address that the vendor named, without our credentials. Raises Silent."""
        secure = address.startswith(("https://", f"{self._base_url}/"))
        if not secure:
            raise Unreadable
        until = time.monotonic() + seconds
        answer = self._sent(method, address, until, headers={}, bytes_max=bytes_max, data=content)
        if not answer.ok:
            raise Silent
        return answer.body

    def _tried(self, method: str, path: str, until: float, **request: Any) -> Answer:
        address = self._base_url + path
        try:
            return self._sent(method, address, until, headers=self._headers, **request)
        except Silent as silence:
            early = until - time.monotonic() > self._timeouts[1] / 2
            if not early or not (method == "GET" or isinstance(silence, Unreached)):
                raise
        time.sleep(_chance.uniform(*AGAIN_AFTER_SECONDS))
        return self._sent(method, address, until, headers=self._headers, **request)

    def _sent(
        self,
        method: str,
        address: str,
        until: float,
        *,
        headers: dict[str, str],
        bytes_max: int = BODY_MAX,
        **request: Any,
    ) -> Answer:
        """One try. A fresh connection each time: a kept one that broke while idle looks like an unknown answer."""
        path = address.removeprefix(self._base_url).partition("?")[0]
        left = max(until - time.monotonic(), LEFT_SECONDS_MIN)
        timeouts = (min(self._timeouts[0], left), left)
        try:
            with (
                _Once() as session,
                session.request(method, address, headers=headers, timeout=timeouts, stream=True, **request) as got,
            ):
                body = b"".join(_chunks(got, until, bytes_max))
        except (requests.RequestException, HTTPError, OSError) as error:
            log.warning("vendor is silent", extra={"facts": {"path": path, "error": type(error).__name__}})
            raise (Unreached if never_arrived(error) else Silent) from error
        status = got.status_code
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in NO_ANSWER:
            log.warning("vendor is unwell", extra={"facts": {"path": path, "http_status": status}})
            raise Silent
        return Answer(status, {name.lower(): value for name, value in got.headers.items()}, body)


def _chunks(got: requests.Response, until: float, bytes_max: int) -> Iterator[bytes]:
    """The body as it comes: a vendor that drips one byte at a time, or never stops, is a silent one."""
    size = 0
    while chunk := got.raw.read1(CHUNK, decode_content=True):
        size += len(chunk)
        if size > bytes_max or time.monotonic() > until:
            raise requests.ConnectionError
        yield chunk


def never_arrived(error: Exception) -> bool:
    """Whether it failed before there was a connection to send anything on."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(cause, NewConnectionError)
