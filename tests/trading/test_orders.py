"""Quotes and orders: what is quoted is what moves, once, and every guard says no by itself."""

import pytest
from flask import Flask

from tests.makers import people, priced, trading
from tests.makers.coins import BTC

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture(autouse=True)
def prices(inside: Flask) -> None:
    """The usual prices, made now."""
    priced.at()


def test_a_purchase_moves_what_was_quoted() -> None:
    who = trading.dealer()
    quote = trading.quoted(who)
    order = trading.accepted(who, quote)
    assert (order.give, order.get) == (people.naira(10_000), quote.get)
    assert trading.has(who) == people.naira(990_000)
    assert trading.has(who, BTC) == quote.get
