"""What withdrawals decides: the moves, the bounds, the fees, how many must agree, and on exactly what."""

from dataclasses import replace
from typing import Any

import pytest

from app.core.money import NGN, Asset, Money
from app.withdrawals import rules
from app.withdrawals.rules import MACHINE, Content, State
from tests.makers.books import kobo

CONTENT = Content(
    withdrawal_id="wd_1",
    customer_id="cus_1",
    amount=kobo(100_00),
    fee=kobo(10_00),
    bank_code="057",
    account_number="0123456789",
    recipient_code="RCP_1",
    approvals_needed=1,
)


class TestMachine:
    def test_has_these_arrows_and_no_others(self) -> None:
        assert {(old, new) for old in State for new in State if MACHINE.allows(old, new)} == {
            (State.REQUESTED, State.APPROVED),
            (State.REQUESTED, State.REJECTED),
            (State.REQUESTED, State.CANCELLED),
            (State.APPROVED, State.SENDING),
            (State.APPROVED, State.REJECTED),
            (State.APPROVED, State.REQUESTED),
            (State.SENDING, State.SETTLED),
            (State.SENDING, State.FAILED),
            (State.SETTLED, State.RETURNED),
        }

    def test_sends_nothing_that_was_not_approved(self) -> None:
        assert {old for old in State if MACHINE.allows(old, State.SENDING)} == {State.APPROVED}

    def test_lets_nobody_cancel_what_was_approved(self) -> None:
        assert {old for old in State if MACHINE.allows(old, State.CANCELLED)} == {State.REQUESTED}

    def test_puts_every_state_into_one_group(self) -> None:
        groups = [*rules.WAITING, *rules.UNDERWAY, *rules.ENDED]
        assert sorted(groups) == sorted(State)

    def test_ends_only_in_ended_states(self) -> None:
        assert {state for state in State if MACHINE.is_final(state)} == set(rules.ENDED) - {State.SETTLED}


@pytest.mark.parametrize(
    ("units", "fits"),
    [(0, False), (99_99, False), (100_00, True), (5_000_000_00, True), (5_000_000_01, False), (-100_00, False)],
)
def test_a_withdrawal_has_a_least_and_a_greatest_size(units: int, *, fits: bool) -> None:
    assert rules.fits(kobo(units)) is fits


@pytest.mark.parametrize(("units", "needed"), [(100_00, 1), (500_000_00, 1), (500_000_01, 2), (5_000_000_00, 2)])
def test_two_must_agree_above_half_a_million_naira(units: int, needed: int) -> None:
    assert rules.approvals_needed(kobo(units)) == needed


class TestContent:
    def test_is_the_same_for_the_same(self) -> None:
        assert CONTENT.hash == replace(CONTENT).hash
        assert len(CONTENT.hash) == 64

    @pytest.mark.parametrize(
        "change",
        [
            {"withdrawal_id": "wd_2"},
            {"customer_id": "cus_2"},
            {"amount": Money(NGN, 100_01)},
            {"amount": Money(Asset("BTC", 8), 100_00)},
            {"fee": kobo(0)},
            {"bank_code": "058"},
            {"account_number": "0123456780"},
            {"recipient_code": "RCP_2"},
            {"approvals_needed": 2},
            {"customer_id": 'cus_1", "NGN'},  # nothing can be moved from one field to the next
        ],
        ids=str,
    )
    def test_is_another_for_any_change(self, change: dict[str, Any]) -> None:
        assert replace(CONTENT, **change).hash != CONTENT.hash
