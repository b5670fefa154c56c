"""Average cost: long, short, through zero, without a price; costs, worths and gains add up to the kobo."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import ASSETS
from app.exchange.pnl import Account, Flow, Holding, Line, Part, Told, changed, flows_of, worth
from app.ledger.prices import Price

pytestmark = pytest.mark.usefixtures("known")
DAY = date(2026, 11, 21)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
UNITS = st.integers(-(10**20), 10**20)
KOBO = st.integers(-(10**14), 10**14)
FLOWS = st.lists(st.builds(Flow, st.just("BTC"), UNITS, KOBO), max_size=30)


def told(*parts: tuple[str, str, int], **naira: str) -> Told:
    """A journal of these parts, with these prices."""
    prices = {asset: Price(asset, Decimal(price), NOON, "test") for asset, price in naira.items()}
    return Told(DAY, tuple(Part(*part) for part in parts), prices)


def run(*flows: tuple[int, int | None]) -> tuple[Holding, int]:
    """The position after these changes, and what was gained."""
    holding, gained = Holding(), 0
    for units, kobo in flows:
        holding, gain = changed(holding, Flow("BTC", units, kobo))
        gained += gain
    return holding, gained


@pytest.fixture(scope="module")
def known(app: Flask) -> Iterator[None]:
    """The assets that there are."""
    with app.app_context():
        yield


class TestAverageCost:
    @pytest.mark.parametrize(
        ("flows", "left", "gained"),
        [
            ([(10, 1000)], (10, 1000), 0),
            ([(10, 1000), (10, 3000)], (20, 4000), 0),
            ([(10, 1000), (10, 3000), (-5, -1500)], (15, 3000), 500),
            ([(10, 1000), (-10, -900)], (0, 0), -100),
            ([(-10, -1000)], (-10, -1000), 0),
            ([(-10, -1000), (4, 300)], (-6, -600), 100),
            ([(10, 1000), (-15, -3000)], (-5, -1000), 1000),  # through zero: ten are sold for 2000, five are owed
            ([(-10, -1000), (25, 2500)], (15, 1500), 0),
            ([(3, 100), (-1, -50)], (2, 67), 17),  # 33.33… of the cost went: 33, and the rest stays
            ([(3, 100), (-1, -50), (-2, -67)], (0, 0), 17),
            ([(10, 1000), (0, 30)], (10, 1000), -30),  # paid for nothing that stays
        ],
    )
    def test_by_example(self, flows: list[tuple[int, int]], left: tuple[int, int], gained: int) -> None:
        assert run(*flows) == (Holding(*left), gained)

    @pytest.mark.parametrize(
        ("flows", "left", "gained"),
        [
            ([(10, None)], (10, 0), 0),
            ([(10, 1000), (10, None)], (20, 2000), 0),
            ([(10, 1000), (-4, None)], (6, 600), 0),
            ([(10, 1000), (-15, None)], (-5, 0), 0),
        ],
    )
    def test_what_has_no_price_gains_nothing(
        self, flows: list[tuple[int, int | None]], left: tuple[int, int], gained: int
    ) -> None:
        assert run(*flows) == (Holding(*left), gained)

    @given(FLOWS)
    def test_adds_up_to_the_kobo(self, flows: list[Flow]) -> None:
        holding, gained = run(*((flow.units, flow.kobo) for flow in flows))
        assert holding.units == sum(flow.units for flow in flows)
        assert holding.kobo == sum(flow.kobo or 0 for flow in flows) + gained
        if not holding.units:
            assert holding.kobo == 0

    @given(FLOWS)
    def test_is_the_exact_average_but_for_a_kobo_a_step(self, flows: list[Flow]) -> None:
        units, cost, holding = 0, Fraction(0), Holding()
        for flow in flows:
            closing = min(abs(units), abs(flow.units)) if units * flow.units < 0 else 0
            before = abs(units)
            cost -= cost * Fraction(closing, before) if closing else 0
            if flow.units:
                cost += Fraction((flow.kobo or 0) * (abs(flow.units) - closing), abs(flow.units))
            units += flow.units
            holding, _ = changed(holding, flow)
        assert abs(holding.kobo - cost) <= 2 * len(flows)

    @given(FLOWS)
    def test_a_position_turned_round_gains_the_reverse_of_its_cost(self, flows: list[Flow]) -> None:
        there, _ = run(*((flow.units, flow.kobo) for flow in flows))
        turned, _ = run(*((-flow.units, -(flow.kobo or 0)) for flow in flows))
        assert (turned.units, turned.kobo) == (-there.units, -there.kobo)


class TestWorths:
    def test_a_customer_buys(self) -> None:
        bought = told(("equity:dealing", "NGN", -150_000), ("equity:dealing", "BTC", 1_000), ("income", "NGN", -2_000))
        assert flows_of(bought) == [Flow("BTC", -1_000, -150_000)]

    def test_a_fill_is_measured_in_dollars(self) -> None:
        fill = told(
            ("equity:dealing", "BTC", -100_000_000),
            ("equity:dealing", "USDT.TRC20", 60_000_000_000),
            ("expense", "USDT.TRC20", 150_000_000),
            **{"USDT.TRC20": "1600", "BTC": "99000000"},
        )
        assert flows_of(fill) == [
            Flow("BTC", 100_000_000, 96_000_000_00),
            Flow("USDT.TRC20", -60_150_000_000, -96_240_000_00),
        ]

    def test_a_fee_in_what_was_bought_is_cost_of_the_day(self) -> None:
        account = Account({})
        account.read(
            told(
                ("equity:dealing", "BTC", -100_000_000),
                ("equity:dealing", "USDT.TRC20", 60_000_000_000),
                ("expense", "BTC", 250_000),
                **{"USDT.TRC20": "1600", "BTC": "96000000"},
            )
        )
        assert account.holdings["BTC"] == Holding(99_750_000, 96_000_000_00 - 240_000_00)
        assert account.lines == [Line(DAY, "BTC", expense=240_000_00), Line(DAY, "USDT.TRC20")]

    def test_a_fee_without_a_stored_price_counts_at_the_rate_of_its_deal(self) -> None:
        account = Account({})
        account.read(
            told(("equity:dealing", "NGN", -160_000_00), ("equity:dealing", "BTC", 100_000), ("income", "BTC", -500))
        )
        assert account.lines == [Line(DAY, "BTC", income=800_00)]
        assert account.holdings["BTC"] == Holding(-99_500, -159_200_00)

    def test_a_swap_is_measured_by_what_was_given(self) -> None:
        swap = told(
            ("equity:dealing", "BTC", -1_000_000), ("equity:dealing", "ETH", 25 * 10**16),
            ("income", "BTC", -10_000), BTC="160000000", ETH="6400000",
        )  # fmt: skip
        assert flows_of(swap) == [Flow("BTC", 1_010_000, 1_616_000_00), Flow("ETH", -25 * 10**16, -1_600_000_00)]

    def test_by_what_was_got_where_the_other_has_no_price(self) -> None:
        swap = told(("equity:dealing", "BTC", -1_000_000), ("equity:dealing", "ETH", 25 * 10**16), BTC="160000000")
        assert flows_of(swap) == [Flow("BTC", 1_000_000, 1_600_000_00), Flow("ETH", -25 * 10**16, -1_600_000_00)]

    def test_without_any_price_it_is_said(self) -> None:
        account = Account({})
        account.read(told(("equity:dealing", "BTC", -1_000_000), ("equity:dealing", "ETH", 25 * 10**16)))
        assert [line.unpriced for line in account.lines] == [1, 1]
        assert worth(account.holdings["BTC"], "BTC", {}) is None

    def test_what_the_owners_put_in_counts_at_its_price(self) -> None:
        assert flows_of(told(("equity", "USD", -1_000_00), USD="1550")) == [Flow("USD", 1_000_00, 1_550_000_00)]

    def test_money_of_customers_is_nobodys_gain(self) -> None:
        assert flows_of(told()) == []


@given(st.lists(st.tuples(UNITS, KOBO), max_size=12), st.integers(1, 10**9))
def test_gains_and_what_is_left_are_all_there_is(deals: list[tuple[int, int]], naira: int) -> None:
    """Naira that came less naira that went, and what is left at today's price: no more and no less was won."""
    account, won = Account({}), 0
    for units, kobo in deals:
        account.read(told(("equity:dealing", "NGN", kobo), ("equity:dealing", "BTC", -units)))
        if units:
            won -= kobo
    holding = account.holdings.get("BTC", Holding())
    prices = {"BTC": Price("BTC", Decimal(naira), NOON, "test")}
    now = worth(holding, "BTC", prices)
    assert now is not None
    gained = sum(line.gain for line in account.lines)
    if all(units and kobo for units, kobo in deals):
        assert gained + now - holding.kobo == won + now
    assert ASSETS["BTC"].decimals == 8
