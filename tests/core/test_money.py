"""Money is whole units and stays whole: read, written, split and rounded without losing or making a single one."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidAmount
from app.core.money import (
    ASSETS,
    NGN,
    UNITS_LIMIT,
    Asset,
    Assets,
    Money,
    Rounding,
    allocate,
    format_money,
    parse,
    parts,
    plain,
    portion,
    zero,
)

WEI = Asset("ETH", 18)
SHARE = Asset("SHR", 0)
ANY_ASSET = st.sampled_from([NGN, WEI, SHARE])
ANY_UNITS = st.integers(-UNITS_LIMIT + 1, UNITS_LIMIT - 1)
SOME_UNITS = st.integers(-(10**20), 10**20)


class TestMoney:
    @pytest.mark.parametrize("units", [True, 1.0, "1", None])
    def test_is_counted_in_whole_numbers_only(self, units: object) -> None:
        with pytest.raises(TypeError, match="units must be int"):
            Money(NGN, units)  # type: ignore[arg-type]

    @pytest.mark.parametrize("units", [10**38, -(10**38), 10**50])
    def test_refuses_what_the_ledger_could_not_book(self, units: int) -> None:
        with pytest.raises(InvalidAmount, match="too large"):
            Money(NGN, units)

    def test_goes_up_to_the_limit(self) -> None:
        assert Money(NGN, UNITS_LIMIT - 1) > zero(NGN) > Money(NGN, -UNITS_LIMIT + 1)

    def test_refuses_a_sum_beyond_the_limit(self) -> None:
        with pytest.raises(InvalidAmount):
            Money(NGN, UNITS_LIMIT - 1) + Money(NGN, 1)

    @given(ANY_ASSET, SOME_UNITS, SOME_UNITS)
    def test_adds_subtracts_and_compares_as_its_units_do(self, asset: Asset, one: int, other: int) -> None:
        a, b = Money(asset, one), Money(asset, other)
        assert (a + b).units == one + other
        assert (a - b).units == one - other
        assert (-a).units == -one
        assert bool(a) is bool(one)
        assert (a < b, a <= b, a > b, a >= b, a == b) == (
            one < other,
            one <= other,
            one > other,
            one >= other,
            one == other,
        )

    @pytest.mark.parametrize("mix", ["__add__", "__sub__", "__lt__", "__le__"])
    def test_does_not_mix_assets(self, mix: str) -> None:
        with pytest.raises(TypeError, match="NGN and ETH do not mix"):
            getattr(Money(NGN, 1), mix)(Money(WEI, 1))

    def test_of_two_assets_is_never_equal(self) -> None:
        assert zero(NGN) != zero(WEI)

    def test_cannot_be_changed(self) -> None:
        with pytest.raises(AttributeError):
            zero(NGN).units = 1  # type: ignore[misc]

    def test_knows_its_assets_by_code(self) -> None:
        assert ASSETS["NGN"] is NGN
        for unknown in ("ngn", "XYZ"):
            assert unknown not in Assets()
        assert list(Assets()) == [NGN.code]
        assert len(Assets()) == 1

    def test_asks_for_the_others_where_it_was_told_to(self) -> None:
        told = {"NGN": NGN, "ETH": WEI}
        asked, assets = [], Assets()
        assets.known = lambda code: asked.append(code) or told  # type: ignore[func-returns-value]
        assert assets["NGN"] is NGN
        assert asked == []
        assert assets["ETH"] is WEI
        assert list(assets.items()) == list(told.items())
        assert "XYZ" not in assets
        assert asked[:2] == ["ETH", None]

    def test_tells_assets_apart_by_what_they_are_not_by_how_they_look(self) -> None:
        shown = Asset("ETH", 18, "Ξ", "ETH", "Ether", "Ethereum", 6, "#4757a8", "Ξ")
        assert Money(shown, 1) + Money(WEI, 1) == Money(WEI, 2)
        assert len({shown, WEI}) == 1
        assert Asset("ETH", 6) != WEI


class TestParse:
    @pytest.mark.parametrize(
        ("text", "units"),
        [
            ("0", 0),
            ("1250", 125_000),
            ("1,250.00", 125_000),
            ("1250.5", 125_050),
            ("1250.05", 125_005),
            ("  ₦ 1,250.00 ", 125_000),
            ("₦0.01", 1),
            ("0001", 100),
            ("1\n", 100),
            ("1,234,567.89", 123_456_789),
        ],
    )
    def test_reads_what_people_write(self, text: str, units: int) -> None:
        assert parse(text, asset=NGN) == Money(NGN, units)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "₦",
            "₦₦1",
            "abc",
            "1e3",
            "1E3",
            "+5",
            "-5",
            "−5",
            "NaN",
            "nan",
            "Infinity",
            "inf",
            "0x10",
            "1_000",
            "１２５",
            "١٢",
            "1２",
            ".5",
            "5.",
            "1..2",
            "1.2.3",
            "1,25",
            "12,50.00",
            ",100",
            "1,,000",
            "1000,000",
            "1,0000",
            "1.000,00",
            "1 000",
            "1;",
            "1/2",
            "$5",
        ],
    )
    def test_refuses_every_other_writing(self, text: str) -> None:
        with pytest.raises(InvalidAmount, match="Write the amount in digits"):
            parse(text, asset=NGN)

    @pytest.mark.parametrize(("text", "asset"), [("1.001", NGN), ("1.0", SHARE), ("1." + "0" * 19, WEI)])
    def test_refuses_more_decimals_than_there_are_rather_than_round(self, text: str, asset: Asset) -> None:
        with pytest.raises(InvalidAmount, match="decimals") as refused:
            parse(text, asset=asset)
        assert refused.value.facts == {"decimals": asset.decimals}

    @pytest.mark.parametrize(
        "text",
        ["1" + "0" * 36, "9" * 38, "1" + "0" * 38, "1" * 5000, "1" + ",000" * 12, "1" + ",000" * 2000],
        ids=["10^38 kobo", "38 digits", "39 digits", "5,000 digits", "12 groups", "2,000 groups"],
    )
    def test_refuses_a_size_that_cannot_be_booked(self, text: str) -> None:
        with pytest.raises(InvalidAmount):
            parse(text, asset=NGN)

    @given(ANY_ASSET, st.integers(0, UNITS_LIMIT - 1))
    def test_reads_back_what_plain_wrote(self, asset: Asset, units: int) -> None:
        assert parse(plain(Money(asset, units)), asset=asset) == Money(asset, units)

    @given(ANY_ASSET, st.integers(0, UNITS_LIMIT - 1))
    def test_reads_back_what_people_are_shown(self, asset: Asset, units: int) -> None:
        assert parse(format_money(Money(asset, units)), asset=asset) == Money(asset, units)

    @given(st.text(max_size=12))
    def test_answers_with_money_or_a_refusal_whatever_it_is_given(self, text: str) -> None:
        with suppress(InvalidAmount):
            assert parse(text, asset=NGN).units >= 0


class TestWriting:
    @pytest.mark.parametrize(
        ("money", "shown", "ascii_only"),
        [
            (Money(NGN, 0), "₦0.00", "0.00"),
            (Money(NGN, 125_000), "₦1,250.00", "1250.00"),
            (Money(NGN, -310), "−₦3.10", "-3.10"),
            (Money(NGN, -5), "−₦0.05", "-0.05"),
            (Money(SHARE, 1_000), "SHR 1,000", "1000"),
            (Money(SHARE, -1), "−SHR 1", "-1"),
            (Money(WEI, 1), "ETH 0.000000000000000001", "0.000000000000000001"),
        ],
    )
    def test_shows_every_decimal(self, money: Money, shown: str, ascii_only: str) -> None:
        assert (format_money(money), str(money), plain(money)) == (shown, shown, ascii_only)

    def test_parts_at_the_point(self) -> None:
        assert parts(Money(NGN, -125_000)) == ("−₦1,250", ".00")
        assert parts(Money(SHARE, 7)) == ("SHR 7", "")

    @given(ANY_ASSET, ANY_UNITS)
    def test_plain_is_ascii_and_exact(self, asset: Asset, units: int) -> None:
        text = plain(Money(asset, units))
        assert text.isascii()
        assert int(text.replace(".", "")) == units


class TestAllocate:
    @given(SOME_UNITS, st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any))
    def test_hands_out_exactly_what_there_is(self, units: int, weights: list[int]) -> None:
        shares = allocate(Money(NGN, units), weights)
        assert sum(share.units for share in shares) == units
        for share, weight in zip(shares, weights, strict=True):
            exact = abs(units) * weight
            assert 0 <= abs(share.units) * sum(weights) - exact + sum(weights) <= 2 * sum(weights)
            assert weight or not share

    @pytest.mark.parametrize(
        ("units", "weights", "shares"),
        [
            (100, [1, 1, 1], [34, 33, 33]),
            (-100, [1, 1, 1], [-34, -33, -33]),
            (2, [0, 1, 1, 1], [0, 1, 1, 0]),
            (7, [1], [7]),
            (0, [3, 4], [0, 0]),
            (5, [70, 30], [4, 1]),
        ],
    )
    def test_gives_left_over_units_to_the_first(self, units: int, weights: list[int], shares: list[int]) -> None:
        assert [share.units for share in allocate(Money(NGN, units), weights)] == shares

    @pytest.mark.parametrize("weights", [[], [0], [0, 0], [-1, 2], [1, -1], [-1]])
    def test_refuses_weights_that_mean_nothing(self, weights: list[int]) -> None:
        with pytest.raises(ValueError, match="weights must be"):
            allocate(Money(NGN, 100), weights)


class TestPortion:
    @given(st.integers(-(10**30), 10**30), st.integers(-20_000, 20_000), st.sampled_from(Rounding))
    def test_and_its_remainder_are_the_exact_product(self, units: int, bps: int, rounding: Rounding) -> None:
        share, rest = portion(Money(NGN, units), bps=bps, rounding=rounding)
        assert share.units * 10_000 + rest == units * bps
        assert abs(rest) < 10_000
        if rest:  # down is towards zero, up is away from it
            towards_zero = (rest > 0) == (units * bps > 0)
            assert towards_zero is (rounding is Rounding.DOWN)

    @pytest.mark.parametrize(
        ("units", "bps", "rounding", "share", "rest"),
        [
            (10_000, 150, Rounding.DOWN, 150, 0),
            (10_000, 150, Rounding.UP, 150, 0),
            (101, 150, Rounding.DOWN, 1, 5_150),
            (101, 150, Rounding.UP, 2, -4_850),
            (-101, 150, Rounding.DOWN, -1, -5_150),
            (-101, 150, Rounding.UP, -2, 4_850),
            (0, 150, Rounding.UP, 0, 0),
        ],
    )
    def test_goes_the_stated_way(self, units: int, bps: int, rounding: Rounding, share: int, rest: int) -> None:
        assert portion(Money(NGN, units), bps=bps, rounding=rounding) == (Money(NGN, share), rest)
