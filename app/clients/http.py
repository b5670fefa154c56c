"""HTTP to vendors: fixed base address, explicit time-outs, no redirects, exact numbers, and two ways to fail.

`Refused` is an answer: the vendor understood and said no. `Silent` is none: broken off, timed out, or a 5xx, so that
nobody knows whether the vendor acted. Whoever moves money must treat the two differently.
"""

import logging
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import requests

from app.core import logs
from app.core.errors import Unavailable

log = logs.get("clients")
logging.getLogger("urllib3").setLevel(logging.INFO)  # below it writes whole addresses, and those name accounts


class Refused(Exception):
    """The vendor's no: HTTP status (4xx), its code and its words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


class Silent(Unavailable):
    """No usable answer. What happened at the vendor is unknown."""

    code = "vendor_silent"


class Http:
    """A vendor's address with its credentials. Time-outs in seconds."""

    def __init__(self, base_url: str, *, headers: dict[str, str], connect_seconds: float, read_seconds: float) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = headers
        self._timeouts = (connect_seconds, read_seconds)

    def call(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """One call: the JSON object of a 2xx answer. Raises Refused or Silent.

        A fresh connection each time: a kept one that broke while idle looks like an unknown answer.
        """
        try:
            answer = requests.request(
                method,
                self._base_url + path,
                headers=self._headers,
                timeout=self._timeouts,
                allow_redirects=False,
                **request,
            )
            body = answer.json(parse_float=Decimal)
        except requests.RequestException as error:  # (a body that is no JSON is one of these too)
            log.warning("vendor is silent", extra={"facts": {"path": path, "error": type(error).__name__}})
            raise Silent from error
        if answer.ok and isinstance(body, dict):
            return body
        if answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR and isinstance(body, dict):
            raise Refused(answer.status_code, str(body.get("code", "")), str(body.get("message", "")))
        log.warning("vendor is unwell", extra={"facts": {"path": path, "http_status": answer.status_code}})
        raise Silent
