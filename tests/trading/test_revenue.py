"""What orders earned is the sum of the legs in the books, by day, asset and side; and nothing else is."""

import secrets
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core import clock
from app.core.db import leave
from app.core.errors import NotFound
from app.core.money import NGN, Asset, Money
from app.trading.models import Order
from app.trading.rules import Side
from reports import activity, movements, receipts, revenue
from reports.revenue import Line, Sums
from tests.makers import people, priced, trading
from tests.makers.coins import BTC, ETH, USDT
from tests.makers.people import Customer, naira

pytestmark = pytest.mark.usefixtures("inside", "market")


def long_ago() -> datetime:
    """A moment in which no other test has done anything."""
    return datetime(2026, 2, 1, 12, tzinfo=clock.WAT) + timedelta(seconds=secrets.randbelow(200 * 86_400))


def earned_since(moment: datetime) -> list[Line]:
    """What was earned from then on."""
    found = revenue.earned(since=moment, until=moment + timedelta(seconds=1))
    leave()
    return found


def dealt(who: Customer, money: Money, get: Asset) -> Order:
    """An order of theirs."""
    return trading.accepted(who, trading.quoted(who, money, give_asset=money.asset, get=get))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    mids=st.tuples(st.integers(10_000, 10**7), st.integers(500, 4_000)),
    sizes=st.lists(st.integers(500_000, 3_000_000), min_size=1, max_size=4),
)
def test_it_is_the_sum_of_what_orders_kept(inside: Flask, mids: tuple[int, int], sizes: list[int]) -> None:
    began, made = long_ago(), list[Order]()
    with clock.at(began):
        priced.at(BTC_USDT=str(Decimal(mids[0] * 7) / 100), USDT_NGN=str(mids[1]))
        who = trading.dealer(naira(1_000_000), Money(ETH, 10**19))
        for kobo in sizes:
            made.append(dealt(who, Money(NGN, kobo), USDT))
            made.append(dealt(who, Money(ETH, kobo * 10**10), USDT))
            made.append(dealt(who, made[-1].get, NGN))
    lines = earned_since(began)
    for side, asset in ((Side.BUY, "NGN"), (Side.SELL, "NGN"), (Side.SWAP, "ETH")):
        (line,) = [one for one in lines if (one.side, one.asset.code) == (side, asset)]
        mine = [one for one in made if one.side == side]
        assert line.spread.units == sum(one.spread.units for one in mine)
        assert line.fees.units == sum(one.fee.units for one in mine)
        assert line.rounding.units == sum(one.rounding.units for one in mine)
        assert line.orders == len(mine)
    assert {one.day for one in lines} == {began.astimezone(clock.WAT).date()}
    totals = revenue.totals(lines)
    assert totals["NGN"].total.units == sum(
        one.spread.units + one.fee.units + one.rounding.units for one in made if one.money == "NGN"
    )


def test_days_are_those_of_lagos_and_bounds_hold() -> None:
    moment = clock.now() - timedelta(days=40)
    evening = moment.astimezone(clock.WAT).replace(hour=23, minute=59, second=59)
    for at in (evening, evening + timedelta(seconds=2)):
        with clock.at(at):
            priced.at()
            dealt(trading.dealer(), naira(10_000), BTC)
    lines = revenue.earned(since=evening, until=evening + timedelta(minutes=5))
    assert [(one.day.isoformat(), one.orders) for one in lines] == [
        (evening.date().isoformat(), 1),
        ((evening + timedelta(days=1)).date().isoformat(), 1),
    ]
    assert len(revenue.earned(since=evening, until=evening + timedelta(seconds=2))) == 1
    assert revenue.earned(since=evening + timedelta(seconds=3), until=evening + timedelta(days=1)) == []


def test_nothing_else_is_revenue_of_orders() -> None:
    began = long_ago()
    with clock.at(began):
        trading.dealer()  # (money that the owners put in)
    assert earned_since(began) == []
    assert revenue.totals([]) == {}
    assert Sums(naira(1), naira(2), naira(3)).total == naira(6)


class TestWhereItShows:
    def test_in_its_owners_activity_by_kind_and_standing(self) -> None:
        who = trading.dealer(naira(100_000), Money(BTC, 10**6))
        bought, sold = dealt(who, naira(10_000), BTC), dealt(who, Money(BTC, 100_000), NGN)
        swapped = dealt(who, Money(BTC, 100_000), ETH)
        found, _ = activity.of_customer(customer_id=who.id)
        assert [(one.id, one.kind) for one in found] == [
            (swapped.id, "swap"),
            (sold.id, "sell"),
            (bought.id, "buy"),
        ]
        assert [(one.amount, one.got) for one in found][1] == (Money(BTC, 100_000), sold.get)
        assert activity.one(swapped.id, customer_id=who.id).fee == swapped.fee
        for asked, many in (
            (activity.Asked("buy"), 1),
            (activity.Asked("deposit"), 0),
            (activity.Asked("", "done"), 3),
            (activity.Asked("", "open"), 0),
            (activity.Asked("", "", None, bought.created_at - timedelta(seconds=1)), 0),
        ):
            assert len(activity.of_customer(customer_id=who.id, asked=asked)[0]) == many
        page, older = activity.of_customer(customer_id=who.id, limit=2)
        rest, end = activity.of_customer(customer_id=who.id, before=older, limit=2)
        assert ([one.id for one in (*page, *rest)], end) == ([one.id for one in found], None)

    def test_among_what_staff_see_and_its_journal_is_not_there_again(self) -> None:
        who = trading.dealer(naira(100_000))
        order = dealt(who, naira(10_000), BTC)
        found, _ = movements.of_customer(who.id, after=movements.Place())
        assert [(one.id, one.kind, one.amount) for one in found if one.state] == [(order.id, "buy", naira(10_000))]
        assert {one.kind for one in found if not one.state} == {"test.given"}

    @pytest.mark.parametrize(
        ("give", "get", "title"),
        [(NGN, BTC, "Bought BTC"), (BTC, NGN, "Sold BTC"), (BTC, USDT, "Swapped BTC for USDT")],
    )
    def test_on_a_receipt_that_can_be_checked(self, give: Asset, get: Asset, title: str) -> None:
        who = trading.dealer(Money(give, 1_000_000))
        order = dealt(who, Money(give, 1_000_000), get)
        receipt = receipts.of_movement(order.id, customer_id=who.id)
        assert (receipt.title, receipt.amount) == (title, order.get)
        said = dict(receipt.lines)
        assert (said["You gave"], said["You got"]) == (str(order.give), str(order.get))
        assert said["Price"].startswith("1 BTC = ₦" if title != "Swapped BTC for USDT" else "1 USDT = BTC 0.0000")
        assert receipts.checked(order.id, receipt.code) == (title, order.get, receipts.at(order.created_at))
        for wrong in (receipts.code_of(dealt(trading.dealer(), naira(10_000), BTC).id), ""):
            with pytest.raises(receipts.NotOurs):
                receipts.checked(order.id, wrong)
        with pytest.raises(NotFound):
            receipts.of_movement(order.id, customer_id=people.customer().id)
