"""The sandbox exchange as a real process beside a test: start it, turn its knobs, set prices, fund it, kill it.

The port is chosen once, so a restart answers at the same address; the book is a file the caller owns.
"""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.makers.beside import ROOT, ProcessBeside

KEY = "test-key-5f1c7e0b9a3d"
SECRET = "dGVzdHMgb25seTogbm90aGluZyBiZWhpbmQgdGhpcyBrZXkgaXMgcmVhbA=="


class ExchangeProcess(ProcessBeside):
    """`python -m sandbox.exchange` with its own book; use it with `with`, or call start() and stop()."""

    health = "/_sandbox/exchange/health"

    def __init__(self, book: Path, *, seed: int = 1) -> None:
        super().__init__(book)
        self.key, self.secret, self.seed = KEY, SECRET, seed
        self.luno_url = f"{self.url}/luno"
        self.coingecko_url = f"{self.url}/coingecko"
        self.bank_url = f"{self.url}/bank/usd-ngn"

    def environment(self) -> dict[str, str]:
        """What the product is told of it."""
        return {
            "KRAKEN_BASE_URL": self.url,
            "KRAKEN_KEY": self.key,
            "KRAKEN_SECRET": self.secret,
            "LUNO_BASE_URL": self.luno_url,
            "COINGECKO_BASE_URL": self.coingecko_url,
            "BANK_RATE_URL": self.bank_url,
        }

    # ------------------------------------------------------------------------------------------ control

    def control(
        self, method: str, call: str, body: dict[str, Any] | None = None, *, params: dict[str, Any] | None = None
    ) -> Any:
        """A control call; AssertionError with the sandbox's words when it refuses."""
        answer = self._send(method, f"/_sandbox/exchange/{call}", json=body, params=params)
        assert answer.ok, f"{method} {call}: {answer.status_code} {answer.text}"
        return answer.json() if answer.headers["Content-Type"].startswith("application/json") else answer.text

    def knobs(self, **changes: Any) -> dict[str, Any]:
        """Turn these knobs and leave the rest; without arguments, read them."""
        board: dict[str, Any] = self.control("POST", "knobs", changes) if changes else self.control("GET", "knobs")
        return board

    def feed(self, name: str, **changes: Any) -> dict[str, Any]:
        """Turn knobs of the feed `kraken`, `luno`, `coingecko` or `bank`: `stale`, `zero`, `factor`, `down`, …"""
        board: dict[str, Any] = self.control("POST", f"feeds/{name}", changes)
        return board

    def feeds_at_rest(self) -> None:
        """Every feed tells the truth again."""
        rest = {"stale": None, "zero": False, "factor": "1", "lie_bps": 0, "down": "no", "slow_ms": 0, "pairs": None}
        for name in ("kraken", "luno", "coingecko", "bank"):
            self.feed(name, **rest)

    def price(self, pair: str, price: str | None, *, feed: str | None = None) -> None:
        """From now on a pair ("BTC/USDT") costs this at every feed, or at one; None: what the walk says."""
        self.control("POST", "prices", {"pair": pair, "price": price, "feed": feed})

    def mid(self, pair: str, feed: str = "kraken", *, at: str | None = None) -> Decimal:
        """What a pair truly costs at a feed, now or at an ISO time."""
        return Decimal(self.control("GET", "prices", params={"pair": pair, "at": at})["mid"][feed])

    def clock(self, now: str | None) -> str:
        """Pin the venue's clock to an ISO time, or let it run (None)."""
        return str(self.control("POST", "clock", {"now": now})["now"])

    def fund(self, asset: str, amount: str, **how: Any) -> str:
        """A deposit arrives; `method`, `txid`, `address` as control takes them. Answers its refid."""
        return str(self.control("POST", "fund", {"asset": asset, "amount": amount, **how})["refid"])

    def withdrawal_key(self, key: str, asset: str, address: str, *, method: str | None = None) -> None:
        """An address is set up in the account, so that withdrawals may go to it."""
        body = {"key": key, "asset": asset, "address": address, "method": method}
        self.control("POST", "withdrawal-keys", body)

    def orders(self, cl_ord_id: str | None = None) -> list[dict[str, Any]]:
        """The venue's own book of orders, oldest first, each with its `fills`; those of one client order id, or all."""
        found: list[dict[str, Any]] = self.control("GET", "orders", params={"cl_ord_id": cl_ord_id})
        return found

    def balances(self) -> dict[str, Decimal]:
        """What the venue holds, by ticker."""
        return {name: Decimal(each["balance"]) for name, each in self.control("GET", "balances").items()}

    def statement(self, kind: str, *, columns: int | None = None) -> str:
        """`ledgers` or `trades` as CSV, in the newest generation or the one with so many columns."""
        return str(self.control("GET", f"statements/{kind}.csv", params={"columns": columns}))

    def calls(self, path: str | None = None, *, reference: str | None = None) -> int:
        """How often a private call ("AddOrder") was made; `reference`: its cl_ord_id, txid, refid or key."""
        return int(self.control("GET", "calls", params={"path": path, "reference": reference})["total"])

    def refused(self, words: str, path: str | None = None) -> int:
        """How many private calls were turned away at the door with these words."""
        counted = self.control("GET", "calls", params={"path": path})["calls"]
        return sum(each["count"] for each in counted if each["error"] == words)

    def reset(self) -> None:
        """Forget everything, knobs and prices included."""
        self.control("POST", "reset")

    # ------------------------------------------------------------------------------------------ inside

    def _launch(self) -> subprocess.Popen[bytes]:
        env = os.environ | {
            "EXCHANGE_SANDBOX_PORT": str(self.port),
            "EXCHANGE_SANDBOX_BOOK": str(self.book),
            "EXCHANGE_SANDBOX_KEY": self.key,
            "EXCHANGE_SANDBOX_SECRET": self.secret,
            "EXCHANGE_SANDBOX_SEED": str(self.seed),
            "EXCHANGE_SANDBOX_RESET_ALLOWED": "1",
            "EXCHANGE_SANDBOX_DURABLE": "0",  # tests kill processes, not power
        }
        return subprocess.Popen(
            [sys.executable, "-m", "sandbox.exchange"], cwd=ROOT, env=env, stdout=self._log, stderr=self._log
        )
