"""What waits by itself, and what is read as a file: recurring buys, price alerts, activity and portfolio as CSV."""

import csv
import io
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core.db import leave, rows
from app.core.money import Money
from app.trading import queries
from tests.makers import browse, priced, trading
from tests.makers.coins import BTC, USDT
from tests.makers.people import Customer, naira
from tests.web.portal.conftest import at_home

WEEKLY = {"amount": "5,000", "get": "BTC", "when": "week-0", "hour": "9"}


@pytest.fixture
def owner(inside: Flask) -> Customer:
    """Somebody with a million naira, and prices."""
    priced.at()
    return trading.dealer()


@pytest.fixture
def visitor(app: Flask, owner: Customer) -> FlaskClient:
    return at_home(app, owner)


def text_of(answer: TestResponse) -> str:
    return " ".join(answer.text.split())


def sheet(answer: TestResponse) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text)))


class TestRecurringBuys:
    def test_are_set_up_paused_gone_on_with_and_ended(self, owner: Customer, visitor: FlaskClient) -> None:
        assert browse.send(visitor, "/recurring", **WEEKLY).status_code == 303
        (made,) = queries.recurring(customer_id=owner.id)
        leave()
        assert "Every Monday at 09:00" in text_of(visitor.get("/recurring"))
        for deed, words in (
            ("pause", "Nothing is bought while it is paused."),
            ("resume", "Next: "),
            ("end", "Nothing buys by itself yet"),
        ):
            assert browse.send(visitor, f"/recurring/{made.id}/{deed}", form_at="/recurring").status_code == 303
            assert words in text_of(visitor.get("/recurring")), deed

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"amount": "1"}, "is the least that is traded"),
            ({"amount": "many"}, "Write the amount in digits"),
            ({"when": "month-32"}, "Choose every week with a day"),
            ({"when": "year-1"}, "Choose every week with a day"),
            ({"hour": "3"}, "Choose every week with a day"),
            ({"get": "NGN"}, "Choose two different coins"),
        ],
    )
    def test_say_what_is_wrong(self, owner: Customer, visitor: FlaskClient, change: dict[str, str], words: str) -> None:
        answer = browse.send(visitor, "/recurring", **(WEEKLY | change))
        assert (answer.status_code, words in text_of(answer)) == (422, True)
        assert queries.recurring(customer_id=owner.id) == []
        leave()

    def test_of_somebody_else_are_nobodys(self, visitor: FlaskClient) -> None:
        other = trading.dealer()
        theirs = at_home(visitor.application, other)
        browse.send(theirs, "/recurring", **WEEKLY)
        (made,) = queries.recurring(customer_id=other.id)
        leave()
        browse.send(visitor, f"/recurring/{made.id}/end", form_at="/recurring")
        assert [one.state for one in queries.recurring(customer_id=other.id)] == ["active"]
        leave()


class TestPriceAlerts:
    def test_are_set_and_taken_away(self, owner: Customer, visitor: FlaskClient) -> None:
        sent = browse.send(visitor, "/alerts", base="BTC", beyond="above", price="99,000,000")
        assert sent.status_code == 303
        (alert,) = queries.alerts(customer_id=owner.id)
        leave()
        assert (alert.base, alert.quote, alert.beyond, alert.price) == ("BTC", "NGN", "above", Decimal(99_000_000))
        assert "1 set for BTC" in text_of(visitor.get("/assets/BTC"))
        assert browse.send(visitor, f"/alerts/{alert.id}/end", form_at="/alerts").status_code == 303
        assert "You wait for no price" in text_of(visitor.get("/alerts"))

    @pytest.mark.parametrize(
        ("price", "words"),
        [("-1", "Write a price above zero"), ("1", "The price is there already"), ("", "Price is missing")],
    )
    def test_say_what_is_wrong(self, visitor: FlaskClient, price: str, words: str) -> None:
        answer = browse.send(visitor, "/alerts", base="BTC", beyond="above", price=price)
        assert (answer.status_code, words in text_of(answer)) == (422, True)

    @pytest.mark.parametrize("base", ["NGN", "XYZ"])
    def test_wait_only_for_what_has_a_price(self, owner: Customer, visitor: FlaskClient, base: str) -> None:
        answer = browse.send(visitor, "/alerts", base=base, beyond="above", price="99,000,000")
        assert answer.status_code == 422
        assert queries.alerts(customer_id=owner.id) == []
        leave()


class TestFiles:
    def test_activity_is_that_of_the_filter_and_ones_own(self, owner: Customer, visitor: FlaskClient) -> None:
        other = trading.dealer()
        trading.accepted(other, trading.quoted(other))
        bought = trading.accepted(owner, trading.quoted(owner))
        into = trading.accepted(owner, trading.quoted(owner, naira(20_000), get=USDT))
        everything = sheet(visitor.get("/activity.csv"))
        assert [line["id"] for line in everything] == [into.id, bought.id]
        (line,) = sheet(visitor.get("/activity.csv?kind=trade&asset=BTC"))
        assert (line["kind"], line["asset"], line["amount"], line["got_asset"]) == ("buy", "NGN", "10000.00", "BTC")
        assert sheet(visitor.get("/activity.csv?kind=withdrawal")) == []

    def test_portfolio_says_cost_and_gain_in_numbers(self, owner: Customer, visitor: FlaskClient) -> None:
        bought = trading.accepted(owner, trading.quoted(owner, naira(96_000)))
        (line,) = sheet(visitor.get("/portfolio.csv"))
        assert (line["asset"], line["cost_ngn"]) == ("BTC", "96000.00")
        assert Decimal(line["held"]) == Decimal(int(bought.get_units)).scaleb(-8)
        assert Decimal(line["gain_ngn"]) == Decimal(line["worth_ngn"]) - Decimal(line["cost_ngn"])
        assert Decimal(line["gain_ngn"]) < 0  # (our spread and fee)
        assert line["realised_gain_ngn"] == "0.00"


class TestActivity:
    def test_shows_trades_beside_the_rest_and_narrows_to_an_asset(self, owner: Customer, visitor: FlaskClient) -> None:
        trading.accepted(owner, trading.quoted(owner))
        trading.give(owner, Money(BTC, 10**6))
        trading.accepted(owner, trading.quoted(owner, Money(BTC, 10**5), give_asset=BTC, get=USDT))
        both = text_of(visitor.get("/activity?kind=trade"))
        assert "Bought Bitcoin" in both
        assert "Swapped Bitcoin for Tether" in both
        narrowed = text_of(visitor.get("/activity?kind=trade&asset=NGN"))
        assert "Bought Bitcoin" in narrowed
        assert "Swapped" not in narrowed
        assert rows("SELECT 1 FROM orders WHERE customer_id = :c", c=owner.id)
        assert "Nothing like this moved" in text_of(visitor.get("/activity?asset=BNB"))
