"""What the product's processes are told on the development floor: ports, URLs and secrets, as environment variables."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from dev import keys, roles
from dev.children import Unavailable
from dev.embedded import Servers, with_driver

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
HOME = VAR / "dev"
LOGS = VAR / "log"
DOCUMENTS = VAR / "documents"  # what customers send, sealed
SECRETS = VAR / "secrets.json"
LAST_PORT = 65535
WITH_A_REAL_EXCHANGE = ("KRAKEN_KEY", "KRAKEN_SECRET", "LUNO_BASE_URL", "COINGECKO_BASE_URL", "BANK_RATE_URL")


@dataclass(frozen=True)
class Addresses:
    """Where the web answers, and the simulated vendors; no port of theirs where a real address is given."""

    host: str
    port: int
    sandbox_port: int | None
    exchange_port: int | None = None

    @property
    def url(self) -> str:
        return os.environ.get("PUBLIC_URL") or f"http://localhost:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://localhost:{self.sandbox_port}"

    @property
    def exchange_url(self) -> str:
        return f"http://127.0.0.1:{self.exchange_port}"


def addresses() -> Addresses:
    """The ports of this run. Raises Unavailable when one that was asked for is taken."""
    host = os.environ.get("HOST", "127.0.0.1")
    port = _asked(host, "PORT", 8000)
    return Addresses(host, port, _sandbox_port(port), _exchange_port(port))


def _sandbox_port(port: int) -> int | None:
    if os.environ.get("PAYSTACK_BASE_URL"):
        if not os.environ.get("PAYSTACK_SECRET_KEY"):
            raise Unavailable("PAYSTACK_BASE_URL is given without PAYSTACK_SECRET_KEY: give both or neither.")
        if not (os.environ.get("SMS_URL") and os.environ.get("SMS_TOKEN")):
            raise Unavailable("PAYSTACK_BASE_URL is given, so there is no sandbox: give SMS_URL and SMS_TOKEN, too.")
        if not (os.environ.get("REGISTRY_URL") and os.environ.get("REGISTRY_TOKEN")):
            raise Unavailable("PAYSTACK_BASE_URL is given, so there is no sandbox: give REGISTRY_URL and _TOKEN, too.")
        return None
    return _beside("SANDBOX_PORT", port + 1)


def _exchange_port(port: int) -> int | None:
    if os.environ.get("KRAKEN_BASE_URL"):
        if missing := [name for name in WITH_A_REAL_EXCHANGE if not os.environ.get(name)]:
            raise Unavailable(f"KRAKEN_BASE_URL is given, so there is no sandbox exchange: give {', '.join(missing)}.")
        return None
    return _beside("EXCHANGE_SANDBOX_PORT", port + 2)


def _beside(name: str, beside: int) -> int:
    if os.environ.get(name):
        return _asked("127.0.0.1", name, 0)
    return beside if beside <= LAST_PORT and free("127.0.0.1", beside) else any_free_port()


def product(servers: Servers, where: Addresses) -> dict[str, str]:
    """The environment of every process of the product but DATABASE_URL, which needs the migrated database."""
    made = keys.kept(SECRETS)
    sandbox = {
        "PAYSTACK_BASE_URL": f"http://127.0.0.1:{where.sandbox_port}",
        "SMS_URL": os.environ.get("SMS_URL") or f"http://127.0.0.1:{where.sandbox_port}/sms",
        "SMS_TOKEN": os.environ.get("SMS_TOKEN") or made["PAYSTACK_SECRET_KEY"],
        "REGISTRY_URL": os.environ.get("REGISTRY_URL") or f"http://127.0.0.1:{where.sandbox_port}/registry",
        "REGISTRY_TOKEN": os.environ.get("REGISTRY_TOKEN") or made["PAYSTACK_SECRET_KEY"],
        "SANDBOX_PORT": str(where.sandbox_port),
        "SANDBOX_BOOK": str(HOME / "sandbox.sqlite3"),
        "SANDBOX_SECRET_KEY": made["PAYSTACK_SECRET_KEY"],
        "SANDBOX_WEBHOOK_URL": f"http://localhost:{where.port}/callbacks/paystack",
        "SANDBOX_PUBLIC_URL": where.sandbox_url,
        "SANDBOX_OPENING_BALANCE": "0",  # the books begin at nothing, so the vendor does too
    }
    exchange = {
        "KRAKEN_BASE_URL": where.exchange_url,
        "LUNO_BASE_URL": os.environ.get("LUNO_BASE_URL") or f"{where.exchange_url}/luno",
        "COINGECKO_BASE_URL": os.environ.get("COINGECKO_BASE_URL") or f"{where.exchange_url}/coingecko",
        "BANK_RATE_URL": os.environ.get("BANK_RATE_URL") or f"{where.exchange_url}/bank/usd-ngn",
        "EXCHANGE_SANDBOX_PORT": str(where.exchange_port),
        "EXCHANGE_SANDBOX_BOOK": str(HOME / "exchange.sqlite3"),
        "EXCHANGE_SANDBOX_KEY": made["KRAKEN_KEY"],
        "EXCHANGE_SANDBOX_SECRET": made["KRAKEN_SECRET"],
    }
    return {
        "BURSAR_ENV": os.environ.get("BURSAR_ENV", "development"),
        "MIGRATIONS_DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "PUBLIC_URL": where.url,
        "PORT": str(where.port),
        "ANCHOR_FILE": os.environ.get("ANCHOR_FILE") or str(HOME / "seal-heads.txt"),
        "DOCUMENTS_URL": os.environ.get("DOCUMENTS_URL") or DOCUMENTS.as_uri(),
        "PYTHONUNBUFFERED": "1",  # a log line is in the log when it happened
        **made,
        **({} if where.sandbox_port is None else sandbox),
        **({} if where.exchange_port is None else exchange),
    }


def product_database_url(servers: Servers) -> str:
    """The product's own URL: as given beside the owner's, else through a role made for it in the migrated database."""
    if os.environ.get("MIGRATIONS_DATABASE_URL") and (given := os.environ.get("DATABASE_URL")):
        return with_driver(given)
    return roles.app_url(servers.database_url)


def free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free, as for gunicorn
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise Unavailable(f"This user may not listen on port {port}: choose one above 1023.") from error
        except OSError:
            return False
        return True


def any_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _asked(host: str, name: str, otherwise: int) -> int:
    text = os.environ.get(name, str(otherwise))
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= LAST_PORT):
        raise Unavailable(f"{name} must be a number from 1 to {LAST_PORT}, not {text!r}.")
    if not free(host, int(text)):
        raise Unavailable(
            f"Port {text} is taken: stop what uses it, or choose another ({name}={int(text) + 10} make run)."
        )
    return int(text)
