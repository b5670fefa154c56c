"""Ids are of one shape, sort by time, and do not repeat."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import clock, ids

MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 (the zone is the strategy's)


class TestNew:
    def test_has_its_prefix_and_26_characters(self) -> None:
        fresh = ids.new("wd")
        assert fresh.startswith("wd_")
        assert len(fresh) == 29
        assert ids.is_id(fresh, prefix="wd")

    def test_does_not_repeat_within_a_millisecond(self) -> None:
        with clock.at(datetime(2026, 1, 1, tzinfo=UTC)):
            assert len({ids.new("wd") for _ in range(1_000)}) == 1_000

    def test_has_its_time_in_the_first_ten_characters(self) -> None:
        with clock.at(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=33)):
            assert ids.new("wd")[3:13] == "0000000011"  # 33 in base 32

    @given(MOMENTS, MOMENTS)
    def test_sorts_by_time(self, one: datetime, other: datetime) -> None:
        with clock.at(one):
            first = ids.new("cus")
        with clock.at(other):
            second = ids.new("cus")
        earlier, later = sorted((one, other))
        if later - earlier >= timedelta(milliseconds=1):
            assert (first < second) is (one < other)
        assert ids.is_id(first, prefix="cus")


class TestBegunAt:
    @given(MOMENTS, MOMENTS)
    def test_parts_the_ids_before_a_moment_from_those_since(self, made: datetime, moment: datetime) -> None:
        with clock.at(made):
            fresh = ids.new("wd")
        milliseconds = [int(each.timestamp() * 1000) for each in (made, moment)]
        assert (fresh >= f"wd_{ids.begun_at(moment)}") is (milliseconds[0] >= milliseconds[1])


class TestIsId:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "wd_",
            "wd",
            "cus_" + "0" * 26,
            "wd_" + "0" * 25,
            "wd_" + "0" * 27,
            "WD_" + "0" * 26,
            "wd_" + "A" * 26,
            "wd_" + "0" * 25 + "l",  # i, l, o and u are left out: they are misread
            "wd_" + "0" * 25 + "u",
            "wd_" + "0" * 26 + "\n",
            "wd_" + "٣" * 26,
        ],
    )
    def test_refuses_another_shape(self, text: str) -> None:
        assert not ids.is_id(text, prefix="wd")

    @pytest.mark.parametrize("prefix", ["w", "withdrawal", "w1"])
    def test_refuses_a_prefix_that_is_none(self, prefix: str) -> None:
        assert not ids.is_id(f"{prefix}_{'0' * 26}", prefix=prefix)
