"""Pictures of numbers: everything lies inside the picture, high is up, and text stands where the lines are."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import drawings
from reports.drawings import HIGH, ROWS, WIDE, Bar

START = datetime(2026, 11, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
VALUES = st.decimals(min_value=Decimal("0.000001"), max_value=Decimal(10) ** 12, places=6)
PLACE = re.compile(r"[ML](\d+) (\d+)")


def timed(values: list[Decimal]) -> list[tuple[datetime, Decimal]]:
    return [(START + index * timedelta(hours=1), value) for index, value in enumerate(values)]


def bars(values: list[tuple[int, int, int, int]]) -> list[Bar]:
    return [Bar(START + index * timedelta(hours=1), *map(Decimal, each)) for index, each in enumerate(values)]


class TestSpark:
    def test_goes_from_edge_to_edge_and_up_when_values_rise(self) -> None:
        assert drawings.spark([Decimal(1), Decimal(3)], wide=90, high=30) == "0,28 90,2"

    def test_is_level_in_the_middle_when_nothing_moved(self) -> None:
        assert drawings.spark([Decimal(7)] * 3, wide=90, high=30) == "0,15 90,15"

    @pytest.mark.parametrize("values", [[], [Decimal(1)]])
    def test_is_nothing_without_two_values(self, values: list[Decimal]) -> None:
        assert drawings.spark(values) == ""

    @given(st.lists(VALUES, min_size=2, max_size=50))
    def test_stays_in_its_room(self, values: list[Decimal]) -> None:
        places = [tuple(map(int, each.split(","))) for each in drawings.spark(values).split()]
        assert all(0 <= x <= 96 and 0 <= y <= 28 for x, y in places)
        assert [places[0][0], places[-1][0]] == [0, 96]


class TestCurve:
    @given(st.lists(VALUES, min_size=2, max_size=60))
    def test_stays_in_its_room_between_round_values(self, values: list[Decimal]) -> None:
        drawing = drawings.curve(timed(values))
        assert drawing
        places = [(int(x), int(y)) for x, y in PLACE.findall(drawing.line)]
        assert len(places) == len(values)
        assert all(0 <= x <= WIDE and 0 <= y <= HIGH for x, y in places)
        assert len(drawing.rows) == ROWS
        assert drawing.rows[-1] <= min(values)
        assert max(values) <= drawing.rows[0]
        assert sorted(drawing.rows, reverse=True) == list(drawing.rows)

    def test_a_higher_value_stands_higher(self) -> None:
        drawing = drawings.curve(timed([Decimal(0), Decimal(30), Decimal(15)]))
        assert drawing
        assert [int(row) for row in drawing.rows] == [30, 20, 10, 0]
        assert drawing.line == f"M0 {HIGH}L500 0L{WIDE} {HIGH // 2}"
        assert drawing.area.endswith(f"L{WIDE} {HIGH}L0 {HIGH}Z")

    def test_says_the_first_the_middle_and_the_last_time(self) -> None:
        drawing = drawings.curve(timed([Decimal(1), Decimal(2), Decimal(3)]))
        assert drawing
        assert drawing.times == tuple(START + hours * timedelta(hours=1) for hours in range(3))

    def test_what_never_moved_is_a_line_too(self) -> None:
        drawing = drawings.curve(timed([Decimal(0), Decimal(0)]))
        assert drawing
        assert drawing.line == f"M0 {HIGH}L{WIDE} {HIGH}"

    def test_one_point_is_no_curve(self) -> None:
        assert drawings.curve(timed([Decimal(1)])) is None


class TestCandles:
    def test_tells_rising_from_falling(self) -> None:
        drawing = drawings.candles(bars([(10, 40, 0, 30), (30, 30, 10, 20)]), HOUR)
        assert drawing
        assert drawing.rising.count("z") == 1
        assert drawing.falling.count("z") == 1
        assert drawing.rising.startswith("M250 ")
        assert drawing.falling.startswith("M750 ")

    def test_a_wick_goes_from_the_highest_to_the_lowest(self) -> None:
        drawing = drawings.candles(bars([(10, 30, 0, 20), (20, 20, 20, 20)]), HOUR)
        assert drawing
        assert [int(row) for row in drawing.rows] == [30, 20, 10, 0]
        assert drawing.rising.startswith(f"M250 0V{HIGH}M")

    def test_many_in_a_row_become_one(self) -> None:
        whole, rest = drawings.grouped(bars([(10, 40, 9, 30), (30, 35, 5, 20), (20, 22, 19, 21)]), 2 * HOUR)
        assert [int(each) for each in (whole.open, whole.high, whole.low, whole.close)] == [10, 40, 5, 20]
        assert (whole.starts_at, rest.starts_at) == (START, START + 2 * HOUR)
        assert rest.close == Decimal(21)

    def test_they_are_put_together_by_time_and_a_silence_stays_empty(self) -> None:
        first, _, _, after, last = bars([(10, 10, 10, 10)] * 5)  # (at 1 and 2 o'clock nobody told a price)
        found = drawings.grouped([first, after, last], 2 * HOUR)
        assert [each.starts_at for each in found] == [START, START + 2 * HOUR, START + 4 * HOUR]
        silent = drawings.candles(drawings.grouped([first, last], 2 * HOUR), 2 * HOUR)
        assert silent
        assert re.findall(r"M(\d+) \d+V", silent.rising) == ["166", "832"]  # of three places the middle one is empty
        assert silent.times == (START, START + 2 * HOUR, START + 4 * HOUR)

    def test_weeks_begin_on_mondays(self) -> None:
        days = [Bar(START + day * 24 * HOUR, *[Decimal(1)] * 4) for day in range(3)]  # from a Sunday on
        found = drawings.grouped(days, timedelta(weeks=1))
        assert [f"{each.starts_at:%a %d}" for each in found] == ["Mon 16", "Mon 23"]

    def test_one_is_no_picture(self) -> None:
        assert drawings.candles(bars([(1, 1, 1, 1)]), HOUR) is None


@pytest.mark.parametrize(
    ("first", "last", "says"), [("100", "101", "up"), ("100", "99", "down"), ("100", "100.04", "level")]
)
def test_a_trend_is_from_the_first_to_the_last(first: str, last: str, says: str) -> None:
    assert drawings.trend([Decimal(first), Decimal(500), Decimal(last)]) == says
