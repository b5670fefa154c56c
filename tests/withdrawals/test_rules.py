"""What withdrawals decides: the moves, the bounds, what checks add up to, and on exactly what a yes is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.money import NGN, Asset, Money
from app.core.permissions import Role
from app.governance.rules import Leg
from app.withdrawals import rules
from app.withdrawals.rules import MACHINE, Content, Outcome, Result, Speed, State
from tests.makers.books import kobo

CONTENT = Content(
    withdrawal_id="wd_1",
    customer_id="cus_1",
    amount=kobo(100_00),
    fee=kobo(10_00),
    bank_code="057",
    account_number="0123456789",
    recipient_code="RCP_1",
    round_no=1,
    score=0,
    legs=(Leg(("treasury",), 1),),
    delay_seconds=0,
)
BOUNDS = {
    "hour_count": 5, "day_count": 10, "count_points": 30,
    "outflow_times_mean": 3, "outflow_min": 500_000_00, "outflow_history_count": 5, "outflow_points": 30,
    "structuring_low": 4_000_000_00, "structuring_high": 5_000_000_00, "structuring_count": 3, "structuring_points": 60,
    "structuring_company_low": 8_000_000_00, "structuring_company_high": 10_000_000_00,
    "pass_through_percent": 80, "pass_through_min": 200_000_00, "pass_through_points": 40,
    "new_account_days": 7, "new_account_amount": 500_000_00, "new_account_points": 30,
    "dormant_days": 180, "dormant_amount": 100_000_00, "dormant_points": 30,
    "destination_shared_customers": 3, "destination_shared_points": 40,
    "hugging_days": 3, "hugging_points": 20, "takeover_points": 60,
}  # fmt: skip
QUIET = Speed(
    units=10_000_00, in_hour=0, in_day=0, day_units=0, paid_count=0, paid_units=0, near_bound=0, came_units=0,
    age=timedelta(days=100), quiet_for=timedelta(days=1), sharers=1,
)  # fmt: skip


class TestMachine:
    def test_has_these_arrows_and_no_others(self) -> None:
        stops = {"rejected", "cancelled"}
        assert {str(old): {str(new) for new in State if MACHINE.allows(old, new)} for old in State} == {
            "requested": stops | {"approved", "held", "cooling_off", "settled"},
            "held": stops | {"requested", "approved", "cooling_off", "settled"},
            "cooling_off": stops | {"requested", "approved", "held", "settled"},
            "approved": stops | {"sending", "requested", "held", "cooling_off", "settled"},
            "sending": {"settled", "unpaid"},
            "unpaid": {"approved", "failed", "cancelled", "settled"},
            "settled": {"returned"},
            **{ended: set() for ended in ("failed", "returned", "rejected", "cancelled")},
        }

    def test_sends_nothing_that_was_not_approved(self) -> None:
        assert {old for old in State if MACHINE.allows(old, State.SENDING)} == {State.APPROVED}

    def test_lets_nobody_cancel_what_is_with_the_rail(self) -> None:
        assert set(rules.CANCELLABLE) == set(State) - {State.SENDING, *rules.ENDED}

    def test_says_whose_each_state_is_and_how_it_ends(self) -> None:
        assert set(MACHINE.waits) == {state for state in State if not MACHINE.is_final(state)}
        assert {wait.owner for wait in MACHINE.waits.values()} <= set(Role)

    def test_puts_every_state_into_one_group(self) -> None:
        groups = [*rules.WAITING, *rules.STOPPED, *rules.UNDERWAY, *rules.ENDED]
        assert sorted(groups) == sorted(State)

    def test_ends_only_in_ended_states(self) -> None:
        assert {state for state in State if MACHINE.is_final(state)} == set(rules.ENDED) - {State.SETTLED}


@pytest.mark.parametrize(
    ("units", "fits"),
    [(0, False), (99_99, False), (100_00, True), (5_000_000_00, True), (5_000_000_01, False), (-100_00, False)],
)
def test_a_withdrawal_has_a_least_and_a_greatest_size(units: int, *, fits: bool) -> None:
    assert rules.fits(kobo(units)) is fits


def found(outcome: Outcome = Outcome.PASS, points: int = 0, until: datetime | None = None) -> Result:
    return Result(1, "A check", outcome, "Words.", {}, points, until)


class TestWeighing:
    @pytest.mark.parametrize(
        ("points", "score", "band"), [(0, 0, "low"), (29, 29, "low"), (30, 30, "medium"), (59, 59, "medium"),
                                      (60, 60, "high"), (250, 100, "high")]
    )  # fmt: skip
    def test_adds_up_to_a_hundred_in_three_bands(self, points: int, score: int, band: str) -> None:
        weighed = rules.weigh([found(), found(points=points)], medium=30, high=60)
        assert (weighed.score, weighed.band) == (score, band)

    def test_cools_off_only_where_nothing_but_time_stops_it(self) -> None:
        soon, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
        timed = [found(Outcome.HOLD, until=soon), found(Outcome.HOLD, until=late)]
        assert rules.weigh(timed, medium=30, high=60).cools_until == late
        assert rules.weigh([*timed, found(Outcome.HOLD)], medium=30, high=60).cools_until is None
        assert rules.weigh([found(Outcome.REVIEW)], medium=30, high=60).stopped == ()

    @pytest.mark.parametrize(("uses", "looks", "known"), [(0, False, False), (1, False, True), (9, True, False)])
    def test_knows_a_destination_that_was_paid_to_and_asks_for_no_look(
        self, uses: int, *, looks: bool, known: bool
    ) -> None:
        assert (rules.target(uses=uses, looks=looks) is rules.Target.KNOWN) is known

    @pytest.mark.parametrize(
        ("amount", "there", "large"), [(100, 1_000, False), (101, 1_000, True), (1, 0, True), (1, -5, True)]
    )
    def test_finds_an_amount_large_beside_the_float(self, amount: int, there: int, *, large: bool) -> None:
        assert rules.is_large(kobo(amount), payout_float=kobo(there), percent=10) is large


@pytest.mark.parametrize(
    ("change", "fitting"),
    [
        ({}, []),
        ({"in_hour": 4, "in_day": 9}, []),
        ({"in_hour": 5}, ["V1"]),
        ({"in_day": 10}, ["V1"]),
        ({"paid_count": 5, "paid_units": 900_000_00, "day_units": 490_000_01}, ["V2"]),
        ({"paid_count": 5, "paid_units": 900_000_00, "day_units": 490_000_00}, []),
        ({"paid_count": 4, "paid_units": 900_000_00, "day_units": 490_000_01}, []),
        ({"paid_count": 5, "paid_units": 90_000_000_00, "day_units": 490_000_01}, []),
        ({"units": 4_000_000_00, "near_bound": 2}, ["S1"]),
        ({"units": 1_000_000_00, "in_day": 2, "day_units": 4_000_000_01}, ["S1"]),
        ({"units": 1_000_000_00, "in_day": 2, "day_units": 4_000_000_00}, []),
        ({"units": 1_000_000_00, "in_day": 1, "day_units": 4_000_000_01}, []),
        ({"business": True, "units": 4_000_000_00, "near_bound": 2}, []),
        ({"business": True, "units": 8_000_000_00, "near_bound": 2}, ["S2"]),
        ({"business": True, "units": 10_000_000_00, "near_bound": 2}, []),
        ({"business": True, "units": 1_000_000_00, "in_day": 2, "day_units": 9_000_000_01}, ["S2"]),
        ({"business": True, "units": 1_000_000_00, "in_day": 2, "day_units": 9_000_000_00}, []),
        ({"close_days": 3}, ["V3"]),
        ({"close_days": 2}, []),
        ({"taken_over": True}, ["A1"]),
        ({"units": 5_000_000_00, "near_bound": 2}, []),
        ({"units": 4_999_999_99, "near_bound": 1}, []),
        ({"units": 200_000_00, "came_units": 250_000_00}, ["P1"]),
        ({"units": 199_999_99, "came_units": 200_000_00}, []),
        ({"units": 200_000_00, "came_units": 250_000_02}, []),
        ({"units": 500_000_01, "age": timedelta(days=6)}, ["N1"]),
        ({"units": 500_000_01, "age": timedelta(days=7)}, []),
        ({"units": 100_000_01, "quiet_for": timedelta(days=180)}, ["P4"]),
        ({"units": 100_000_01, "quiet_for": None}, []),
        ({"sharers": 3}, ["D2"]),
        ({"sharers": 2}, []),
    ],
    ids=str,
)
def test_the_rules_on_patterns_fit_from_their_bounds_on(change: dict[str, Any], fitting: list[str]) -> None:
    assert [hit.rule for hit in rules.speed_hits(replace(QUIET, **change), BOUNDS)] == fitting


def test_attempts_are_told_apart_and_lead_back_to_the_first() -> None:
    assert [rules.attempt_id("po_1", number) for number in range(4)] == ["po_1", "po_1", "po_1-2", "po_1-3"]
    assert {rules.first_attempt_id(each) for each in ("po_1", "po_1-2", "po_1-13")} == {"po_1"}


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
            {"round_no": 2},
            {"score": 1},
            {"legs": (Leg(("treasury",), 2),)},
            {"legs": (Leg(("admin",), 1),)},
            {"delay_seconds": 1},
            {"customer_id": 'cus_1", "NGN'},  # nothing can be moved from one field to the next
        ],
        ids=str,
    )
    def test_is_another_for_any_change(self, change: dict[str, Any]) -> None:
        assert replace(CONTENT, **change).hash != CONTENT.hash
