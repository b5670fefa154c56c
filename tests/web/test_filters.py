"""How amounts look: cut to the digits of their asset, never more than there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import NGN, Asset, Money, format_money
from app.web.filters import shown_parts

ETHER = Asset("ETH", 18, ticker="ETH", digits=6)
TETHER = Asset("USDT.TRC20", 6, ticker="USDT", digits=2)


@pytest.mark.parametrize(
    ("money", "shown"),
    [
        (Money(NGN, 125_005), "₦1,250.05"),
        (Money(TETHER, 1_999_999), "USDT 1.99"),
        (Money(TETHER, -1_999_999), "−USDT 1.99"),
        (Money(TETHER, 0), "USDT 0.00"),
        (Money(TETHER, 1_234), "USDT 0.001234"),  # (it would vanish)
        (Money(ETHER, 1), "ETH 0.000000000000000001"),
        (Money(ETHER, 10**18), "ETH 1.000000"),
        (Money(Asset("X", 3, digits=0), 1_999), "X 1"),
    ],
)
def test_an_amount_is_cut(money: Money, shown: str) -> None:
    assert "".join(shown_parts(money)) == shown


@given(st.integers(0, 10**30))
def test_a_page_never_shows_more_than_there_is(units: int) -> None:
    shown = "".join(shown_parts(Money(ETHER, units)))
    assert format_money(Money(ETHER, units)).startswith(shown)
