"""Which limits are on an intent, over which days, and what is left of them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import NGN, Money
from app.risk import rules
from app.risk.rules import ANY, Band, Bounds, Excess, Measured, Scope
from tests.makers.coins import ETH

NOTHING = Measured(0, 0, 0)


class TestScopes:
    @pytest.mark.parametrize(
        ("wide", "covered"),
        [
            (Scope(ANY, "out", ANY), True),
            (Scope("bank", "out", ANY), True),
            (Scope("bank", "out", "NGN"), True),
            (Scope(ANY, ANY, ANY), True),
            (Scope("chain", "out", ANY), False),
            (Scope("bank", "in", ANY), False),
            (Scope("bank", "out", "BTC"), False),
        ],
    )
    def test_cover_what_each_of_their_parts_allows(self, wide: Scope, *, covered: bool) -> None:
        assert wide.covers(Scope("bank", "out", "NGN")) is covered


class TestDays:
    @pytest.mark.parametrize(
        ("at", "day", "month"),
        [
            # Lagos is an hour ahead: its day begins at 23:00 UTC of the day before.
            ("2026-03-31T22:59:59+00:00", "2026-03-30T23:00:00+00:00", "2026-03-01T23:00:00+00:00"),
            ("2026-03-31T23:00:00+00:00", "2026-03-31T23:00:00+00:00", "2026-03-02T23:00:00+00:00"),
            ("2028-02-29T12:00:00+00:00", "2028-02-28T23:00:00+00:00", "2028-01-30T23:00:00+00:00"),
        ],
    )
    def test_begin_at_midnight_in_lagos(self, at: str, day: str, month: str) -> None:
        moment = datetime.fromisoformat(at)
        assert rules.day_begins(moment) == datetime.fromisoformat(day)
        assert rules.month_begins(moment) == datetime.fromisoformat(month)

    def test_are_thirty_with_today(self) -> None:
        noon = datetime(2026, 5, 30, 12, tzinfo=UTC)
        assert (rules.day_begins(noon) - rules.month_begins(noon)).days == 29


class TestExcess:
    @pytest.mark.parametrize(
        ("bounds", "measured", "asked", "over"),
        [
            (Bounds(single=100), NOTHING, 100, None),
            (Bounds(single=100), NOTHING, 101, Excess("single", 100, 100)),
            (Bounds(day=100), Measured(60, 60, 0), 40, None),
            (Bounds(day=100), Measured(60, 60, 0), 41, Excess("day", 100, 40)),
            (Bounds(month=100), Measured(0, 100, 0), 1, Excess("month", 100, 0)),
            (Bounds(day=50, month=100), Measured(20, 90, 0), 40, Excess("month", 100, 10)),
            (Bounds(balance=100), Measured(0, 0, 70), 31, Excess("balance", 100, 30)),
            (Bounds(balance=100), Measured(0, 0, 200), 1, Excess("balance", 100, 0)),
            (Bounds(), Measured(10**12, 10**13, 10**14), 10**30, None),
            (Bounds(single=0), NOTHING, 1, Excess("single", 0, 0)),
        ],
    )
    def test_is_of_the_narrowest_bound(
        self, bounds: Bounds, measured: Measured, asked: int, over: Excess | None
    ) -> None:
        assert rules.excess(bounds, measured, asked=asked, adds=True) == over

    def test_of_what_one_may_have_never_keeps_money_in(self) -> None:
        assert rules.excess(Bounds(balance=100), Measured(0, 0, 500), asked=50, adds=False) is None


@given(st.integers(1, 10**24), st.decimals("0.000001", "1000000000", places=6))
def test_what_is_no_naira_never_counts_for_less_than_it_is_worth(units: int, naira: Decimal) -> None:
    kobo = rules.worth(Money(ETH, units), naira=naira).units
    numerator, denominator = naira.as_integer_ratio()
    exact = units * numerator * 100, denominator * 10**18
    assert exact[0] <= kobo * exact[1] < exact[0] + exact[1]
    assert rules.worth(Money(NGN, units), naira=naira) == Money(NGN, units)


class TestBounds:
    def test_of_nothing_block_and_none_do_not(self) -> None:
        assert Bounds(day=0).blocked
        assert not Bounds().blocked
        assert not Bounds(single=1).blocked

    @pytest.mark.parametrize(
        ("bounds", "fault"),
        [
            (Bounds(), ""),
            (Bounds(1, 1, 1, 0), ""),
            (Bounds(single=5, month=5), ""),
            (Bounds(single=6, day=5), "fits a day"),
            (Bounds(single=6, month=5), "fits a day"),
            (Bounds(day=-1), "less than nothing"),
            (Bounds(balance=-1), "less than nothing"),
        ],
    )
    def test_that_cannot_be_are_named(self, bounds: Bounds, fault: str) -> None:
        assert fault in rules.fault_of(bounds)
        assert bool(rules.fault_of(bounds)) is bool(fault)


class TestFees:
    BANDS = (Band(0, 10_00), Band(5_000_00, 25_00), Band(50_000_00, 50_00))

    @pytest.mark.parametrize(
        ("units", "fee"),
        [(1, 10_00), (5_000_00, 10_00), (5_000_01, 25_00), (50_000_00, 25_00), (50_000_01, 50_00), (10**12, 50_00)],
    )
    def test_are_those_of_the_highest_band_below(self, units: int, fee: int) -> None:
        assert rules.fee_units(self.BANDS, amount=units) == fee

    def test_are_unknown_below_the_first_band(self) -> None:
        assert rules.fee_units([], amount=1) is None
        assert rules.fee_units([Band(100, 1)], amount=100) is None

    @pytest.mark.parametrize(
        ("band", "units", "fee"),
        [
            (Band(0, 0, 150), 100, 1),  # a kobo and a half
            (Band(0, 0, 150), 66, 0),
            (Band(0, 7, 150), 10_000, 157),
            (Band(0, 0, 150, floor=50), 100, 50),
            (Band(0, 0, 150, cap=2_000), 10**9, 2_000),
            (Band(0, 0, 10_000), 12_345, 12_345),
        ],
    )
    def test_of_a_part_are_rounded_down_and_bounded(self, band: Band, units: int, fee: int) -> None:
        assert rules.fee_units([band], amount=units) == fee

    @given(st.integers(1, 10**12), st.integers(0, 10_000), st.integers(0, 10**6))
    def test_never_are_more_than_their_parts(self, units: int, bps: int, flat: int) -> None:
        found = rules.fee_units([Band(0, flat, bps)], amount=units)
        assert found is not None
        assert 0 <= (flat * 10_000 + units * bps) - found * 10_000 < 10_000

    @pytest.mark.parametrize(
        ("bands", "fault"),
        [
            ((Band(0, 0),), ""),
            (BANDS, ""),
            ((), "first band"),
            ((Band(1, 0),), "first band"),
            ((Band(0, 0), Band(0, 1)), "above the one before"),
            ((Band(0, 0), Band(9, 1), Band(5, 1)), "above the one before"),
            ((Band(0, -1),), "less than nothing"),
            ((Band(0, 0, floor=-1),), "less than nothing"),
            ((Band(0, 0, 10_001),), "more than the whole"),
            ((Band(0, 0, -1),), "more than the whole"),
            ((Band(0, 0, floor=5, cap=4),), "below the floor"),
        ],
    )
    def test_that_cannot_be_are_named(self, bands: tuple[Band, ...], fault: str) -> None:
        assert fault in rules.fault_of_bands(bands)
        assert bool(rules.fault_of_bands(bands)) is bool(fault)
