"""What a position asks for: sizes, limits, client ids, and the parts of units that a venue counts and we do not."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.core import ids
from app.core.money import ASSETS
from app.exchange import rules
from app.exchange.rules import Change, Market, Policy, Seen, book, fault_of, plan
from tests.makers import coins

BTC = Policy("BTC", "BTC/USDT", 0, 100_000, 5_000_000, 50_000_000, 50, 300)
MARKET = Market(Decimal("0.1"), Decimal("0.00000001"), Decimal("0.00005"), Decimal("0.5"))
SEEN = Seen(Decimal(59990), Decimal(60010))
USDT = coins.USDT
pytestmark = pytest.mark.usefixtures("known")
PLENTY = (10**12, 10**15)
AMOUNT = st.decimals(min_value="-100000", max_value="100000", places=10)
FEE = st.decimals(min_value="0", max_value="100", places=10)


@pytest.fixture(scope="module")
def known(app: Flask) -> Iterator[None]:
    """The assets that there are."""
    with app.app_context():
        yield


class TestPlan:
    def test_buys_what_is_lacking_at_no_more_than_the_policy_lets(self) -> None:
        found = plan(BTC, -1_000_000, market=MARKET, seen=SEEN, quote=USDT, there=PLENTY)
        assert found is not None
        assert (found.side, found.volume, found.limit) == ("buy", 1_000_000, Decimal("60310.0"))
        assert found.held == 609_131_000  # 0.01 at 60310.0, and one in a hundred for the fee

    def test_sells_what_is_too_much_at_no_less(self) -> None:
        found = plan(BTC, 1_000_000, market=MARKET, seen=SEEN, quote=USDT, there=PLENTY)
        assert found is not None
        assert (found.side, found.limit, found.held) == ("sell", Decimal("59690.1"), 1_010_000)

    @pytest.mark.parametrize(
        ("exposed", "there"),
        [(-4_999, PLENTY), (4_999, PLENTY), (-1_000_000, (10**12, 0)), (1_000_000, (0, 10**15)), (10**6, (-5, 10**15))],
    )
    def test_is_none_where_it_is_too_small_or_nothing_is_there(self, exposed: int, there: tuple[int, int]) -> None:
        assert plan(BTC, exposed, market=MARKET, seen=SEEN, quote=USDT, there=there) is None

    @given(
        st.integers(-(10**9), 10**9).filter(bool),
        st.integers(0, 10**9),
        st.integers(0, 10**13),
        st.decimals(min_value="1", max_value="1000000", places=4),
        st.integers(1, 1_000),
    )
    def test_never_takes_more_than_is_there_nor_pays_more_than_it_may(
        self, exposed: int, base: int, quote: int, price: Decimal, slip: int
    ) -> None:
        policy = Policy("BTC", "BTC/USDT", 0, 0, 1, 1, slip, 300)
        seen = Seen(price, price + Decimal("0.5"))
        found = plan(policy, exposed, market=MARKET, seen=seen, quote=USDT, there=(base, quote))
        if found is None:
            return
        assert 0 < found.volume <= abs(exposed)
        assert found.held <= (quote if found.side == "buy" else base)
        assert found.limit % MARKET.tick == 0
        bound = Fraction(found.seen) * Fraction(slip, 10_000)
        if found.side == "buy":
            assert Fraction(found.limit) - Fraction(found.seen) <= bound
            cost = Fraction(found.volume, 10**8) * Fraction(found.limit) * 10**6
        else:
            assert Fraction(found.seen) - Fraction(found.limit) <= bound
            cost = Fraction(found.volume)
        assert cost <= found.held <= cost * Fraction(101, 100) + 1


class TestExposure:
    def test_counts_every_network_of_a_token_in_the_units_of_one(self) -> None:
        policy = Policy("USDT.TRC20", "", 1_000_000, 0, 5, 9, 50, 300)
        held = {"USDT.TRC20": 5_000_000, "USDT.BEP20": -3 * 10**18, "USDT.ERC20": 1, "BTC": 7}
        assert rules.own(policy, held) == 2_000_001
        assert rules.exposure(policy, held) == 1_000_001
        assert rules.levels_passed(policy, 7) == {"soft"}
        assert rules.levels_passed(policy, -10) == {"soft", "hard"}
        assert not rules.calls_for_one(policy, 10**9)  # people deal

    @pytest.mark.parametrize(
        ("seen", "stored", "far"),
        [
            (SEEN, Fraction(60_000), False),
            (SEEN, Fraction(61_800), False),
            (SEEN, Fraction(61_900), True),
            (SEEN, Fraction(58_000), True),
            (SEEN, None, False),
            (Seen(Decimal(0), Decimal(1)), None, True),
            (Seen(Decimal(2), Decimal(1)), None, True),
        ],
    )
    def test_a_price_is_held_against_the_stored_one(self, seen: Seen, stored: Fraction | None, far: bool) -> None:  # noqa: FBT001 (a case)
        assert rules.far_apart(BTC, seen=seen, stored=stored) is far


@given(st.integers(0, 2**128 - 1))
def test_a_client_order_id_is_our_id_in_another_writing(number: int) -> None:
    digits, left = "", number
    for _ in range(26):
        left, digit = divmod(left, 32)
        digits = "0123456789abcdefghjkmnpqrstvwxyz"[digit] + digits
    assert uuid.UUID(rules.client_order_id(f"hdg_{digits}")).int == number
    assert rules.client_order_id(ids.new("hdg")) != rules.client_order_id(ids.new("hdg"))


@given(st.lists(st.tuples(AMOUNT, FEE), max_size=20), st.sampled_from(["BTC", "USDT.TRC20", "ETH", "TRX"]))
def test_nothing_of_what_a_venue_counts_finer_is_lost(changes: list[tuple[Decimal, Decimal]], code: str) -> None:
    asset, part, net, there, dealt = ASSETS[code], Decimal(0), 0, Fraction(0), 0
    for amount, fee in changes:
        booked = book(Change("x", amount, fee), asset=asset, part=part)
        part, net = booked.part, net + booked.net
        there += Fraction(amount) - Fraction(fee)
        dealt += booked.net + booked.fee
        assert 0 <= part < 1
        assert Fraction(fee) * 10**asset.decimals <= booked.fee < Fraction(fee) * 10**asset.decimals + 1
        assert net == there * 10**asset.decimals // 1  # the books have the whole units of what is there
    exact = sum((Fraction(amount) for amount, _ in changes), Fraction(0)) * 10**asset.decimals
    assert abs(dealt - exact) <= len(changes) + 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, ""),
        ({"asset": "DOGE"}, "no such asset"),
        ({"pair": "ETH/USDT"}, "begins with BTC/"),
        ({"pair": "BTC/EUR"}, "begins with BTC/"),
        ({"pair": ""}, ""),
        ({"target": -1}, "below nothing"),
        ({"threshold": 5_000_000}, "before an alarm"),
        ({"hard": 4_999_999}, "before a stop"),
        ({"slippage_bps": 0}, "10 %"),
        ({"apart_bps": 5_001}, "50 %"),
    ],
)
def test_a_policy_that_cannot_count_says_why(change: dict[str, object], says: str) -> None:
    fields = {**BTC.__dict__, **change}
    fault = fault_of(Policy(**fields), known={"BTC", "ETH"}, quotes={"USD", "USDT"})
    assert says in fault
    assert bool(fault) == bool(says)


def test_an_order_is_asked_about_soon_at_first_and_then_less_often() -> None:
    after, asked = timedelta(0), 0
    while after < timedelta(minutes=10):
        wait = rules.ask_again(after)
        assert rules.ASKED_SOONEST <= wait <= rules.ASKED_LATEST
        after, asked = after + wait, asked + 1
    assert rules.ask_again(timedelta(seconds=8)) == timedelta(seconds=2)
    assert asked < 40  # (three calls each: a venue that counts them counts no more than it forgets)
