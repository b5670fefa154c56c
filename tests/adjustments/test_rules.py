"""What adjustments decides: when a journal takes effect, what an approval is bound to, which ways there are."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.adjustments import rules
from app.adjustments.rules import MACHINE, Content, State
from app.core.money import NGN, Money
from app.ledger.journal import Leg

NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)  # half past midnight of the 22nd in Lagos
LEGS = (Leg("asset:a:NGN", Money(NGN, 5)), Leg("income:b:NGN", Money(NGN, -5)))
CONTENT = Content(LEGS, "a reason", date(2026, 10, 31), 7)


def test_a_day_comes_at_midnight_in_lagos() -> None:
    assert rules.has_come(date(2026, 11, 21), at=NOW)
    assert rules.has_come(date(2026, 11, 22), at=NOW)
    assert not rules.has_come(date(2026, 11, 23), at=NOW)


def test_a_day_that_is_over_counts_at_its_end() -> None:
    last = rules.effective_at(date(2026, 10, 31), at=NOW)
    assert last == datetime(2026, 10, 31, 22, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.parametrize("day", [None, date(2026, 11, 22)])
def test_today_and_no_day_count_when_it_is_booked(day: date | None) -> None:
    assert rules.effective_at(day, at=NOW) is None


@pytest.mark.parametrize(
    "change",
    [
        {"legs": LEGS[::-1]},
        {"legs": (Leg("asset:a:NGN", Money(NGN, 6)), Leg("income:b:NGN", Money(NGN, -6)))},
        {"legs": (Leg("asset:c:NGN", Money(NGN, 5)), LEGS[1])},
        {"reason": "another"},
        {"effective_on": None},
        {"corrects": None},
    ],
)
def test_a_change_of_anything_is_another_hash(change: dict[str, object]) -> None:
    assert replace(CONTENT, **change).hash != CONTENT.hash  # type: ignore[arg-type]
    assert replace(CONTENT).hash == CONTENT.hash


def test_every_end_is_an_end() -> None:
    assert {state for state in State if MACHINE.is_final(state)} == set(rules.ENDED)
    assert set(State) == {*rules.WAITING, *rules.ENDED}
