"""Trades for tests: customers with money to deal with, quotes, orders."""

from decimal import Decimal

from app.core import actor, clock
from app.core.db import leave, transaction
from app.core.money import NGN, Asset, Money
from app.customers.rules import Tier
from app.ledger import balances, chart, posting
from app.ledger.journal import Journal, credit, debit
from app.trading import alerts, orders, quotes, recurring
from app.trading.models import Order, Quote
from app.trading.rhythms import Every, Rhythm
from app.trading.watching import Beyond
from app.wallets import service as wallets
from tests.makers import people, priced
from tests.makers.books import fresh
from tests.makers.coins import BTC
from tests.makers.people import Customer

TEST = actor.system("test")


def dealer(*moneys: Money, tier: Tier = Tier.T3) -> Customer:
    """A customer who has this; a million naira where nothing is said."""
    who = people.customer(tier=tier)
    for money in moneys or (people.naira(1_000_000),):
        give(who, money)
    leave()
    return who


def give(who: Customer, money: Money) -> None:
    """Put it into their wallet, from what the owners put in."""
    taker = chart.of_customer(who.id, asset=money.asset)
    with transaction(TEST):
        wallets.open_wallet(who.id, asset=money.asset)
        legs = (debit(chart.house(chart.CAPITAL, asset=money.asset), money), credit(taker, money))
        posting.post(Journal("test.given", fresh("ref"), legs), key=fresh())
    leave()


def has(who: Customer, asset: Asset = NGN) -> Money:
    """What they have available of something."""
    found = balances.of(chart.of_customer(who.id, asset=asset)).available
    leave()
    return found


def quoted(
    who: Customer, typed: Money | None = None, *, give_asset: Asset = NGN, get: Asset = BTC, replaces: str | None = None
) -> Quote:
    """A quote: for a purchase of bitcoin with ten thousand naira where nothing else is said."""
    with transaction(who.actor):
        made = quotes.make(who.id, give=give_asset, get=get, typed=typed or people.naira(10_000), replaces=replaces)
    leave()
    return made


def all_of(who: Customer, *, give_asset: Asset = NGN, get: Asset = BTC) -> Quote:
    """A quote for all that they have."""
    with transaction(who.actor):
        made = quotes.make(who.id, give=give_asset, get=get, typed=None)
    leave()
    return made


def everything(who: Customer) -> None:
    """Something in every table: an order, a recurring one with a day of it, an alert."""
    priced.at()
    give(who, people.naira(10_000))
    accepted(who, quoted(who))
    with transaction(who.actor):
        kept = recurring.set_up(
            who.id, give=people.naira(10_000), get=BTC, rhythm=Rhythm(Every.WEEK, 0), actor=who.actor
        )
        alerts.set_up(who.id, base="BTC", quote="NGN", beyond=Beyond.BELOW, price=Decimal(1), actor=who.actor)
    assert kept.next_at
    with clock.at(kept.next_at), transaction(TEST):
        recurring.begin_run(kept.id, actor=TEST)
    leave()


def accepted(who: Customer, quote: Quote, *, key: str = "") -> Order:
    """The order that comes of it."""
    with transaction(who.actor):
        made = orders.accept(quote.id, customer_id=who.id, key=key or fresh(), actor=who.actor)
    leave()
    return made
