"""What payments decides: which moves there are, what a charge means, when to ask again."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.machine import Machine
from app.core.money import Asset, Money
from app.payments import rules, tellings
from app.payments.rules import DEPOSIT, PAYOUT, SUSPENSE, DepositState, PayoutState, SuspenseState, Verdict, judge
from tests.makers.books import kobo

D, P, S = DepositState, PayoutState, SuspenseState
SOUND: dict[str, Any] = {
    "status": "success",
    "currency": "NGN",
    "domain": "test",
    "our_domain": "test",
    "paid": 500_000,
    "requested": 500_000,
    "fees": 17_500,
    "asked": 500_000,
}


class TestMachines:
    @pytest.mark.parametrize(
        ("machine", "states", "arrows"),
        [
            (
                DEPOSIT,
                D,
                {
                    (D.STARTED, D.AWAITING_PAYMENT),
                    (D.STARTED, D.CREDITED),
                    (D.STARTED, D.SUSPENDED),
                    (D.STARTED, D.FAILED),
                    (D.AWAITING_PAYMENT, D.CREDITED),
                    (D.AWAITING_PAYMENT, D.SUSPENDED),
                    (D.AWAITING_PAYMENT, D.FAILED),
                    (D.FAILED, D.CREDITED),  # a late success is still the customer's
                    (D.FAILED, D.SUSPENDED),
                    (D.SUSPENDED, D.CREDITED),  # placed, by two people
                    (D.SUSPENDED, D.CLOSED),  # it went back, or another way
                },
            ),
            (
                PAYOUT,
                P,
                {
                    (P.SENDING, P.SENT),
                    (P.SENDING, P.AWAITING_OTP),
                    (P.SENDING, P.AWAITING_FLOAT),
                    (P.SENDING, P.PAID),
                    (P.SENDING, P.FAILED),
                    (P.SENT, P.AWAITING_OTP),
                    (P.SENT, P.PAID),
                    (P.SENT, P.FAILED),
                    (P.AWAITING_OTP, P.SENT),
                    (P.AWAITING_OTP, P.PAID),
                    (P.AWAITING_OTP, P.FAILED),
                    (P.AWAITING_FLOAT, P.SENDING),  # topped up
                    (P.AWAITING_FLOAT, P.SENT),  # Paystack had it all the same
                    (P.AWAITING_FLOAT, P.AWAITING_OTP),
                    (P.AWAITING_FLOAT, P.PAID),
                    (P.AWAITING_FLOAT, P.FAILED),  # called off
                    (P.PAID, P.REVERSED),
                    (P.FAILED, P.PAID),  # by the word of two people
                },
            ),
            (SUSPENSE, S, {(S.OPEN, S.RESOLVED), (S.RESOLVED, S.OPEN)}),
        ],
        ids=lambda value: value.name if isinstance(value, Machine) else "",
    )
    def test_have_these_arrows_and_no_others(self, machine: Machine, states: Any, arrows: set[Any]) -> None:
        assert {(old, new) for old in states for new in states if machine.allows(old, new)} == arrows

    def test_credit_no_deposit_twice(self) -> None:
        assert DEPOSIT.is_final(D.CREDITED)

    def test_pay_nothing_after_a_failure(self) -> None:
        assert PAYOUT.moves[P.FAILED] == {P.PAID}  # (the database asks for two people)
        assert PAYOUT.is_final(P.REVERSED)


class TestTransferStates:
    def test_know_every_word_of_the_vendor_and_end_in_a_state_of_ours(self) -> None:
        assert rules.TRANSFER_STATES == {
            "pending": P.SENT,
            "otp": P.AWAITING_OTP,
            "received": P.SENT,
            "processing": P.SENT,
            "success": P.PAID,
            "failed": P.FAILED,
            "abandoned": P.FAILED,
            "blocked": P.FAILED,
            "rejected": P.FAILED,
            "reversed": P.REVERSED,
        }

    def test_do_not_take_a_low_balance_for_final(self) -> None:
        assert "insufficient_balance" not in rules.FINAL_REFUSALS
        assert "invalid_transfer_recipient" in rules.FINAL_REFUSALS


class TestJudge:
    @pytest.mark.parametrize(
        ("changes", "verdict", "reason"),
        [
            ({}, Verdict.CREDIT, ""),
            ({"requested": None}, Verdict.CREDIT, ""),
            ({"paid": 517_500}, Verdict.CREDIT, ""),  # the payer bore the fee
            ({"fees": 0}, Verdict.CREDIT, ""),
            ({"status": "abandoned"}, Verdict.WAIT, ""),
            ({"status": "failed"}, Verdict.WAIT, ""),  # the payer may try again
            ({"status": "ongoing"}, Verdict.WAIT, ""),
            ({"status": "pending"}, Verdict.WAIT, ""),
            ({"status": "processing"}, Verdict.WAIT, ""),
            ({"status": "queued"}, Verdict.WAIT, ""),
            ({"status": "reversed"}, Verdict.FAIL, "Paystack says reversed"),
            ({"status": "reversal pending"}, Verdict.WAIT, ""),  # a refund that fails leaves it paid
            ({"status": "SUCCESS"}, Verdict.WAIT, ""),  # no word of the contract
            ({"domain": "live"}, Verdict.SUSPEND, "a live payment at a test key"),
            ({"our_domain": "live"}, Verdict.SUSPEND, "a test payment at a live key"),
            ({"currency": "USD"}, Verdict.SUSPEND, "paid in USD, not NGN"),
            ({"requested": 400_000}, Verdict.SUSPEND, "asked ₦5,000.00, Paystack was asked ₦4,000.00"),
            ({"requested": None, "paid": 400_000}, Verdict.SUSPEND, "asked ₦5,000.00, Paystack was asked ₦4,000.00"),
            ({"requested": None, "paid": 517_500}, Verdict.SUSPEND, "asked ₦5,000.00, Paystack was asked ₦5,175.00"),
            ({"paid": 499_999}, Verdict.SUSPEND, "asked ₦5,000.00, paid ₦4,999.99 with fees of ₦175.00"),
            ({"paid": 0}, Verdict.SUSPEND, "asked ₦5,000.00, paid ₦0.00 with fees of ₦175.00"),
            ({"paid": 500_001}, Verdict.SUSPEND, "asked ₦5,000.00, paid ₦5,000.01 with fees of ₦175.00"),
            ({"paid": 517_499}, Verdict.SUSPEND, "asked ₦5,000.00, paid ₦5,174.99 with fees of ₦175.00"),
            ({"paid": 517_501}, Verdict.SUSPEND, "asked ₦5,000.00, paid ₦5,175.01 with fees of ₦175.00"),
        ],
        ids=str,
    )
    def test_compares_what_came_with_what_was_asked(
        self, changes: dict[str, Any], verdict: Verdict, reason: str
    ) -> None:
        judgement = judge(**(SOUND | changes))
        assert (judgement.verdict, judgement.reason) == (verdict, reason)

    @given(st.integers(0, 10**9), st.none() | st.integers(0, 10**9), st.integers(0, 10**6), st.integers(1, 10**9))
    def test_never_credits_more_than_came(self, paid: int, requested: int | None, fees: int, intent: int) -> None:
        verdict = judge(**(SOUND | {"paid": paid, "requested": requested, "fees": fees, "asked": intent})).verdict
        assert verdict in {Verdict.CREDIT, Verdict.SUSPEND}  # a success is never waited on, failed or forgotten
        if verdict is Verdict.CREDIT:
            assert paid in {intent, intent + fees}

    @given(st.sampled_from(["success", "failed", "abandoned"]), st.sampled_from(["test", "live"]))
    def test_credits_nothing_without_success_at_our_own_key(self, status: str, domain: str) -> None:
        verdict = judge(**(SOUND | {"status": status, "domain": domain})).verdict
        assert (verdict is Verdict.CREDIT) is (status == "success" and domain == "test")


class TestWatchPause:
    @pytest.mark.parametrize(
        ("open_for", "pause"),
        [
            (timedelta(0), timedelta(seconds=20)),
            (timedelta(seconds=119), timedelta(seconds=20)),
            (timedelta(minutes=2), timedelta(minutes=2)),
            (timedelta(minutes=29), timedelta(minutes=2)),
            (timedelta(minutes=30), timedelta(minutes=15)),
            (timedelta(hours=5), timedelta(minutes=15)),
            (timedelta(hours=6), timedelta(hours=1)),
            (timedelta(days=364), timedelta(hours=1)),
        ],
    )
    def test_grows_with_the_time_a_thing_is_open(self, open_for: timedelta, pause: timedelta) -> None:
        assert rules.watch_pause(open_for) == pause

    def test_is_never_shorter_for_what_is_open_longer(self) -> None:
        limits, pauses = zip(*rules.WATCH_PAUSES, strict=True)
        assert list(limits) == sorted(limits)
        assert list(pauses) == sorted(pauses)


@pytest.mark.parametrize(
    ("units", "fits"),
    [(0, False), (99_99, False), (100_00, True), (5_000_000_00, True), (5_000_000_01, False), (-100_00, False)],
)
def test_a_deposit_has_a_least_and_a_greatest_size(units: int, *, fits: bool) -> None:
    assert rules.deposit_fits(kobo(units)) is fits


def test_a_deposit_of_another_asset_is_a_fault() -> None:
    with pytest.raises(TypeError):
        rules.deposit_fits(Money(Asset("BTC", 8), 100_00))


@pytest.mark.parametrize(
    ("number", "fits"),
    [
        ("0123456789", True),
        ("0000000000", True),
        ("", False),
        ("012345678", False),
        ("01234567890", False),
        ("01234 6789", False),
        ("-123456789", False),
        ("012345678a", False),
        ("٠١٢٣٤٥٦٧٨٩", False),
        ("０１２３４５６７８９", False),
        ("012345678²", False),
    ],
)
def test_an_account_number_is_ten_ascii_digits(number: str, *, fits: bool) -> None:
    assert rules.account_number_fits(number) is fits


class TestContradiction:
    @pytest.mark.parametrize("known", list(PayoutState))
    @pytest.mark.parametrize("told", list(PayoutState))
    def test_paid_after_failed_is_an_impossible_order_and_after_it_came_back_once_that_is_old(
        self, known: PayoutState, told: PayoutState
    ) -> None:
        for ended_for in (timedelta(0), rules.NEWS_LASTS * 2):
            found = tellings.contradiction(
                known=known, told=told, ours=500, theirs=500, currency="NGN", ended_for=ended_for
            )
            back = (known, told, bool(ended_for)) == (PayoutState.REVERSED, PayoutState.PAID, True)
            late = known is PayoutState.FAILED and told in rules.UNDERWAY and bool(ended_for)
            assert bool(found) is (back or late or {known, told} == {PayoutState.FAILED, PayoutState.PAID})

    @pytest.mark.parametrize(("theirs", "currency"), [(501, "NGN"), (0, "NGN"), (500, "USD")])
    def test_another_amount_is_not_our_transfer(self, theirs: int, currency: str) -> None:
        assert tellings.contradiction(
            known=PayoutState.SENT,
            told=PayoutState.PAID,
            ours=500,
            theirs=theirs,
            currency=currency,
            ended_for=timedelta(0),
        )
