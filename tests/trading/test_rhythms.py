"""When what comes again comes, how long it is tried, and when an alert fires."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import WAT
from app.trading import errors, rhythms, watching
from app.trading.rhythms import Every, Rhythm
from app.trading.watching import Beyond

MONTH_END = Rhythm(Every.MONTH, 31)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)).map(lambda one: one.replace(tzinfo=UTC))  # noqa: DTZ001
weekly = st.builds(Rhythm, st.just(Every.WEEK), st.integers(0, 6), st.sampled_from(rhythms.HOURS))
monthly = st.builds(Rhythm, st.just(Every.MONTH), st.integers(1, 31), st.sampled_from(rhythms.HOURS))


def lagos(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    """A moment in Lagos."""
    return datetime(year, month, day, hour, minute, tzinfo=WAT)


class TestAMonth:
    def test_without_a_31st_is_due_on_its_last_day(self) -> None:
        found, moment = [], lagos(2027, 12, 31, 10)
        for _ in range(6):
            moment = rhythms.next_after(MONTH_END, after=moment)
            found.append(moment.date())
        assert found == [
            date(2028, 1, 31),
            date(2028, 2, 29),
            date(2028, 3, 31),
            date(2028, 4, 30),
            date(2028, 5, 31),
            date(2028, 6, 30),
        ]

    def test_of_28_days_is_due_on_the_28th_once(self) -> None:
        assert rhythms.next_after(Rhythm(Every.MONTH, 29), after=lagos(2027, 2, 1)) == lagos(2027, 2, 28)
        assert rhythms.next_after(Rhythm(Every.MONTH, 29), after=lagos(2027, 2, 28)) == lagos(2027, 3, 29)

    def test_that_is_the_last_of_its_year_is_followed_by_the_next(self) -> None:
        assert rhythms.next_after(Rhythm(Every.MONTH, 5), after=lagos(2027, 12, 5)) == lagos(2028, 1, 5)

    @given(monthly, moments)
    def test_has_one_day(self, rhythm: Rhythm, after: datetime) -> None:
        first = rhythms.next_after(rhythm, after=after)
        second = rhythms.next_after(rhythm, after=first)
        assert after < first < second
        assert first - after <= timedelta(days=31)
        assert (second.year * 12 + second.month) - (first.year * 12 + first.month) == 1
        assert first.hour == rhythm.hour


class TestAWeek:
    def test_begins_today_before_the_hour_and_in_a_week_after_it(self) -> None:
        monday = Rhythm(Every.WEEK, 0)
        assert rhythms.next_after(monday, after=lagos(2026, 11, 23, 8, 59)) == lagos(2026, 11, 23)
        assert rhythms.next_after(monday, after=lagos(2026, 11, 23)) == lagos(2026, 11, 30)

    @given(weekly, moments)
    def test_has_one_day(self, rhythm: Rhythm, after: datetime) -> None:
        first = rhythms.next_after(rhythm, after=after)
        assert timedelta(0) < first - after <= timedelta(weeks=1)
        assert rhythms.next_after(rhythm, after=first) - first == timedelta(weeks=1)
        assert (first.weekday(), first.hour) == (rhythm.day, rhythm.hour)

    def test_is_that_of_lagos(self) -> None:
        """Sunday evening in UTC is Monday in Lagos half an hour before midnight already."""
        assert rhythms.next_after(Rhythm(Every.WEEK, 0), after=datetime(2026, 11, 22, 23, 30, tzinfo=UTC)) == lagos(
            2026, 11, 23
        )


@pytest.mark.parametrize(
    ("every", "day", "hour"),
    [(Every.WEEK, 7, 9), (Every.WEEK, -1, 9), (Every.MONTH, 0, 9), (Every.MONTH, 32, 9), (Every.WEEK, 0, 5),
     (Every.MONTH, 1, 19)],
)  # fmt: skip
def test_what_is_no_day_or_hour_is_refused(every: Every, day: int, hour: int) -> None:
    with pytest.raises(errors.BadRhythm):
        Rhythm(every, day, hour)


def test_it_reads_as_people_say_it() -> None:
    assert Rhythm(Every.WEEK, 4, 18).words == "every Friday at 18:00"
    assert MONTH_END.words == "on day 31 of every month at 09:00"


class TestTries:
    def test_are_made_every_hour_of_that_day_and_not_of_the_next(self) -> None:
        due, tries = lagos(2026, 11, 23), 0
        moment: datetime | None = due
        while moment is not None:
            tries, moment = tries + 1, rhythms.try_again_at(due, now=moment)
        assert tries == 15  # from nine in the morning to eleven at night

    def test_end_at_midnight_in_lagos(self) -> None:
        assert rhythms.given_up_at(lagos(2026, 11, 23, 18)) == lagos(2026, 11, 24, 0)
        assert rhythms.try_again_at(lagos(2026, 11, 23), now=lagos(2026, 11, 23, 22, 59)) == lagos(2026, 11, 23, 23, 59)
        assert rhythms.try_again_at(lagos(2026, 11, 23), now=lagos(2026, 11, 23, 23)) is None


class TestAlerts:
    @pytest.mark.parametrize(
        ("beyond", "now", "fires"),
        [(Beyond.ABOVE, "99.99", False), (Beyond.ABOVE, "100", True), (Beyond.BELOW, "100", True),
         (Beyond.BELOW, "100.01", False)],
    )  # fmt: skip
    def test_fire_from_their_price_on(self, beyond: Beyond, now: str, *, fires: bool) -> None:
        assert watching.is_reached(beyond, price=Decimal(100), now=Decimal(now)) is fires

    @pytest.mark.parametrize(("text", "price"), [("96,000,000", "96000000"), (" 0.5 ", "0.5"), ("1.000", "1")])
    def test_read_a_price(self, text: str, price: str) -> None:
        assert watching.read(text) == Decimal(price)

    @pytest.mark.parametrize("text", ["", "0", "0.00", "-1", "1e9", "9,6", "٣", "1." + "1" * 19, "nan"])
    def test_refuse_what_is_none(self, text: str) -> None:
        with pytest.raises(errors.BadAlertPrice):
            watching.read(text)
