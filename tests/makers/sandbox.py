"""The sandbox vendor as a real process beside a test: start it, turn its knobs, pay, kill it, start it again.

The port is chosen once, so a restart answers at the same address; the book is a file the caller owns.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from tests.makers.beside import ROOT, ProcessBeside, free_port

__all__ = ["ROOT", "SECRET", "SandboxProcess", "free_port"]

SECRET = "sk_test_5f1c7e0b9a3d"


class SandboxProcess(ProcessBeside):
    """`python -m sandbox` with its own book; use it with `with`, or call start() and stop()."""

    health = "/_sandbox/health"

    def __init__(
        self, book: Path, webhook_url: str | None = None, secret: str = SECRET, *, opening_balance: int = 5_000_000_00
    ) -> None:
        super().__init__(book)
        self.secret = secret
        self.webhook_url = webhook_url
        self.opening_balance = opening_balance

    # ------------------------------------------------------------------------------------------ the vendor's contract

    def call(self, method: str, path: str, **how: Any) -> requests.Response:
        """A call with the merchant's key, as the product makes it."""
        return self._send(method, path, headers={"Authorization": f"Bearer {self.secret}"}, **how)

    def balance(self) -> int:
        """What the vendor holds, in kobo."""
        return int(self.call("GET", "/balance").json()["data"][0]["balance"])

    # ------------------------------------------------------------------------------------------ control

    def control(
        self, method: str, call: str, body: dict[str, Any] | None = None, *, params: dict[str, Any] | None = None
    ) -> Any:
        """A control call; AssertionError with the sandbox's words when it refuses."""
        answer = self._send(method, f"/_sandbox/{call}", json=body, params=params)
        assert answer.ok, f"{method} {call}: {answer.status_code} {answer.text}"
        return answer.json()

    def knobs(self, **changes: Any) -> dict[str, Any]:
        """Turn these knobs and leave the rest; without arguments, read them."""
        board: dict[str, Any] = self.control("POST", "knobs", changes) if changes else self.control("GET", "knobs")
        return board

    def reset(self) -> None:
        """Forget everything, knobs included."""
        self.control("POST", "reset")

    def pay(self, reference: str, **how: Any) -> dict[str, Any]:
        """Pay an initialised transaction; `channel`, `amount`, `outcome` as control takes them."""
        paid: dict[str, Any] = self.control("POST", "pay", {"reference": reference, **how})
        return paid

    def receive(self, amount: int, account_number: str, **sender: Any) -> str:
        """A bank transfer into an account number; answers with the charge's reference. `unnoticed=True` hides it."""
        body = {"amount": amount, "account_number": account_number, **sender}
        return str(self.control("POST", "receive", body)["reference"])

    def conclude(self, reference: str, verb: str) -> dict[str, Any]:
        """`succeed`, `fail`, `reverse`, `abandon`, `block` or `reject` a transfer now, or have it wait for an `otp`."""
        ended: dict[str, Any] = self.control("POST", f"transfers/{reference}/{verb}")
        return ended

    def top_up(self, amount: int) -> int:
        """Pay into the balance that transfers are paid from; answers what it is then."""
        return int(self.control("POST", "topup", {"amount": amount})["balance"])

    def settle(self, until: str | None = None) -> list[dict[str, Any]]:
        """Settle what is due by this date, a lump a day; without one everything that is open, now."""
        settled: list[dict[str, Any]] = self.control("POST", "settle", {"date": until})["settlements"]
        return settled

    def stream(self) -> int:
        """What has been paid, less fees, and is not settled yet."""
        return int(self.control("GET", "health")["stream"])

    def refund(self, refund_id: int | str, verb: str) -> dict[str, Any]:
        """`processing`, `process`, `fail` or `needs-attention` a refund now."""
        moved: dict[str, Any] = self.control("POST", f"refunds/{refund_id}/{verb}")
        return moved

    def dispute(self, reference: str, **how: Any) -> dict[str, Any]:
        """The payer disputes a payment; `category`, `amount`, `due_at` as control takes them."""
        opened: dict[str, Any] = self.control("POST", "disputes", {"reference": reference, **how})
        return opened

    def end_dispute(self, dispute_id: int | str, verb: str, **how: Any) -> dict[str, Any]:
        """`answer`, `accept`, `decline`, `auto-accept`, `resolve` or `remind` of a dispute."""
        ended: dict[str, Any] = self.control("POST", f"disputes/{dispute_id}/{verb}", how)
        return ended

    def clock(self, now: str | None) -> str:
        """Pin the vendor's clock to an ISO time, or let it run (None)."""
        return str(self.control("POST", "clock", {"now": now})["now"])

    def name_account(self, account_number: str, account_name: str) -> None:
        """Say who holds an account number."""
        self.control("POST", "accounts", {"account_number": account_number, "account_name": account_name})

    def flush(self, *, early: bool = False) -> dict[str, int]:
        """End due transfers and deliver due events before returning; `early` delivers everything that waits."""
        counts: dict[str, int] = self.control("POST", "webhooks/flush", {"early": early})
        return counts

    def webhooks(self) -> list[dict[str, Any]]:
        """Deliveries, newest first."""
        deliveries: list[dict[str, Any]] = self.control("GET", "webhooks")
        return deliveries

    def replay(self, count: int, *, number: int = 0) -> int:
        """Send up to so many past events once more, drawn by `number`; how many it was."""
        return int(self.control("POST", "webhooks/replay", {"count": count, "number": number})["replayed"])

    def delivered(self) -> dict[str, int]:
        """How many `events`; deliveries `waiting`, `delivered`, `given up`; and `tries`."""
        counts: dict[str, int] = self.control("GET", "webhooks/count")
        return counts

    def texts(self, number: str) -> list[str]:
        """Text messages to a number, newest first."""
        return [str(each["text"]) for each in self.control("GET", "texts", params={"to": number})]

    def calls(self, path: str | None = None, *, method: str | None = None, reference: str | None = None) -> int:
        """How often the product called `path` (as in `/transfer`, `/transfer/verify/<reference>`)."""
        wanted = {"path": path, "method": method, "reference": reference}
        return int(self.control("GET", "calls", params=wanted)["total"])

    # ------------------------------------------------------------------------------------------ inside

    def _launch(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "sandbox"], cwd=ROOT, env=self._environment(), stdout=self._log, stderr=self._log
        )

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "SANDBOX_PORT": str(self.port),
            "SANDBOX_BOOK": str(self.book),
            "SANDBOX_SECRET_KEY": self.secret,
            "SANDBOX_WEBHOOK_URL": self.webhook_url or "",
            "SANDBOX_PUBLIC_URL": self.url,
            "SANDBOX_OPENING_BALANCE": str(self.opening_balance),
            "SANDBOX_RESET_ALLOWED": "1",
            "SANDBOX_DURABLE": "0",  # tests kill processes, not power
        }
