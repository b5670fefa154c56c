"""What makes a price, by tables and for drawn numbers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.market import rules
from app.market.rules import BPS, Bounds, Made, Step, Verdict, Why, Word

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
BOUNDS = Bounds(feeds_min=2, outlier_bps=200, disagree_bps=300)
PRICES = st.decimals(min_value="0.000001", max_value="1000000000", places=6).filter(lambda price: price > 0)
WEIGHTS = st.integers(min_value=1, max_value=10)


def word(
    feed: str, value: str | Decimal | None, *, weight: int = 1, old: float = 0, heard: float = 0, age_max: float = 60
) -> Word:
    """What a feed told so many seconds ago."""
    told = None if value is None else Decimal(value)
    told_at, heard_at = AT - timedelta(seconds=old), AT - timedelta(seconds=heard)
    return Word(feed, told, told_at, heard_at, weight, timedelta(seconds=age_max))


def made(*words: Word, bounds: Bounds = BOUNDS) -> Made:
    """What is made of them at noon."""
    return rules.make(words, bounds=bounds, at=AT)


class TestMaking:
    def test_the_price_is_the_middle_of_three(self) -> None:
        found = made(word("a", "100"), word("b", "101", old=20), word("c", "100.4", old=5))
        assert (found.mid, found.feeds, found.why) == (Decimal("100.4"), ("a", "b", "c"), None)
        assert found.told_at == AT - timedelta(seconds=5)  # it is the third's number

    def test_a_price_between_two_is_as_old_as_the_older(self) -> None:
        words = word("a", "100", old=3), word("b", "101", old=20), word("c", "98.5", old=50), word("d", "102", old=50)
        assert made(*words, bounds=Bounds(2, 300, 500)).told_at == AT - timedelta(seconds=20)
        assert made(word("a", "100", old=3), word("b", "100", old=9)).told_at == AT - timedelta(seconds=9)

    def test_the_price_of_two_is_between_them(self) -> None:
        assert made(word("a", "100"), word("b", "101")).mid == Decimal("100.5")

    def test_the_heavier_of_two_says_it(self) -> None:
        assert made(word("a", "100"), word("b", "101", weight=2)).mid == 101

    @pytest.mark.parametrize(
        ("odd", "verdict"),
        [
            (word("c", "100", old=61), Verdict.STALE),
            (word("c", "100", old=-61), Verdict.STALE),  # a clock that runs ahead
            (word("c", "0"), Verdict.ZERO),
            (word("c", "-1"), Verdict.ZERO),
            (word("c", None), Verdict.ZERO),
            (word("c", "1000"), Verdict.OUTLIER),
            (word("c", "102.01"), Verdict.OUTLIER),
            (word("c", "97.99"), Verdict.OUTLIER),
            (word("c", "100", heard=61), Verdict.SILENT),
            (Word("c", None, None, None, 1, timedelta(1)), Verdict.SILENT),
            (word("c", "102"), Verdict.COUNTS),
            (word("c", "98", old=60, heard=60), Verdict.COUNTS),
            (word("c", "100", old=-60), Verdict.COUNTS),
        ],
    )
    def test_what_becomes_of_the_third(self, odd: Word, verdict: Verdict) -> None:
        found = made(word("a", "100"), word("b", "100"), odd)
        assert found.verdicts["c"] is verdict
        assert found.mid == 100
        assert ("c" in found.feeds) is (verdict is Verdict.COUNTS)

    @pytest.mark.parametrize(
        ("words", "why"),
        [
            ((), Why.TOO_FEW),
            ((word("a", "100"),), Why.TOO_FEW),
            ((word("a", "100"), word("b", "0")), Why.TOO_FEW),
            ((word("a", "100"), word("b", "1000")), Why.DISAGREE),
            ((word("a", "100"), word("b", "103.1")), Why.DISAGREE),
            ((word("a", "100"), word("b", "110"), word("c", "120")), Why.DISAGREE),
        ],
    )
    def test_why_there_is_none(self, words: tuple[Word, ...], why: Why) -> None:
        found = made(*words)
        assert (found.mid, found.told_at, found.feeds, found.why) == (None, None, (), why)

    def test_a_time_ahead_of_ours_does_not_make_a_price_younger_than_now(self) -> None:
        assert made(word("a", "100", old=-30), word("b", "100", old=-40)).told_at == AT

    @given(st.lists(st.tuples(PRICES, WEIGHTS), min_size=1, max_size=7))
    def test_it_is_never_outside_those_that_count(self, told: list[tuple[Decimal, int]]) -> None:
        words = [word(str(place), price, weight=weight) for place, (price, weight) in enumerate(told)]
        found = made(*words, bounds=Bounds(2, 5_000, 10_000))
        if found.mid is not None:
            counted = [one.value for one in words if one.feed in found.feeds and one.value is not None]
            assert len(counted) >= 2
            assert min(counted) <= found.mid <= max(counted)

    @given(
        PRICES,
        st.integers(min_value=0, max_value=190),
        st.one_of(
            st.decimals(min_value="-10", max_value="1000000", places=6),
            st.decimals(min_value="0.95", max_value="1.05", places=6),
        ),
        st.tuples(WEIGHTS, WEIGHTS, WEIGHTS).filter(lambda some: not rules.fault_of_weights(named(some))),
    )
    def test_one_liar_of_three_never_moves_it_beyond_the_honest_ones(
        self, honest: Decimal, apart_bps: int, lie: Decimal, weights: tuple[int, int, int]
    ) -> None:
        other = honest * (BPS + apart_bps) / BPS  # honest ones are not further from each other than the tolerance
        found = made(
            word("a", honest, weight=weights[0]),
            word("b", other, weight=weights[1]),
            word("liar", honest * lie, weight=weights[2]),
        )
        assert found.mid is None or honest <= found.mid <= other
        if found.mid is None:  # where the lie is small enough to count, and too large to agree
            assert found.why is Why.DISAGREE
            assert abs(lie - 1) < Decimal("0.05")


def named(weights: tuple[int, ...]) -> dict[str, int]:
    """Feeds with their weights."""
    return {str(place): weight for place, weight in enumerate(weights)}


class TestTheMedians:
    @pytest.mark.parametrize(
        ("values", "middle"), [(["3"], 3), (["1", "9"], 5), (["9", "1", "2"], 2), (["1", "2", "3", "10"], "2.5")]
    )
    def test_plain(self, values: list[str], middle: str) -> None:
        assert rules.median(map(Decimal, values)) == Fraction(middle)

    @pytest.mark.parametrize(
        ("values", "middle"),
        [
            ([("1", 1), ("2", 1), ("3", 1)], 2),
            ([("1", 5), ("2", 1), ("3", 1)], 1),
            ([("1", 1), ("2", 1)], "1.5"),
            ([("3", 2), ("1", 1), ("2", 1)], "2.5"),
        ],
    )
    def test_weighted(self, values: list[tuple[str, int]], middle: str) -> None:
        assert rules.weighted_median((Decimal(value), weight) for value, weight in values) == Fraction(middle)

    def test_of_nothing_there_is_none(self) -> None:
        for broken in (lambda: rules.median([]), lambda: rules.weighted_median([])):
            with pytest.raises(ValueError, match=r"nothing|one"):
                broken()
        with pytest.raises(ValueError, match="nought"):
            rules.weighted_median([(Decimal(1), 0)])

    @given(st.lists(PRICES, min_size=1, max_size=9))
    def test_of_equal_weights_they_are_the_same(self, values: list[Decimal]) -> None:
        assert rules.weighted_median((value, 3) for value in values) == rules.median(values)


class TestWhatATickSays:
    @pytest.mark.parametrize(
        ("bid", "ask", "last", "value"),
        [
            ("99", "101", "50", "100"),
            ("99", "99", None, "99"),
            ("101", "99", "100", "100"),  # a crossed book is none
            ("0", "101", "100", "100"),
            (None, "101", "100", "100"),
            (None, None, "0", None),
            (None, None, "-1", None),
            ("0", "0", None, None),
        ],
    )
    def test_value(self, bid: str | None, ask: str | None, last: str | None, value: str | None) -> None:
        numbers = [None if told is None else Decimal(told) for told in (bid, ask, last, value)]
        assert rules.value_of(*numbers[:3]) == numbers[3]

    @pytest.mark.parametrize(
        ("value", "over", "found"),
        [("3", "2", "1.5"), ("1", "3", "0.333333333333333333"), ("3", "0", None), ("0", "3", None), (None, "1", None)],
    )
    def test_divided(self, value: str | None, over: str | None, found: str | None) -> None:
        numbers = [None if told is None else Decimal(told) for told in (value, over, found)]
        assert rules.divided(*numbers[:2]) == numbers[2]


TREE = [("BTC", "USDT"), ("ETH", "USDT"), ("USDT", "NGN"), ("USD", "NGN")]


class TestCrossing:
    @pytest.mark.parametrize(
        ("base", "quote", "steps"),
        [
            ("BTC", "USDT", ["BTC/USDT"]),
            ("USDT", "BTC", ["-BTC/USDT"]),
            ("BTC", "NGN", ["BTC/USDT", "USDT/NGN"]),
            ("BTC", "ETH", ["BTC/USDT", "-ETH/USDT"]),
            ("USD", "BTC", ["USD/NGN", "-USDT/NGN", "-BTC/USDT"]),
            ("BTC", "BTC", []),
        ],
    )
    def test_the_way(self, base: str, quote: str, steps: list[str]) -> None:
        found = rules.way(TREE, base, quote)
        assert found is not None
        assert [f"{'-' if step.inverted else ''}{step.pair}" for step in found] == steps

    def test_there_is_no_way_to_what_nobody_prices(self) -> None:
        assert rules.way(TREE, "BTC", "EUR") is None

    @pytest.mark.parametrize(
        ("pairs", "tree"),
        [
            (TREE, True),
            ([*TREE, ("USDT", "USD")], False),  # round: NGN → USD → USDT → NGN
            ([*TREE, ("EUR", "GBP")], True),
            ([], True),
        ],
    )
    def test_a_tree_has_one_way(self, pairs: list[tuple[str, str]], *, tree: bool) -> None:
        assert rules.is_tree(pairs) is tree

    @given(PRICES, PRICES, PRICES)
    def test_is_exact_and_rounded_once(self, first: Decimal, second: Decimal, third: Decimal) -> None:
        steps = (Step("a", inverted=False), Step("b", inverted=True), Step("c", inverted=False))
        exact = Fraction(first) * Fraction(third) / Fraction(second)
        found = rules.crossed(steps, {"a": first, "b": second, "c": third})
        assert abs(Fraction(found) - exact) * 2 * 10**rules.DIGITS <= 1
        assert found == found.quantize(Decimal(1).scaleb(-rules.DIGITS)) if found < 10**9 else True

    @given(st.lists(PRICES, min_size=4, max_size=4))
    def test_nobody_gains_by_going_round(self, mids: list[Decimal]) -> None:
        known = {f"{base}/{quote}": mid for (base, quote), mid in zip(TREE, mids, strict=True)}
        around = Fraction(1)
        for base, quote in (("BTC", "ETH"), ("ETH", "NGN"), ("NGN", "USD"), ("USD", "BTC")):
            steps = rules.way(TREE, base, quote)
            assert steps is not None
            for step in steps:
                mid = Fraction(known[step.pair])
                around = around / mid if step.inverted else around * mid
        assert around == 1

    @pytest.mark.parametrize(
        ("exact", "found"),
        [
            (Fraction(1, 3), "0.333333333333333333"),
            (Fraction(2, 3), "0.666666666666666667"),
            (Fraction(5, 10**19), "0"),  # a tie goes to the even neighbour
            (Fraction(15, 10**19), "0.000000000000000002"),
            (Fraction(25, 10**19), "0.000000000000000002"),
        ],
    )
    def test_rounds_half_to_even(self, exact: Fraction, found: str) -> None:
        assert rules.rounded(exact) == Decimal(found)


class TestTurns:
    @pytest.mark.parametrize(("every", "seconds"), [(10, 60), (20, 60), (60, 180), (600, 1_800)])
    def test_a_word_counts_for_a_minute_or_three_turns(self, every: int, seconds: int) -> None:
        assert rules.heard_within(every) == timedelta(seconds=seconds)
        for heard, counts in ((seconds, True), (seconds + 1, False)):
            one = Word("a", Decimal(1), AT, AT - timedelta(seconds=heard), 1, timedelta(1), rules.heard_within(every))
            verdict = rules.make([one], bounds=BOUNDS, at=AT).verdicts["a"]
            assert (verdict is Verdict.COUNTS) is counts

    @pytest.mark.parametrize(
        ("every", "ago", "turn"),
        [(10, 5, True), (10, 4, False), (60, 54, False), (60, 55, True), (60, 300, True), (600, 60, False)],
    )
    def test_a_feed_is_asked_when_it_is_its_turn(self, every: int, ago: int, *, turn: bool) -> None:
        asked = AT - timedelta(seconds=ago)
        assert rules.is_its_turn(asked, every_seconds=every, at=AT) is turn
        assert rules.is_its_turn(None, every_seconds=every, at=AT)


class TestTheRest:
    @pytest.mark.parametrize(
        ("new", "before", "far"), [("100", [], 0), ("105", ["100", "104"], 500), ("95", ["100", "96"], 500)]
    )
    def test_farthest(self, new: str, before: list[str], far: int) -> None:
        assert rules.farthest(Decimal(new), map(Decimal, before)) == far

    @pytest.mark.parametrize(
        ("weights", "fault"),
        [
            ({"a": 2, "b": 2, "c": 1}, ""),
            ({"a": 2, "b": 1, "c": 1}, "a would outweigh the others."),
            ({"a": 9, "b": 1}, ""),
            ({}, ""),
        ],
    )
    def test_weights(self, weights: dict[str, int], fault: str) -> None:
        assert rules.fault_of_weights(weights) == fault

    @pytest.mark.parametrize(
        ("span", "begins"),
        [("1m", "12:34:00"), ("5m", "12:30:00"), ("1h", "12:00:00"), ("1d", "00:00:00")],
    )
    def test_candles_begin(self, span: str, begins: str) -> None:
        moment = datetime(2026, 11, 22, 12, 34, 56, 789, tzinfo=UTC)
        assert rules.begins(moment, span=span) == datetime.fromisoformat(f"2026-11-22T{begins}+00:00")

    @pytest.mark.parametrize(
        ("mid", "text"),
        [
            ("1486.5", "1,486.50"),
            ("100", "100.00"),
            ("2.18456", "2.1846"),
            ("0.29351234", "0.293512"),
            ("0.0000000066666667", "0.00000000666667"),
        ],
    )
    def test_prices_are_read(self, mid: str, text: str) -> None:
        assert rules.in_words(Decimal(mid)) == text
