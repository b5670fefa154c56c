"""The synthetic market: the same story for the same seed, smooth, plausible, and never a float."""

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sandbox.exchange import walk

MOMENTS = st.integers(min_value=1_400_000_000_000, max_value=2_200_000_000_000)
TICKERS = st.sampled_from(sorted(walk.LEVELS))
SEEDS = st.integers(min_value=0, max_value=1_000)
NOON = 1_795_262_400_000  # 2026-11-21 12:00 UTC


def test_tells_the_same_story_on_every_machine() -> None:
    told = {ticker: str(walk.level(1, ticker, NOON)) for ticker in ("BTC", "TON", "NGN")}
    assert told == {"BTC": "101394.4100325", "TON": "2.20677303126", "NGN": "1504.276054572"}


@given(seed=SEEDS, ticker=TICKERS, at_ms=MOMENTS)
def test_stays_within_reach_of_its_level(seed: int, ticker: str, at_ms: int) -> None:
    price = walk.level(seed, ticker, at_ms)
    base, liveliness = walk.LEVELS[ticker]
    assert isinstance(price, Decimal)
    assert abs(price / base - 1) <= Decimal(liveliness) / 100 * Decimal("0.25")


@given(seed=SEEDS, ticker=TICKERS, at_ms=MOMENTS)
def test_never_jumps(seed: int, ticker: str, at_ms: int) -> None:
    before, after = walk.level(seed, ticker, at_ms), walk.level(seed, ticker, at_ms + 1_000)
    assert abs(after / before - 1) < Decimal("0.0005")


@given(seed=SEEDS, at_ms=MOMENTS)
def test_differs_from_seed_to_seed_and_from_source_to_source(seed: int, at_ms: int) -> None:
    assert walk.level(seed, "BTC", at_ms) != walk.level(seed + 1, "BTC", at_ms)
    assert walk.ripple(seed, "kraken:BTC/USDT", at_ms) != walk.ripple(seed, "luno:BTC/USDT", at_ms)


@given(seed=SEEDS, at_ms=MOMENTS, name=st.text(max_size=20))
def test_sources_differ_by_less_than_three_thousandths(seed: int, at_ms: int, name: str) -> None:
    assert abs(walk.ripple(seed, name, at_ms) - 1) < Decimal("0.0015")


def test_moves_in_a_day_as_such_things_do() -> None:
    hours = [walk.level(1, "BTC", NOON + hour * 3_600_000) for hour in range(24 * 30)]
    moves = [abs(after / before - 1) for before, after in pairwise(hours)]
    assert Decimal("0.0005") < sum(moves, Decimal(0)) / len(moves) < Decimal("0.02")
