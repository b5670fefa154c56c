"""What the vendor has accepted it still knows after `kill -9`, and what it owes the merchant it still delivers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.makers.ear import Ear
from tests.makers.sandbox import SandboxProcess
from tests.sandbox.merchant import ask, pay_out, status_of

REFERENCE = "payout-0000000001"


@pytest.fixture
def heard_by() -> Iterator[Ear]:
    """An ear of this test's own."""
    with Ear() as ear:
        yield ear


def test_survives_kill_nine_with_money_knobs_and_undelivered_events(tmp_path: Path, heard_by: Ear) -> None:
    with SandboxProcess(tmp_path / "book.sqlite3", heard_by.url) as sandbox:
        sandbox.knobs(webhooks=False, transfer_delay_seconds=0, repeat=1)
        ask(sandbox)
        sandbox.pay("dep-1")
        assert pay_out(sandbox).status_code == 200
        sandbox.kill()
        assert heard_by.heard == []

        sandbox.start()
        assert sandbox.knobs()["repeat"] == 1
        sandbox.flush()
        assert sandbox.call("GET", "/transaction/verify/dep-1").json()["data"]["status"] == "success"
        assert status_of(sandbox, REFERENCE) == "success"
        assert pay_out(sandbox).json()["code"] == "duplicate_transfer_reference"
        assert (sandbox.balance(), sandbox.stream()) == (5_000_000_00 - 101_000, 500_000 - 17_500)
        sandbox.knobs(webhooks=True)
        events = sorted(heard.event for heard in heard_by.wait_for(4))
        assert events == 2 * ["charge.success"] + 2 * ["transfer.success"]


def test_delivers_what_was_due_while_it_was_away_and_gives_no_id_twice(tmp_path: Path, heard_by: Ear) -> None:
    heard_by.answer_next(503)
    with SandboxProcess(tmp_path / "book.sqlite3", heard_by.url) as sandbox:
        sandbox.receive(10_000, "9930000902")
        heard_by.wait_for(1)
        sandbox.kill()
        sandbox.start()
        sandbox.receive(20_000, "9930000902")
        sandbox.flush(early=True)
        first, *later = heard_by.heard
        assert first.body in [heard.body for heard in later]
        assert len({heard.content["id"] for heard in heard_by.heard}) == 2
