"""The clock can be held, and is never without a zone."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from app.core import clock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class TestNow:
    def test_runs_by_itself_and_in_utc(self) -> None:
        before = datetime.now(UTC)
        assert before <= clock.now() <= datetime.now(UTC)
        assert clock.now().utcoffset() == timedelta(0)


class TestAt:
    def test_holds_the_clock_inside_and_lets_it_go_after(self) -> None:
        with clock.at(NOON):
            assert clock.now() == NOON
        assert clock.now() > NOON

    def test_lets_it_go_after_an_exception_too(self) -> None:
        with pytest.raises(LookupError), clock.at(NOON):
            raise LookupError
        assert clock.now() != NOON

    def test_nests(self) -> None:
        with clock.at(NOON):
            with clock.at(NOON + timedelta(days=1)):
                assert clock.now() == NOON + timedelta(days=1)
            assert clock.now() == NOON

    def test_answers_in_utc_whatever_zone_it_was_given(self) -> None:
        with clock.at(datetime(2026, 3, 1, 13, tzinfo=clock.WAT)):
            assert clock.now() == NOON
            assert clock.now().utcoffset() == timedelta(0)

    def test_holds_for_this_context_alone(self) -> None:
        seen: list[datetime] = []
        with clock.at(NOON):
            other = threading.Thread(target=lambda: seen.append(clock.now()))
            other.start()
            other.join()
        assert seen[0] > NOON

    def test_refuses_a_time_without_a_zone(self) -> None:
        with pytest.raises(ValueError, match="timezone-aware"), clock.at(datetime(2026, 3, 1, 12)):  # noqa: DTZ001
            pytest.fail("the clock was held at no time at all")


def test_lagos_is_an_hour_ahead_all_year() -> None:
    for month in (1, 7):
        assert datetime(2026, month, 1, tzinfo=clock.WAT).utcoffset() == timedelta(hours=1)
