"""Customers' orders at the console: found by what they are, and told whole."""

import csv
import io
from datetime import timedelta

import pytest

from app.core import clock
from app.core.clock import WAT
from app.core.money import NGN, Money
from app.core.permissions import Role
from app.customers import queries as customers
from tests.makers import priced, trading
from tests.makers.coins import BTC, USDT
from tests.makers.people import Customer, naira
from tests.web.console.conftest import Visitor

pytestmark = pytest.mark.usefixtures("inside")

PAGE = "/console/orders"


@pytest.fixture
def dealer() -> Customer:
    """Somebody who has money, while there are prices."""
    priced.at()
    return trading.dealer(naira(5_000_000), Money(BTC, 10_000_000))


def test_an_order_stands_there_with_whose_it_is_and_what_we_keep(visitor: Visitor, dealer: Customer) -> None:
    order = trading.accepted(dealer, trading.quoted(dealer))
    page = visitor(Role.SUPPORT).get(f"{PAGE}?customer={dealer.id}").text
    (name,) = customers.names_for_operators({dealer.id}).values()
    for words in ("Bought BTC", name, f"/console/orders/{order.id}", "₦10,000"):
        assert words in page


def test_one_tells_its_terms_its_price_and_its_legs(visitor: Visitor, dealer: Customer) -> None:
    order = trading.accepted(dealer, trading.quoted(dealer))
    page = visitor(Role.FINANCE).get(f"{PAGE}/{order.id}").text
    assert f"{order.fee}" in page.replace("<small>", "").replace("</small>", "")
    for words in (
        "coingecko, kraken",
        "BTC/USDT × USDT/NGN",
        "equity:<wbr>dealing:<wbr>BTC",
        "income:<wbr>spread:<wbr>NGN",
    ):
        assert words in page
    support = visitor(Role.SUPPORT).get(f"{PAGE}/{order.id}").text
    assert "which finance can read" in support
    assert "equity:" not in support


def test_filters_narrow_and_what_is_no_day_is_said(visitor: Visitor, dealer: Customer) -> None:
    bought = trading.accepted(dealer, trading.quoted(dealer))
    sold = trading.accepted(dealer, trading.quoted(dealer, Money(BTC, 1_000_000), give_asset=BTC, get=NGN))
    swapped = trading.accepted(dealer, trading.quoted(dealer, Money(BTC, 50_000), give_asset=BTC, get=USDT))
    today = clock.now().astimezone(WAT).date()
    client, every = visitor(Role.AUDITOR), {bought.id, sold.id, swapped.id}

    def shown(query: str) -> set[str]:
        text = client.get(f"{PAGE}?customer={dealer.id}&{query}").text
        return {one for one in every if f"/console/orders/{one}" in text}

    assert shown("") == shown("state=filled") == shown(f"from={today}&to={today}") == every
    assert shown("view=buy") == {bought.id}
    assert shown("view=sell") == {sold.id}
    assert shown("asset=USDT.TRC20") == {swapped.id}
    assert shown("size=middle") == {sold.id}  # (worth nearly a million)
    assert shown("size=large") == shown("state=placed") == shown(f"to={today - timedelta(days=1)}") == set()
    for nonsense in ("2026-13-41", "9999-01-01"):
        answer = client.get(f"{PAGE}?from={nonsense}")
        assert answer.status_code == 422
        assert "Write a day" in answer.text or "No orders are kept" in answer.text


def test_all_pages_come_as_one_file(visitor: Visitor, dealer: Customer) -> None:
    made = [trading.accepted(dealer, trading.quoted(dealer)) for _ in range(3)]
    text = visitor(Role.FINANCE).get(f"{PAGE}.csv?customer={dealer.id}").text
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["order"] for line in lines] == [one.id for one in reversed(made)]
    assert {(line["side"], line["give"], line["money"]) for line in lines} == {("buy", "10000.00", "NGN")}


def test_the_search_finds_an_order_by_its_id(visitor: Visitor, dealer: Customer) -> None:
    order = trading.accepted(dealer, trading.quoted(dealer))
    found = visitor(Role.SUPPORT).get("/console/find", query_string={"q": order.id}).get_json()
    assert found == [{"title": "Order", "sub": order.id, "url": f"{PAGE}/{order.id}"}]
    assert visitor(Role.ADMIN).get("/console/find", query_string={"q": order.id}).get_json() == []
