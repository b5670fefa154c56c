"""Candles: rolled from prices, the same under repeats, with what comes late in them; and what is forgotten when."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text

from app.core import clock
from app.core.db import leave, transaction
from app.market import queries, rules, service
from app.market.models import Candle
from tests.makers import quoted

BTC = "BTC/USDT"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("market")


def candles(span: str, pair: str = BTC) -> list[tuple[str, int, int, int, int, int]]:
    """Those of a span: when, open, high, low, close, and of how many prices."""
    found = queries.candles(pair, span=span, since=NOON - timedelta(days=2), until=NOON + timedelta(days=2), limit=50)
    leave()
    return [_row(one) for one in found]


def _row(one: Candle) -> tuple[str, int, int, int, int, int]:
    return f"{one.starts_at:%H:%M}", int(one.open), int(one.high), int(one.low), int(one.close), one.prices


class TestRolling:
    def test_a_minute_is_made_of_its_prices(self) -> None:
        last = quoted.told_at(NOON, ["100000", "101000", "99500", "100500", "100400", "100300", "100200"])
        quoted.roll(last)
        assert candles("1m") == [
            ("12:00", 100_000, 101_000, 99_500, 100_300, 6),
            ("12:01", 100_200, 100_200, 100_200, 100_200, 1),
        ]
        assert candles("5m") == candles("1h") == [("12:00", 100_000, 101_000, 99_500, 100_200, 7)]
        assert candles("1d") == [("00:00", 100_000, 101_000, 99_500, 100_200, 7)]

    def test_a_cross_has_candles_of_its_own(self) -> None:
        quoted.roll(quoted.told_at(NOON, ["100000", "101000"]))
        assert candles("1m", "BTC/NGN") == [("12:00", 150_000_000, 151_500_000, 150_000_000, 151_500_000, 2)]

    def test_again_changes_nothing(self, owner_engine: Engine) -> None:
        last = quoted.told_at(NOON, ["100000", "101000", "99500"])
        quoted.roll(last)
        before = _versions(owner_engine)
        quoted.roll(last)
        quoted.roll(last + timedelta(seconds=1))
        assert _versions(owner_engine) == before

    def test_what_comes_late_is_in_it(self) -> None:
        last = quoted.told_at(NOON, ["100000", "100100"], every=timedelta(minutes=8))
        quoted.roll(last)
        quoted.told_at(NOON + timedelta(seconds=30), ["98500"])  # of a worker that was held up
        quoted.roll(last)
        assert candles("1m")[0] == ("12:00", 100_000, 100_000, 98_500, 98_500, 2)
        assert candles("5m")[0] == ("12:00", 100_000, 100_000, 98_500, 98_500, 2)
        assert candles("1d") == [("00:00", 100_000, 100_100, 98_500, 100_100, 3)]

    def test_what_a_long_silence_left_is_caught_up_with(self) -> None:
        quoted.roll(quoted.told_at(NOON, ["100000"]))
        last = quoted.told_at(NOON + timedelta(hours=20), ["100200", "100100"])
        quoted.roll(last)
        assert [row[0] for row in candles("1h")] == ["12:00", "08:00"]

    def test_a_long_gap_is_caught_up_with_in_steps(self) -> None:
        """No one statement reads more than two hours of prices, however long nothing was rolled."""
        last = quoted.told_at(NOON, ["100000", "100100", "100200"], every=timedelta(hours=3))
        with transaction(quoted.SYSTEM):
            begun = service.roll_from(at=last)
            assert service.roll(since=NOON, at=last) == NOON + service.ROLLED_AT_ONCE
        leave()
        assert begun < NOON
        assert [row[0] for row in candles("1m")] == ["12:00"]
        quoted.roll(last)
        assert [row[0] for row in candles("1m")] == ["12:00", "15:00", "18:00"]
        assert candles("1d") == [("00:00", 100_000, 100_200, 100_000, 100_200, 3)]

    def test_a_time_without_a_price_has_no_candle(self) -> None:
        with clock.at(NOON):
            quoted.tell(silent=tuple(quoted.NUMBERS), at=NOON)
        quoted.roll(NOON)
        assert candles("1m") == []

    def test_what_was_partly_forgotten_is_not_made_anew(self, owner_engine: Engine) -> None:
        quoted.roll(quoted.told_at(NOON, ["100000", "101000", "99500"]))
        before = candles("1m")
        later = NOON + rules.PRICES_KEPT + timedelta(seconds=15)
        with transaction(quoted.SYSTEM):
            service.sweep(at=later)
        leave()
        quoted.roll(later)
        assert candles("1m") == before


class TestForgetting:
    def test_ticks_and_prices_go_after_two_days(self, owner_engine: Engine) -> None:
        quoted.told_at(NOON, ["100000", "101000"], every=timedelta(days=1))
        with transaction(quoted.SYSTEM):
            gone = service.sweep(at=NOON + rules.PRICES_KEPT + timedelta(hours=1))
        leave()
        with owner_engine.connect() as connection:
            left = connection.execute(
                text("SELECT (SELECT min(received_at) FROM ticks), (SELECT min(made_at) FROM pair_prices)")
            )
            assert set(left.one()) == {NOON + timedelta(days=1)}
        assert gone > 0

    @pytest.mark.parametrize(("span", "days"), [("1m", 7), ("5m", 60), ("1h", 730), ("1d", None)])
    def test_candles_go_by_their_span(self, span: str, days: int | None) -> None:
        quoted.roll(quoted.told_at(NOON, ["100000"]))
        for age, there in (
            (timedelta(days=(days or 3_000) - 1), True),
            (timedelta(days=(days or 3_000) + 2), not days),
        ):
            with transaction(quoted.SYSTEM):
                service.sweep(at=NOON + age)
            leave()
            assert bool(candles(span)) is there


class TestTheSparkline:
    def test_is_of_equal_parts_the_oldest_first(self) -> None:
        quoted.roll(quoted.told_at(NOON, ["100000", "100500", "101000", "101500"], every=timedelta(minutes=30)))
        found = queries.closes([BTC], until=NOON + timedelta(hours=2), hours=2, points=4)
        assert found == {BTC: [Decimal(100_000), Decimal(100_500), Decimal(101_000), Decimal(101_500)]}


def _versions(engine: Engine) -> list[object]:
    """Which version of each candle there is: one that was written anew has another."""
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT pair, span, starts_at, xmin::text FROM candles ORDER BY 1, 2, 3")))
