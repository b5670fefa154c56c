"""Prices and trades at the portal's doors: what is shown, what is said when it cannot be, and the deed once."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.makers import priced, trading
from tests.makers.people import Customer
from tests.web.portal.conftest import at_home

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
ORDERS = "SELECT id FROM orders WHERE customer_id = :c"


@pytest.fixture
def dealer(inside: Flask) -> Customer:
    """Somebody with a million naira, and prices to deal at."""
    priced.at()
    return trading.dealer()


@pytest.fixture
def visitor(app: Flask, dealer: Customer) -> FlaskClient:
    return at_home(app, dealer)


class TestEveryPage:
    @pytest.mark.parametrize(
        "place",
        [
            "/",
            "/prices",
            "/assets/BTC",
            "/assets/BTC?span=1y",
            "/trade",
            "/trade?give=BTC&get=NGN",
            "/trade?give=BTC&get=ETH",
            "/portfolio",
            "/portfolio?span=1y",
            "/recurring",
            "/alerts",
            "/activity?kind=trade&asset=BTC",
            "/more",
        ],
    )
    def test_is_there(self, visitor: FlaskClient, place: str) -> None:
        assert visitor.get(place).status_code == 200

    def test_is_there_for_who_has_traded(self, app: Flask, dealer: Customer, visitor: FlaskClient) -> None:
        done = trading.accepted(dealer, trading.quoted(dealer))
        for place in ("/", "/assets/BTC", "/portfolio", "/activity", f"/orders/{done.id}", f"/receipts/{done.id}"):
            assert visitor.get(place).status_code == 200, place
