"""The clients of these tests: ccxt's own classes, changed in nothing but their addresses, and exact."""

import base64
import hashlib
import hmac
import time
from typing import Any
from urllib.parse import urlencode

import ccxt
import requests

from tests.makers.exchange import ExchangeProcess


def kraken(exchange: ExchangeProcess, **more: Any) -> ccxt.kraken:
    """Ccxt's class for the venue, at the sandbox; numbers stay the texts that the venue sends."""
    client = ccxt.kraken({"apiKey": exchange.key, "secret": exchange.secret, "enableRateLimit": False, **more})
    client.number = str
    client.urls["api"] = dict.fromkeys(client.urls["api"], exchange.url)
    return client


def luno(exchange: ExchangeProcess) -> ccxt.luno:
    """Ccxt's class for the second exchange, at the sandbox."""
    client = ccxt.luno({"enableRateLimit": False})
    client.number = str
    client.urls["api"] = {
        name: exchange.luno_url + ("/api/exchange" if name.startswith("exchange") else "/api")
        for name in client.urls["api"]
    }
    return client


def post(exchange: ExchangeProcess, call: str, **fields: Any) -> dict[str, Any]:
    """A signed private call without ccxt, made from the venue's description of its signature alone."""
    return post_raw(exchange, call, **fields).json()


def post_raw(exchange: ExchangeProcess, call: str, **fields: Any) -> requests.Response:
    """As `post`, with the answer as it came."""
    time.sleep(0.002)  # nonces are milliseconds, as ccxt's are, and rise
    body = urlencode({"nonce": str(time.time_ns() // 1_000_000), **fields})
    return send(exchange, call, body, signature=sign(exchange.secret, f"/0/private/{call}", body))


def sign(secret: str, path: str, body: str) -> str:
    """The signature of a form whose first field is the nonce."""
    nonce = body.partition("&")[0].removeprefix("nonce=")
    digest = hashlib.sha256((nonce + body).encode()).digest()
    return base64.b64encode(
        hmac.new(base64.b64decode(secret), path.encode() + digest, hashlib.sha512).digest()
    ).decode()


def send(
    exchange: ExchangeProcess, call: str, body: str, *, signature: str, key: str | None = None
) -> requests.Response:
    """A private call with just this body and signature."""
    headers = {
        "API-Key": exchange.key if key is None else key,
        "API-Sign": signature,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return requests.post(f"{exchange.url}/0/private/{call}", data=body, headers=headers, timeout=10)


def public(exchange: ExchangeProcess, path: str, **fields: Any) -> Any:
    """A GET at the process, as JSON."""
    return requests.get(f"{exchange.url}{path}", params=fields, timeout=10).json()
