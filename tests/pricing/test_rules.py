"""Which spread is in force, which bands are sound, and what is read as a price."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pricing import rules
from app.pricing.rules import ANY, HALT, Band, HaltState, Ladder, Scope

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=300)


def ladder(ticker: str, side: str, tier: str, bps: int, *, starts_at: datetime = LONG_AGO) -> Ladder:
    """A schedule of one band."""
    return Ladder(Scope(ticker, side, tier), starts_at, (Band(0, bps),))


LADDERS = (
    ladder(ANY, ANY, ANY, 100),
    ladder(ANY, "sell", ANY, 90),
    ladder(ANY, ANY, "t3", 80),
    ladder("BTC", ANY, ANY, 70),
    ladder("BTC", ANY, ANY, 65, starts_at=NOW - timedelta(days=1)),
    ladder("BTC", ANY, ANY, 10, starts_at=NOW + timedelta(days=1)),
    ladder("BTC", "buy", ANY, 60),
    ladder("BTC", ANY, "t3", 55),
    ladder("BTC", "buy", "t3", 50),
)


class TestTheLadder:
    @pytest.mark.parametrize(
        ("ticker", "side", "tier", "bps"),
        [
            ("ETH", "buy", "t1", 100),
            ("ETH", "sell", "t1", 90),
            ("ETH", "sell", "t3", 90),  # what is done before who does it
            ("ETH", "buy", "t3", 80),
            ("BTC", "swap", "t1", 65),  # the newest that has begun
            ("BTC", "buy", "t1", 60),
            ("BTC", "sell", "t3", 55),
            ("BTC", "buy", "t3", 50),
            ("BTC", "sell", "t1", 65),  # its ticker before what is done
        ],
    )
    def test_the_most_specific_counts(self, ticker: str, side: str, tier: str, bps: int) -> None:
        found = rules.ladder_for(LADDERS, ticker=ticker, side=side, tier=tier, at=NOW)
        assert found is not None
        assert rules.bps_of(found, kobo=0) == bps

    def test_what_is_to_come_counts_when_it_has_begun(self) -> None:
        found = rules.ladder_for(LADDERS, ticker="BTC", side="swap", tier="t1", at=NOW + timedelta(days=1))
        assert found is not None
        assert rules.bps_of(found, kobo=0) == 10

    def test_there_may_be_none(self) -> None:
        assert rules.ladder_for(LADDERS[3:], ticker="ETH", side="buy", tier="t1", at=NOW) is None

    @pytest.mark.parametrize(("kobo", "bps"), [(0, 100), (99_999, 100), (100_000, 80), (10**12, 60)])
    def test_the_band_that_the_worth_reaches(self, kobo: int, bps: int) -> None:
        bands = (Band(0, 100), Band(100_000, 80), Band(200_000, 60))
        assert rules.bps_of(Ladder(Scope(ANY, ANY, ANY), NOW, bands), kobo=kobo) == bps

    def test_nothing_is_worth_less_than_nothing(self) -> None:
        with pytest.raises(ValueError, match="less than nothing"):
            rules.bps_of(LADDERS[0], kobo=-1)

    @given(
        st.permutations(LADDERS),
        st.sampled_from(["BTC", "ETH"]),
        st.sampled_from(["buy", "sell", "swap"]),
        st.sampled_from(["t1", "t3"]),
    )
    def test_their_order_does_not_matter(self, some: list[Ladder], ticker: str, side: str, tier: str) -> None:
        found = [rules.ladder_for(one, ticker=ticker, side=side, tier=tier, at=NOW) for one in (some, LADDERS)]
        assert found[0] == found[1]


class TestTheBands:
    @pytest.mark.parametrize(
        ("bands", "fault"),
        [
            ([Band(0, 100), Band(5, 90)], ""),
            ([Band(0, 0)], ""),
            ([Band(0, 2_000)], ""),
            ([], "begins at nothing"),
            ([Band(1, 100)], "begins at nothing"),
            ([Band(0, 1), Band(0, 2)], "above the one before"),
            ([Band(0, 1), Band(9, 2), Band(5, 2)], "above the one before"),
            ([Band(0, -1)], "not less than nothing"),
            ([Band(0, 2_001)], "not above 20 %"),
        ],
    )
    def test_are_sound(self, bands: list[Band], fault: str) -> None:
        found = rules.fault_of_bands(bands)
        assert (fault in found) if fault else found == ""


class TestATypedPrice:
    @pytest.mark.parametrize(
        ("text", "price"),
        [
            ("1,486.50", "1486.50"),
            (" 0.000000000000000001 ", "0.000000000000000001"),
            ("999999999999999", "999999999999999"),
            ("0", None),
            ("0.0", None),
            ("-1", None),
            ("1e5", None),
            ("", None),
            ("1.", None),
            ("1.0000000000000000001", None),
            ("1000000000000000", None),
            ("NaN", None),
            ("٣", None),
        ],
    )
    def test_is_read(self, text: str, price: str | None) -> None:
        assert rules.read_price(text) == (None if price is None else Decimal(price))


class TestTheMachine:
    def test_every_halt_ends_and_nothing_begins_again(self) -> None:
        for state in HaltState:
            assert HALT.allows(state, HaltState.ENDED) is (state is not HaltState.ENDED)
        assert HALT.is_final(HaltState.ENDED)
