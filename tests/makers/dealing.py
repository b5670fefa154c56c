"""Our own dealing in tests: a house whose venue is the simulated one, funded as its books say; customers who trade."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError

from app.clients.venue_orders import Order, VenueOrders
from app.core import actor, clock
from app.core.db import leave, rows, sqlstate, transaction
from app.core.money import ASSETS, NGN, Money, parse
from app.exchange import flows, queries, rules
from app.exchange.models import Hedge
from app.ledger import accounts, chart, prices
from app.ledger.journal import Journal, credit, debit
from dev.embedded import Servers
from tests.makers import books
from tests.makers.databases import fresh_database
from tests.makers.exchange import ExchangeProcess

SYSTEM = actor.system("test")
VENUE = rules.VENUE
CUSTOMER = "liability:customer:cus_dealing:{asset}"
PRICES = {"BTC/USDT": "60000", "ETH/USDT": "3000", "TRX/USDT": "0.3", "TON/USDT": "5", "BNB/USDT": "600"}
NAIRA = {"BTC": "96000000", "ETH": "4800000", "TRX": "480", "TON": "8000", "BNB": "960000", "USDT.TRC20": "1600"}
PART_MAX = 2  # units: the books have whole ones, what is below is carried on, and a fee goes upwards
_BOOKED = """
SELECT h.cl_ord_id, j.memo ->> 'told' AS trade, h.asset, -sum(e.amount) AS units, count(DISTINCT j.id) AS journals
  FROM ledger.journals j JOIN hedges h ON h.id = j.ref
  JOIN ledger.entries e ON e.journal_id = j.id JOIN ledger.accounts a ON a.id = e.account_id
 WHERE j.kind = 'exchange.filled' AND a.code = 'equity:dealing:' || h.asset GROUP BY 1, 2, 3
"""
FUNDS = {"USDT.TRC20": "1000000", "BTC": "5", "ETH": "50"}


def coins(code: str, amount: str) -> Money:
    """So many whole coins, as people write them; below zero too."""
    money = parse(amount.lstrip("-"), asset=ASSETS[code])
    return -money if amount.startswith("-") else money


@contextmanager
def desk(given: Servers, home: object, exchange: ExchangeProcess) -> Iterator[tuple[Flask, VenueOrders]]:
    """Books of their own, with a venue that holds what they say: owners' money, which is what we want to have."""
    with fresh_database(given, home) as made, books.desk(made.app_url) as room, room.app_context():  # type: ignore[arg-type]
        settle(exchange)
        yield room, client(exchange)


def client(exchange: ExchangeProcess, *, seconds: float = 5) -> VenueOrders:
    """The product's client of the simulated venue."""
    return VenueOrders(VENUE, exchange.url, key=exchange.key, secret=exchange.secret, seconds=seconds)


def settle(exchange: ExchangeProcess) -> None:
    """Prices that stand still, money at the venue and in the books, customers' accounts."""
    for pair, price in PRICES.items():
        exchange.price(pair, price)
    with transaction(SYSTEM):
        for code, naira in NAIRA.items():
            prices.record(code, naira=Decimal(naira), at=clock.now(), source="test")
        for code in (NGN.code, *NAIRA):
            accounts.open_account(CUSTOMER.format(asset=code), asset=ASSETS[code], floor_units=None)
    for code, amount in FUNDS.items():
        exchange.fund(rules.ticker(code), amount)
        put_in(code, amount)
        leave()


def put_in(code: str, amount: str) -> None:
    """Owners' money comes to the venue, and customers have as much of it: it is held, and owed."""
    money = coins(code, amount)
    account = CUSTOMER.format(asset=code)
    legs = (debit(chart.at_venue(VENUE, asset=money.asset), money), credit(account, money))
    books.post(Journal("test.brought", books.fresh(), legs))


def bought(code: str, amount: str) -> None:
    """A customer buys so much with naira (sells, below zero), at the stored price."""
    money = coins(code, amount)
    worth = prices.value(money, prices.as_of(clock.now()))
    assert worth is not None
    ngn, other = CUSTOMER.format(asset=NGN.code), CUSTOMER.format(asset=code)
    books.post(
        Journal(
            "test.traded",
            books.fresh(),
            (
                debit(ngn, worth),
                credit(chart.house(chart.DEALING, asset=NGN), worth),
                debit(chart.house(chart.DEALING, asset=money.asset), money),
                credit(other, money),
            ),
        )
    )
    leave()


def look(venue: VenueOrders) -> dict[str, str]:
    """Look at positions: what came of each that asks for an order."""
    found = {each.asset: str(each.verdict) for each in flows.look(venue=venue, actor=SYSTEM)}
    leave()
    return found


def carry(venue: VenueOrders, *, steps: int = 20) -> None:
    """Bring all orders as far as they go."""
    for _ in range(steps):
        waiting = [hedge.id for hedge in queries.open_for_system()]
        leave()
        if not [each for each in waiting if flows.carry(each, venue=venue, actor=SYSTEM) is not None]:
            return


def stray() -> Order:
    """An order under our key that is none of ours."""
    return Order("stray", "BTC/USDT", "buy", "0.01", "99999", clock.now() + timedelta(minutes=1))


def last(asset: str = "BTC") -> Hedge:
    """The newest order for an asset."""
    leave()
    hedge = queries.hedges_for_operators(asset=asset, limit=1)[0]
    leave()
    return hedge


def exposed(asset: str) -> int:
    """How far a position is from what we want, in units."""
    leave()
    policy = queries.policy_for_system(asset)
    assert policy is not None
    found = rules.exposure(policy, queries.positions_for_system())
    leave()
    return found


@contextmanager
def db_refuses(state: str) -> Iterator[None]:
    """What is done inside, in a transaction, ends with this code of the database."""
    with pytest.raises(DBAPIError) as refused, transaction(SYSTEM):
        yield
    leave()
    assert sqlstate(refused.value) == state


def disagreements(exchange: ExchangeProcess) -> list[str]:
    """Where the venue's own book and ours differ: orders and trades by client id both ways, sizes, balances."""
    leave()
    theirs = {each["cl_ord_id"]: each for each in exchange.orders()}
    ours = {row.cl_ord_id: row for row in rows("SELECT * FROM hedges")}
    twice = [each["cl_ord_id"] for each in exchange.orders()]
    faults = [f"{name} is at the venue {twice.count(name)} times" for name in theirs if twice.count(name) > 1]
    faults += [f"{name} is none of ours" for name in theirs.keys() - ours.keys()]
    for name, row in ours.items():
        there = theirs.get(name)
        executed = Decimal(there["vol_exec"]) if there else Decimal(0)
        units = int(executed * 10 ** ASSETS[row.asset].decimals)
        if units != int(row.filled_units):
            faults.append(f"{name}: {units} were dealt in there, {row.filled_units} are booked ({row.state})")
        if there is None and row.state not in {"refused", "cancelled"}:
            faults.append(f"{name} is {row.state} and the venue does not have it")
    faults += _traded_otherwise(theirs)
    held, booked = exchange.balances(), queries.booked_at_venue_for_system(VENUE)
    for currency, asset in queries.assets_for_system(VENUE).items():
        units = int(held.get(currency, Decimal(0)) * 10 ** ASSETS[asset].decimals // 1)
        if units != booked[asset]:
            faults.append(f"the venue holds {units} of {asset}, the books say {booked[asset]}")
    leave()
    return faults


def _traded_otherwise(theirs: dict[str, Any]) -> list[str]:
    """Where the journals of the ledger are not the venue's trades, one for one, by client order id and trade."""
    there = {(name, fill["txid"]): fill for name, order in theirs.items() for fill in order["fills"]}
    booked = {(row.cl_ord_id, row.trade): row for row in rows(_BOOKED)}
    faults = [f"trade {trade} of {name} is in no journal" for name, trade in there.keys() - booked.keys()]
    faults += [f"trade {trade} of {name} is in a journal alone" for name, trade in booked.keys() - there.keys()]
    for each in there.keys() & booked.keys():
        fill, row = there[each], booked[each]
        exact = Decimal(fill["vol"]) * (1 if fill["type"] == "buy" else -1) * 10 ** ASSETS[row.asset].decimals
        if abs(row.units - exact) > PART_MAX or row.journals != 1:
            faults.append(f"trade {each} is of {exact}, and {row.journals} journals say {row.units}")
    return faults
