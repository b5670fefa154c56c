"""What the product's processes are told in tests."""

import base64
import os

from dev.embedded import Servers
from tests.makers.databases import Database
from tests.makers.exchange import KEY, ExchangeProcess
from tests.makers.exchange import SECRET as EXCHANGE_SECRET
from tests.makers.sandbox import SECRET, SandboxProcess

NOBODY = "http://127.0.0.1:1"
NO_EXCHANGE = {
    "KRAKEN_BASE_URL": NOBODY,
    "KRAKEN_KEY": KEY,
    "KRAKEN_SECRET": EXCHANGE_SECRET,
    "LUNO_BASE_URL": NOBODY,
    "COINGECKO_BASE_URL": NOBODY,
    "BANK_RATE_URL": NOBODY,
}


def environment(
    database: Database, given: Servers, vendor: SandboxProcess, exchange: ExchangeProcess | None = None
) -> dict[str, str]:
    """What the product's processes are told; without an exchange nobody answers where it should be."""
    return (NO_EXCHANGE if exchange is None else exchange.environment()) | {
        "BURSAR_ENV": "test",
        "DATABASE_URL": database.app_url,
        "REDIS_URL": given.redis_url,
        "PAYSTACK_BASE_URL": vendor.url,
        "PAYSTACK_SECRET_KEY": SECRET,
        "SMS_URL": f"{vendor.url}/sms",
        "SMS_TOKEN": SECRET,
        "REGISTRY_URL": f"{vendor.url}/registry",
        "REGISTRY_TOKEN": SECRET,
        "SECRET_KEY": "0123456789abcdef0123456789abcdef",
        "DATA_KEY": base64.b64encode(b"0123456789abcdef0123456789abcdef").decode(),
        "DOCUMENT_KEYS": f"test:{base64.b64encode(b'0123456789abcdef0123456789abcdef').decode()}",
        "DOCUMENTS_URL": vendor.book.with_name("documents").as_uri(),
        "PUBLIC_URL": "http://localhost",
        "PAYSTACK_TIMEOUT_SECONDS": "5",
        "LOG_LEVEL": "ERROR",
        "TRIES_FACTOR": "1000",  # all of these tests come from one address
        "PASSWORD_KIB": os.environ.get("PASSWORD_KIB", "64"),  # thousands of people sign in here
    }
