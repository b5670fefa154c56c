"""Trades for tests: customers with money to deal with, quotes, orders."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from sqlalchemy import Connection, Engine, text

from app.core import actor, clock
from app.core.db import leave, transaction
from app.core.money import NGN, Asset, Money
from app.core.permissions import Role
from app.customers.rules import Tier
from app.ledger import balances, chart, posting
from app.ledger.journal import Journal, credit, debit
from app.notifications.queries import Letter
from app.pricing import service as pricing
from app.trading import alerts, orders, quotes, recurring
from app.trading.models import Order, Quote, Recurring
from app.trading.rhythms import Every, Rhythm
from app.trading.watching import Beyond
from app.wallets import service as wallets
from reports import costs
from tests.makers import mailbox, people, priced, rated, switched
from tests.makers.books import fresh
from tests.makers.coins import BTC
from tests.makers.people import Customer

TEST = actor.system("test")


def market_opens() -> None:
    """The usual prices, made now, and nothing stopped that another test left behind."""
    for scope in ("all", "rail:inside"):
        switched.all_on(scope)
    rated.all_on()
    priced.at()


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


def cost_kept(who: Customer) -> None:
    """Keep what each of their wallets cost, as the job does for those with much in them."""
    for cost in costs.of_customer(customer_id=who.id).values():
        held = cost.holding
        with transaction(TEST):
            wallets.keep_cost(
                cost.wallet_id, since=cost.since, seq=cost.seq, booked_at=cost.booked_at or clock.now(),
                units=held.units, cost=held.cost, realised=held.realised, known=held.known,
            )  # fmt: skip


def quoted(
    who: Customer, typed: Money | None = None, *, give_asset: Asset = NGN, get: Asset = BTC, replaces: str | None = None
) -> Quote:
    """A quote: for a purchase of bitcoin with ten thousand naira where nothing else is said."""
    with transaction(who.actor):
        made = quotes.make(
            who.id, give=give_asset, get=get, typed=people.naira(10_000) if typed is None else typed, replaces=replaces
        )
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
    due(kept)


def due(kept: Recurring) -> str:
    """The next time that it is due has come: its run."""
    assert kept.next_at
    with clock.at(kept.next_at), transaction(TEST):
        run_id = recurring.begin_run(kept.id, actor=TEST)
    leave()
    assert run_id
    return run_id


def make_due(engine: Engine, kept: Recurring, *, at: str = "now() - interval '1 second'") -> None:
    """It is due by now, by the database's clock."""
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))
        connection.execute(text(f"UPDATE recurring_orders SET next_at = {at} WHERE id = :id"), {"id": kept.id})  # noqa: S608


def accepted(who: Customer, quote: Quote, *, key: str = "") -> Order:
    """The order that comes of it."""
    with transaction(who.actor):
        made, _ = orders.accept(quote.id, customer_id=who.id, key=key or fresh(), actor=who.actor)
    leave()
    return made


def told(who: Customer) -> list[Letter]:
    """The mails to somebody since they confirmed their address, by subject."""
    letters = [letter for letter in mailbox.letters_to(who.email) if letter.subject != "Your confirmation code"]
    leave()
    return sorted(letters, key=lambda letter: letter.subject)


@contextmanager
def closed(engine: Engine, code: str) -> Iterator[None]:
    """An asset is closed for trading for the body, and open again after it: as two people would agree to it."""
    try:
        _open(engine, code, opened=False)
        yield
    finally:
        _open(engine, code, opened=True)


@contextmanager
def threshold(engine: Engine, name: str, value: int) -> Iterator[None]:
    """Another value for the body."""
    with _unguarded(engine, "risk_thresholds", "approved") as connection:
        begins = {"id": fresh("rth"), "name": name, "value": value}
        connection.execute(
            text("INSERT INTO risk_thresholds (id, name, value, starts_at) VALUES (:id, :name, :value, now())"), begins
        )
    try:
        yield
    finally:
        with _unguarded(engine, "risk_thresholds", "append_only") as connection:
            connection.execute(text("DELETE FROM risk_thresholds WHERE id = :id"), begins)


@contextmanager
def no_fees(engine: Engine, asset: str) -> Iterator[None]:
    """Nobody says what giving this costs, for the body."""
    statement = "UPDATE fees SET asset = :new WHERE rail = 'inside' AND direction = 'out' AND asset = :old"
    for old, new in ((asset, "none"), ("none", asset)):
        with _unguarded(engine, "fees", "append_only") as connection:
            connection.execute(text(statement), {"old": old, "new": new})
        if new == "none":
            yield


@contextmanager
def halted(engine: Engine, pair: str) -> Iterator[None]:
    """Somebody turned a pair off for the body."""
    who = actor.operator(people.operator(Role.TREASURY)[0])
    with transaction(who):
        halt = pricing.turn_off(pair, reason="A test.", actor=who)
    leave()
    try:
        yield
    finally:
        with _unguarded(engine, "pair_halts", "kept") as connection:
            connection.execute(text("DELETE FROM pair_halts WHERE id = :id"), {"id": halt.id})


@contextmanager
def _unguarded(engine: Engine, table: str, trigger: str) -> Iterator[Connection]:
    """The owner's connection, with one trigger of a table off until it is committed."""
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}"))
        yield connection
        connection.execute(text(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}"))


def _open(engine: Engine, code: str, *, opened: bool) -> None:
    statement = """
    INSERT INTO ledger.asset_versions
    SELECT (jsonb_populate_record(v, jsonb_build_object('version', v.version + 1, 'open', CAST(:opened AS boolean)))).*
      FROM ledger.asset_versions v WHERE v.code = :code ORDER BY v.version DESC LIMIT 1
    """
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        connection.execute(text(statement), {"code": code, "opened": opened})
