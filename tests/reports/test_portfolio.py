"""Cost, gains and worth over time, from journals that were really posted; of one customer alone, also of a busy one."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.core import clock
from app.core.db import leave, narrow, rows, transaction, widen
from app.core.money import NGN, Asset, Money
from app.ledger import chart, posting, prices
from app.ledger.journal import Journal, credit, debit
from app.wallets import service as wallets
from jobs.wallets import keep
from reports import portfolio
from reports.holdings import Holding
from tests.makers import people
from tests.makers.books import TESTER, fresh
from tests.makers.coins import BTC, TRX
from tests.makers.people import Customer

ONE = 10**8
pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def owner() -> Customer:
    """Somebody with three wallets."""
    found = people.customer()
    for asset in (BTC, TRX):
        with transaction(TESTER):
            wallets.open_wallet(found.id, asset=asset)
    leave()
    return found


def priced(asset: Asset, naira: str) -> None:
    with transaction(TESTER):
        prices.record(asset.code, naira=Decimal(naira), at=clock.now(), source="test")


def moved(owner: Customer, *amounts: Money) -> Journal:
    """What came to the customer, or went where it is negative, against our own side."""
    ours = {asset: chart.house(chart.DEALING, asset=asset) for asset in (NGN, BTC, TRX)}
    legs = []
    for amount in amounts:
        legs += [
            debit(ours[amount.asset], amount),
            credit(chart.of_customer(owner.id, asset=amount.asset), amount),
        ]
    return Journal("test.moved", fresh("ref"), tuple(legs))


def post(owner: Customer, *amounts: Money) -> None:
    with transaction(TESTER):
        posting.post(moved(owner, *amounts), key=fresh())


def naira(amount: int) -> Money:
    return Money(NGN, amount * 100)


class TestGains:
    def test_of_what_was_bought_and_sold_for_naira(self, owner: Customer) -> None:
        post(owner, naira(1_000_000))
        post(owner, naira(-100_000), Money(BTC, ONE))
        post(owner, naira(-300_000), Money(BTC, ONE))
        post(owner, naira(260_000), Money(BTC, -ONE))
        holding = portfolio.of_customer(customer_id=owner.id)["BTC"]
        assert (holding.units, holding.cost, holding.realised) == (ONE, 200_000_00, 60_000_00)
        assert portfolio.gain(holding, naira(250_000)) == naira(50_000)

    def test_a_swap_counts_at_what_was_given(self, owner: Customer) -> None:
        post(owner, naira(1_000_000))
        post(owner, naira(-500_000), Money(TRX, 1_000 * 10**6))
        priced(TRX, "600")
        priced(BTC, "150000000")
        post(owner, Money(TRX, -500 * 10**6), Money(BTC, ONE // 500))
        found = portfolio.of_customer(customer_id=owner.id)
        assert found["BTC"].cost == 300_000_00
        assert (found["TRX"].cost, found["TRX"].realised) == (250_000_00, 50_000_00)

    def test_what_was_sent_counts_at_the_price_of_its_time(self, owner: Customer) -> None:
        priced(BTC, "100000000")
        post(owner, Money(BTC, ONE // 100))
        priced(BTC, "300000000")
        post(owner, Money(BTC, -ONE // 200))
        holding = portfolio.of_customer(customer_id=owner.id)["BTC"]
        assert (holding.cost, holding.realised, holding.known) == (500_000_00, 0, True)

    def test_are_those_of_the_customer_alone(self, owner: Customer) -> None:
        other = people.customer()
        post(owner, naira(10), Money(BTC, 5))
        assert portfolio.of_customer(customer_id=other.id) == {}
        leave()
        token = narrow(other.id)
        try:
            assert portfolio.of_customer(customer_id=owner.id) == {}
        finally:
            leave()
            widen(token)

    def test_of_one_asset_are_what_they_are_among_all(self, owner: Customer) -> None:
        priced(TRX, "600")
        post(owner, naira(1_000), Money(TRX, 100 * 10**6))
        post(owner, Money(TRX, -50 * 10**6), Money(BTC, 100))
        whole = portfolio.of_customer(customer_id=owner.id)
        assert portfolio.of_customer(customer_id=owner.id, ticker="BTC") == {"BTC": whole["BTC"]}
        assert whole["BTC"].cost == 30_000_00

    def test_go_on_from_where_they_were_kept(self, owner: Customer) -> None:
        orders = 2_300  # (more than are walked through at once)
        _bought_and_sold(owner, orders)
        walked = portfolio.of_customer(customer_id=owner.id)
        leave()
        keep(clock.now() - timedelta(hours=1), actor=TESTER)
        assert _kept(owner) == {}
        keep(clock.now(), actor=TESTER)
        assert {asset: seq for asset, (seq, _) in _kept(owner).items()} == {"BTC": orders}
        assert portfolio.of_customer(customer_id=owner.id) == walked
        assert walked["BTC"] == Holding(0, 0, -10 * orders // 4 * 100)
        post(owner, naira(-100), Money(BTC, 7))
        keep(clock.now(), actor=TESTER)
        assert _kept(owner)["BTC"] == (orders, Decimal(0))  # (so little is walked through by the page)
        found = portfolio.of_customer(customer_id=owner.id)["BTC"]
        assert (found.units, found.cost, found.realised) == (7, 100_00, walked["BTC"].realised)

    def test_kept_from_an_old_beginning_are_kept_once(self, owner: Customer) -> None:
        post(owner, Money(BTC, 7))
        (wallet,) = rows("SELECT id FROM wallets WHERE customer_id = :id AND asset = 'BTC'", id=owner.id)
        leave()
        for since, seq, done in ((0, 1, True), (0, 2, False), (1, 2, True), (1, 3, False)):
            with transaction(TESTER):
                kept = wallets.keep_cost(
                    wallet.id, since=since, seq=seq, booked_at=clock.now(), units=seq, cost=100, realised=0, known=True
                )
            assert kept is done
        assert _kept(owner)["BTC"] == (2, Decimal(2))


def _bought_and_sold(owner: Customer, orders: int) -> None:
    """A tenth of a naira for each unit; every fourth sells for less what was bought before."""
    post(owner, naira(10_000_000))
    for start in range(0, orders, 500):
        posted = [
            (moved(owner, naira(-100), Money(BTC, 1_000)), fresh())
            if number % 4
            else (moved(owner, naira(290), Money(BTC, -3_000)), fresh())
            for number in range(start + 1, min(start + 500, orders) + 1)
        ]
        with transaction(TESTER):
            posting.batch(posted, all_or_nothing=True)
    leave()


def _kept(owner: Customer) -> dict[str, tuple[int, Decimal]]:
    found = rows(
        "SELECT w.asset, c.seq, c.units FROM wallet_costs c JOIN wallets w ON w.id = c.wallet_id"
        " WHERE c.customer_id = :id",
        id=owner.id,
    )
    leave()
    return {row.asset: (row.seq, row.units) for row in found}


class TestWorthOverTime:
    def test_is_of_all_wallets_at_each_moment(self, owner: Customer) -> None:
        post(owner, naira(5_000))
        first = clock.now()
        priced(BTC, "200000000")
        post(owner, Money(BTC, ONE // 1_000))
        second = clock.now()
        priced(BTC, "100000000")
        third = clock.now()
        found = portfolio.history([first - timedelta(days=1), first, second, third], customer_id=owner.id)
        assert [value for _, value in found] == [0, 5_000, 205_000, 105_000]

    def test_goes_by_when_journals_took_effect(self, owner: Customer) -> None:
        now, day = clock.now(), timedelta(days=1)
        post(owner, naira(70))
        with transaction(TESTER):
            late = replace(moved(owner, naira(1_000)), effective_at=now - 2 * day)
            posting.post(late, key=fresh())
        leave()
        found = portfolio.history([now - 3 * day, now - day, clock.now()], customer_id=owner.id)
        assert [value for _, value in found] == [0, 1_000, 1_070]
        assert portfolio.began(customer_id=owner.id) == now - 2 * day

    def test_leaves_out_when_a_price_was_not_known(self, owner: Customer) -> None:
        post(owner, Money(TRX, 10**6))
        known = portfolio.history([clock.now()], customer_id=owner.id)
        before_prices = portfolio.history([clock.now() - timedelta(days=400)], customer_id=owner.id)
        assert len(known) <= 1
        assert [value for _, value in before_prices] == [0]
