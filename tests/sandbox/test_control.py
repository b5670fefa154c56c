"""Control: the clock, the counts and the reset; and who is not let in."""

import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.makers.ear import Ear
from tests.makers.sandbox import ROOT, SandboxProcess
from tests.sandbox.merchant import ask, pay_out


def test_writes_history_with_the_pinned_clock(sandbox: SandboxProcess, ear: Ear) -> None:
    assert sandbox.clock("2026-08-01T10:00:00+01:00") == "2026-08-01T09:00:00.000Z"
    ask(sandbox)
    sandbox.clock("2026-08-01T09:05:00Z")
    sandbox.pay("dep-1")
    pay_out(sandbox)
    assert sandbox.flush()["transfers"] <= 1
    shape = sandbox.call("GET", "/transaction/verify/dep-1").json()["data"]
    assert (shape["created_at"], shape["paid_at"]) == ("2026-08-01T09:00:00.000Z", "2026-08-01T09:05:00.000Z")
    transfer = sandbox.call("GET", "/transfer/verify/payout-0000000001").json()["data"]
    assert transfer["createdAt"] == transfer["transferred_at"] == "2026-08-01T09:05:00.000Z"
    assert len(ear.heard) == 2
    assert not sandbox.clock(None).startswith("2026-08-01")


def test_counts_every_call_by_its_path(sandbox: SandboxProcess) -> None:
    for _ in range(2):
        pay_out(sandbox)
    for reference in ("payout-0000000001", "payout-0000000009"):
        sandbox.call("GET", f"/transfer/verify/{reference}")
    assert sandbox.calls("/transfer") == 2
    assert sandbox.calls("/transfer", method="GET") == 0
    assert sandbox.calls("/transfer/verify/<reference>") == 2
    assert sandbox.calls("/transfer/verify/<reference>", reference="payout-0000000001") == 1
    assert sandbox.calls(reference="payout-0000000001", method="POST") == 2


def test_pays_only_what_is_there_and_unpaid(sandbox: SandboxProcess) -> None:
    with pytest.raises(AssertionError, match="409"):
        sandbox.pay("dep-1")
    ask(sandbox)
    sandbox.pay("dep-1")
    with pytest.raises(AssertionError, match="already paid"):
        sandbox.pay("dep-1")


def test_forgets_everything_on_reset(sandbox: SandboxProcess) -> None:
    sandbox.knobs(repeat=3)
    sandbox.receive(10_000, "9930000902")
    sandbox.reset()
    assert sandbox.balance() == 5_000_000_00
    assert sandbox.webhooks() == []
    assert sandbox.knobs()["repeat"] == 0
    assert sandbox.calls("/balance") == 1


@pytest.mark.parametrize(
    "path", ["/_sandbox/knobs", "/_sandbox/pay", "/_sandbox/clock", "/knobs", "/deliver", "/topup"]
)
def test_lets_no_other_sites_page_turn_anything(sandbox: SandboxProcess, path: str) -> None:
    header = {"Origin": "https://elsewhere.example"}
    assert requests.post(f"{sandbox.url}{path}", json={}, headers=header, timeout=5).status_code == 403
    if path.startswith("/_sandbox"):
        plain = requests.post(f"{sandbox.url}{path}", data='{"repeat": 1}', timeout=5)
        assert plain.status_code == 400


@pytest.mark.parametrize(("key", "word"), [("", "missing"), ("sk_live_0123", "live key")])
def test_does_not_start_without_a_key_or_with_a_live_one(tmp_path: Path, key: str, word: str) -> None:
    env = {"SANDBOX_SECRET_KEY": key, "SANDBOX_BOOK": str(tmp_path / "book.sqlite3")}
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.returncode == 2
    assert word in ended.stderr
    assert not (tmp_path / "book.sqlite3").exists()


def test_resets_only_where_that_is_allowed(tmp_path: Path) -> None:
    class Kept(SandboxProcess):
        def _environment(self) -> dict[str, str]:
            return super()._environment() | {"SANDBOX_RESET_ALLOWED": ""}

    with Kept(tmp_path / "book.sqlite3") as sandbox, pytest.raises(AssertionError, match="403"):
        sandbox.reset()
