"""Each knob does what it says, and only that."""

import time
from typing import Any

import pytest
import requests

from tests.makers.ear import Ear
from tests.makers.sandbox import SandboxProcess
from tests.sandbox.merchant import ask, name_recipient, pay_out, status_of

OPENING = 5_000_000_00
REFERENCE = "payout-0000000001"


def receive(sandbox: SandboxProcess, count: int) -> list[str]:
    """Some payments nobody asked for, in a known order."""
    return [sandbox.receive(10_000 + number, "9930000902") for number in range(count)]


class TestWebhooks:
    def test_wait_while_they_are_off(self, sandbox: SandboxProcess, ear: Ear) -> None:
        sandbox.knobs(webhooks=False)
        receive(sandbox, 1)
        assert sandbox.flush(early=True)["delivered"] == 0
        assert [delivery["state"] for delivery in sandbox.webhooks()] == ["waiting"]
        sandbox.knobs(webhooks=True)
        ear.wait_for(1)

    def test_go_where_the_knob_says(self, sandbox: SandboxProcess, ear: Ear) -> None:
        with Ear() as other:
            sandbox.knobs(webhook_url=other.url)
            receive(sandbox, 1)
            other.wait_for(1)
        sandbox.knobs(webhook_url=None)
        receive(sandbox, 1)
        assert len(ear.wait_for(1)) == 1

    def test_are_lost_as_often_as_asked_and_then_arrive(self, sandbox: SandboxProcess, ear: Ear) -> None:
        sandbox.knobs(lose=100, lose_times=3, webhooks=False)
        receive(sandbox, 2)
        sandbox.knobs(webhooks=True)
        # The worker may take the first of these rounds itself.
        while any(delivery["state"] == "waiting" for delivery in sandbox.webhooks()):
            sandbox.flush(early=True)
        assert len(ear.heard) == 2
        assert {delivery["attempts"] for delivery in sandbox.webhooks()} == {4}

    def test_lose_the_same_ones_for_the_same_seed(self, sandbox: SandboxProcess) -> None:
        def lost(seed: int) -> list[bool]:
            sandbox.reset()
            sandbox.knobs(seed=seed, lose=50, lose_times=1)
            receive(sandbox, 12)
            sandbox.flush(early=True)
            return [delivery["attempts"] > 1 or delivery["last_result"] == "lost" for delivery in sandbox.webhooks()]

        first = lost(7)
        assert first == lost(7)
        assert first != lost(8)
        assert 0 < sum(first) < 12

    def test_arrive_once_more_for_each_copy(self, sandbox: SandboxProcess, ear: Ear) -> None:
        sandbox.knobs(repeat=2)
        receive(sandbox, 1)
        sandbox.flush(early=True)
        assert len(ear.heard) == 3
        assert len({heard.body for heard in ear.heard}) == 1

    def test_arrive_at_the_same_moment_when_there_are_carriers(self, sandbox: SandboxProcess, ear: Ear) -> None:
        ear.hear_together(3)
        sandbox.knobs(webhooks=False, carriers=3)
        receive(sandbox, 3)
        sandbox.knobs(webhooks=True)
        ear.wait_for(3)

    def test_arrive_in_order_unless_told_to_overtake(self, sandbox: SandboxProcess, ear: Ear) -> None:
        sandbox.knobs(webhooks=False, reorder=True)
        shuffled = receive(sandbox, 8)
        sandbox.knobs(webhooks=True)
        sandbox.flush(early=True)
        assert sorted(heard.content["reference"] for heard in ear.heard) == sorted(shuffled)
        assert [heard.content["reference"] for heard in ear.heard] != shuffled
        ear.forget()
        sandbox.knobs(reorder=False)
        straight = receive(sandbox, 8)
        assert [heard.content["reference"] for heard in ear.wait_for(8)] == straight

    def test_are_held_back_by_a_delay(self, sandbox: SandboxProcess, ear: Ear) -> None:
        sandbox.knobs(delay_ms=3_600_000)
        receive(sandbox, 3)
        assert sandbox.flush()["delivered"] == 0
        assert sandbox.flush(early=True)["delivered"] == 3
        assert len(ear.heard) == 3


class TestAnswer:
    @pytest.fixture
    def recipient(self, sandbox: SandboxProcess) -> str:
        """A recipient named before the trouble starts."""
        return str(name_recipient(sandbox).json()["data"]["recipient_code"])

    def test_is_dropped_after_the_money_has_moved(self, sandbox: SandboxProcess, recipient: str) -> None:
        sandbox.knobs(answer="drop", answer_times=1)
        with pytest.raises(requests.ConnectionError):
            pay_out(sandbox, recipient=recipient)
        assert sandbox.balance() == OPENING - 101_000
        assert status_of(sandbox, REFERENCE) in {"pending", "success"}
        assert pay_out(sandbox, recipient=recipient).json()["code"] == "duplicate_transfer_reference"
        assert sandbox.knobs()["answer"] == "normal"

    def test_is_an_error_after_the_money_has_moved(self, sandbox: SandboxProcess, recipient: str) -> None:
        sandbox.knobs(answer="error_after")
        assert [pay_out(sandbox, recipient=recipient).status_code for _ in range(2)] == [500, 500]
        assert sandbox.balance() == OPENING - 101_000

    def test_is_a_refusal_with_nothing_done(self, sandbox: SandboxProcess, recipient: str) -> None:
        sandbox.knobs(answer="refuse", answer_times=2)
        assert [pay_out(sandbox, recipient=recipient).status_code for _ in range(3)] == [500, 500, 200]
        assert sandbox.balance() == OPENING - 101_000

    def test_is_late(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(answer="late_ms", late_ms=300, answer_times=1)
        began = time.monotonic()
        assert ask(sandbox).status_code == 200
        assert 0.3 <= time.monotonic() - began < 5

    def test_comes_after_the_callers_patience(self, sandbox: SandboxProcess, recipient: str) -> None:
        sandbox.knobs(answer="late_ms", late_ms=700, answer_times=1)
        with pytest.raises(requests.ReadTimeout):
            sandbox.call(
                "POST", "/transfer", timeout=0.2,
                json={"source": "balance", "amount": 100_000, "reference": REFERENCE, "recipient": recipient},
            )  # fmt: skip
        assert sandbox.balance() == OPENING - 101_000

    def test_spoils_initialise_too_and_no_other_call(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(answer="error_after")
        assert ask(sandbox).status_code == 500
        assert sandbox.call("GET", "/transaction/verify/dep-1").status_code == 200
        assert name_recipient(sandbox).status_code == 201

    def test_starts_anew_without_the_count_of_earlier_trouble(self, sandbox: SandboxProcess) -> None:
        sandbox.knobs(answer="refuse", answer_times=5)
        assert sandbox.knobs(answer="drop")["answer_times"] is None


class TestBoard:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"loose": 1}, {"lose": 101}, {"lose": True}, {"lose": "5"}, {"answer": "maybe"}, {"repeat": None},
            {"webhook_url": "ftp://x"}, {"transfer_outcome": "lost"}, {"webhooks": 1}, {"answer_times": 0},
        ],
        ids=str,
    )  # fmt: skip
    def test_refuses_what_it_cannot_do_and_changes_nothing(
        self, sandbox: SandboxProcess, wrong: dict[str, Any]
    ) -> None:
        before = sandbox.knobs()
        answer = requests.post(f"{sandbox.url}/_sandbox/knobs", json={"repeat": 1} | wrong, timeout=5)
        assert answer.status_code == 400
        assert "error" in answer.json()
        assert sandbox.knobs() == before
