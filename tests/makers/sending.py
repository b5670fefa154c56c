"""Transfers for tests: customers with money that nobody paid in, and what they do with each other."""

from decimal import Decimal

from app.core import actor, clock
from app.core.db import for_everyone, leave, rows, transaction
from app.core.money import NGN, Asset, Money
from app.customers.rules import Tier
from app.identity import queries as identity
from app.ledger import chart, prices
from app.ledger.journal import Journal, credit, debit
from app.transfers import flows, queries, service
from app.transfers.models import MoneyRequest, Transfer
from app.wallets import service as wallets
from tests.makers import books, people
from tests.makers.people import Customer, naira

TEST = actor.system("test")
RICH, LUNCH = naira(100_000), naira(500)


def customer(amount: Money = RICH, *, tier: Tier = Tier.T3, enrolled: bool = False) -> Customer:
    """Somebody who has this much."""
    one = people.customer(tier=tier, enrolled=enrolled)
    give(one, amount)
    return one


def give(one: Customer, amount: Money) -> None:
    """Out of what the owners put in; what is no money yet has a wallet from then on."""
    with transaction(TEST):
        wallets.open_wallet(one.id, asset=amount.asset)
    legs = (
        debit(chart.house(chart.CAPITAL, asset=amount.asset), amount),
        credit(chart.of_customer(one.id, asset=amount.asset), amount),
    )
    if amount:
        books.post(Journal("test.given", books.fresh("ref"), legs))


def has(one: Customer, asset: Asset = NGN) -> Money:
    """What somebody has."""
    found = rows(
        "SELECT coalesce(sum(b.credits - b.debits), 0) AS units FROM ledger.balances b WHERE b.code = :code",
        code=chart.of_customer(one.id, asset=asset),
    )
    leave()
    return Money(asset, int(found[0].units))


def send(one: Customer, to: Customer, amount: Money, *, note: str = "", proved: bool = True) -> Transfer:
    """The command alone."""
    with transaction(one.actor):
        return service.send(one.id, to=to.id, amount=amount, note=note, proved=proved, actor=one.actor)


def sent_by_door(one: Customer, typed: str, amount: Money, *, key: str = "", proved: bool = True) -> str:
    """As the portal does it: the transfer's id."""
    with for_everyone():
        key = key or books.fresh()
        return flows.send(
            one.id, typed=typed, shown=None, amount=amount, note="", proved=proved, key=key, actor=one.actor
        )[0]


def ask(one: Customer, of: Customer, amount: Money = LUNCH, *, note: str = "Lunch") -> MoneyRequest:
    """A request for money."""
    with transaction(one.actor):
        return service.ask(one.id, of=of.id, amount=amount, note=note, actor=one.actor)


def request_now(request_id: str) -> MoneyRequest:
    """How a request stands."""
    found = queries.request_for_system(request_id)
    leave()
    return found


def handle(one: Customer, name: str = "") -> str:
    """Let them be found by a handle."""
    name = name or books.fresh("h").replace("-", "_")[:18]
    with transaction(one.actor):
        return service.claim_handle(one.id, typed=name).handle


def phone_of(one: Customer) -> str:
    """Their confirmed number."""
    counting = identity.counting_phone(owner=one.login_id)
    assert counting is not None
    found = identity.number_for_system(counting.id)
    leave()
    return found


def price(asset: str, naira_each: int) -> None:
    """What one of these is worth by now."""
    with transaction(TEST):
        prices.record(asset, naira=Decimal(naira_each), at=clock.now(), source="test")


def split(one: Customer) -> str:
    """A bill that they share with somebody: its id."""
    among = [people.customer().id]
    with transaction(one.actor):
        bill, _ = service.split(one.id, among=among, bill=LUNCH, with_me=True, note="", actor=one.actor)
    return bill.id


def everything(one: Customer) -> None:
    """Something of theirs in every table, with people whom nothing else is about."""
    other = people.customer()
    send(one, other, naira(10))
    handle(one)
    split(one)
