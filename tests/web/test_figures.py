"""How prices, coins and changes look."""

from datetime import timedelta
from decimal import Decimal

import pytest

from app.core import clock
from app.core.money import Asset, Money
from app.web import figures

ETH = Asset("ETH", 18, ticker="ETH", digits=6)


@pytest.mark.parametrize(
    ("naira", "says"),
    [
        ("149958880.22", "₦149,958,880"),
        ("1614.944", "₦1,614.94"),
        ("1", "₦1.00"),
        ("0", "₦0.00"),
        ("0.00301249", "₦0.003012"),
        ("99999.995", "₦100,000.00"),
    ],
)
def test_a_price_has_the_digits_that_say_something(naira: str, says: str) -> None:
    assert figures.price(Decimal(naira)) == says


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("150000000 149980000 149960000", "₦150.00m ₦149.98m ₦149.96m"),
        ("149960000 149955000", "₦149,960k ₦149,955k"),
        ("1488 1487 1486 1485", "₦1,488 ₦1,487 ₦1,486 ₦1,485"),
        ("1490 1480", "₦1.49k ₦1.48k"),
        ("1487 1486.5", "₦1,487.0 ₦1,486.5"),
        ("5000000000 2500000000 0", "₦5.0bn ₦2.5bn ₦0"),
        ("0.0032 0.0030", "₦0.0032 ₦0.0030"),
        ("5 0 -5", "₦5 ₦0 −₦5"),
    ],
)
def test_beside_a_chart_they_are_short_and_each_another(rows: str, says: str) -> None:
    assert " ".join(figures.axis([Decimal(row) for row in rows.split()])) == says


@pytest.mark.parametrize(("change", "says"), [("1.2", "+1.2 %"), ("-0.6", "−0.6 %"), ("0.0", "0.0 %")])
def test_a_change_has_its_sign(change: str, says: str) -> None:
    assert figures.percent(Decimal(change)) == says


@pytest.mark.parametrize(
    ("units", "shown", "full"),
    [
        (41_309_987_654_321_000, "0.041309 ETH", "0.041309987654321 ETH"),
        (10**18, "1 ETH", "1 ETH"),
        (-1_500 * 10**18, "−1,500 ETH", "−1,500 ETH"),
        (1, "0.000000000000000001 ETH", "0.000000000000000001 ETH"),
    ],
)
def test_a_coin_is_cut_never_rounded_up_and_names_itself_last(units: int, shown: str, full: str) -> None:
    assert figures.coins(Money(ETH, units)) == shown
    assert figures.coins_in_full(Money(ETH, units)) == full


@pytest.mark.parametrize(
    ("seconds", "says"), [(0, "0 s ago"), (59, "59 s ago"), (61, "1 min ago"), (7200, "2 h ago"), (200_000, "2 d ago")]
)
def test_an_age_is_told_to_the_second_while_it_is_young(seconds: int, says: str) -> None:
    assert figures.age(clock.now() - timedelta(seconds=seconds)) == says
