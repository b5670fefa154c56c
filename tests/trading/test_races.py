"""Many at once against PostgreSQL: one quote is one order, one balance is given once, one key is one answer."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from app.core.db import atomically, leave, rows, transaction
from app.core.errors import Refusal
from app.core.money import NGN, Money
from app.customers.rules import Tier
from app.trading import alerts, errors, orders, queries, recurring
from app.trading.rhythms import Every, Rhythm, RunState
from app.trading.watching import Beyond
from tests.makers import crowd, trading
from tests.makers.books import fresh
from tests.makers.coins import BTC, ETH
from tests.makers.people import Customer, naira
from tests.makers.trading import TEST

pytestmark = pytest.mark.usefixtures("inside", "market")
MANY = 50


def accepts(who: Customer, quote_id: str, *, key: str = "") -> Any:
    """An attempt to accept a quote, to be let go with others."""

    def body() -> str:
        made, _ = atomically(
            lambda: orders.accept(quote_id, customer_id=who.id, key=key or fresh(), actor=who.actor), actor=who.actor
        )
        return made.id

    return body


def outcomes(found: list[Any]) -> Counter[str]:
    """How often each came of it: `order`, or a refusal's name."""
    return Counter("order" if isinstance(one, str) else type(one).__name__ for one in found)


def orders_of(who: Customer) -> int:
    """How many they have by now."""
    leave()
    return len(rows("SELECT FROM orders WHERE customer_id = :me", me=who.id))


def test_one_quote_fifty_accepts_one_order(app: Flask) -> None:
    who = trading.dealer()
    quote = trading.quoted(who)
    found = crowd.at_once(app, [accepts(who, quote.id) for _ in range(MANY)])
    assert outcomes(found) == {"order": 1, "QuoteUsed": MANY - 1}
    assert orders_of(who) == 1
    assert trading.has(who) == naira(990_000)
    assert trading.has(who, BTC) == quote.get
    (made,) = [one for one in found if isinstance(one, str)]
    assert {one.facts["order_id"] for one in found if isinstance(one, Refusal)} == {made}


def test_one_key_fifty_times_one_answer(app: Flask) -> None:
    who, key = trading.dealer(), fresh()
    quote = trading.quoted(who)
    found = crowd.at_once(app, [accepts(who, quote.id, key=key) for _ in range(MANY)])
    assert len(set(found)) == 1
    assert isinstance(found[0], str)
    assert orders_of(who) == 1
    assert trading.has(who) == naira(990_000)


def test_two_quotes_for_all_there_is_one_wins(app: Flask) -> None:
    who = trading.dealer()
    quotes = [trading.all_of(who, get=get) for get in (BTC, ETH)]
    found = crowd.at_once(app, [accepts(who, quote.id) for quote in quotes])
    assert outcomes(found) == {"order": 1, "NotEnough": 1}
    assert trading.has(who) == Money(NGN, 0)


def test_many_quotes_never_give_more_than_there_is(app: Flask) -> None:
    who = trading.dealer(naira(100_000))
    quotes = [trading.quoted(who, naira(30_000)) for _ in range(10)]
    found = crowd.at_once(app, [accepts(who, quote.id) for quote in quotes])
    assert outcomes(found) == {"order": 3, "NotEnough": 7}
    assert trading.has(who) == naira(10_000)


def test_many_quotes_together_do_not_pass_a_limit(app: Flask) -> None:
    who = trading.dealer(naira(200_000), tier=Tier.T1)
    quotes = [trading.quoted(who, naira(20_000)) for _ in range(10)]
    found = crowd.at_once(app, [accepts(who, quote.id) for quote in quotes])
    assert outcomes(found) == {"order": 2, "LimitExceeded": 8}


def test_one_who_comes_while_the_quote_is_being_used_finds_it_used(app: Flask, owner_engine: Engine) -> None:
    who = trading.dealer()
    quote = trading.quoted(who)
    answer = crowd.meanwhile(
        app,
        owner_engine,
        lambda: orders.accept(quote.id, customer_id=who.id, key=fresh(), actor=who.actor),
        accepts(who, quote.id),
    )
    assert isinstance(answer, errors.QuoteUsed)


def test_what_is_given_elsewhere_meanwhile_is_not_given_again(app: Flask, owner_engine: Engine) -> None:
    """Another order takes the balance between the quote and its acceptance, and is not done yet."""
    who = trading.dealer()
    first, second = (trading.quoted(who, naira(600_000)) for _ in range(2))
    answer = crowd.meanwhile(
        app,
        owner_engine,
        lambda: orders.accept(first.id, customer_id=who.id, key=fresh(), actor=who.actor),
        accepts(who, second.id),
    )
    assert isinstance(answer, errors.NotEnough)


def test_one_day_of_what_comes_again_is_one_order(app: Flask) -> None:
    who = trading.dealer()
    with transaction(who.actor):
        kept = recurring.set_up(who.id, give=naira(10_000), get=BTC, rhythm=Rhythm(Every.WEEK, 0), actor=who.actor)
    run_id = trading.due(kept)

    def tries() -> bool:
        return atomically(lambda: recurring.carry_out(run_id, actor=TEST), actor=TEST)

    assert crowd.at_once(app, [tries for _ in range(20)]) == [True] * 20
    assert orders_of(who) == 1


def test_what_its_owner_pauses_while_it_is_being_tried_is_not_bought_after_that(
    app: Flask, owner_engine: Engine
) -> None:
    """Whoever is second waits for the first, and sees what it did."""
    who = trading.dealer()
    for paused_first in (True, False):
        with transaction(who.actor):
            kept = recurring.set_up(who.id, give=naira(10_000), get=BTC, rhythm=Rhythm(Every.WEEK, 0), actor=who.actor)
        run_id = trading.due(kept)
        deeds: list[Callable[[], Any]] = [
            partial(recurring.pause, kept.id, customer_id=who.id, actor=who.actor),
            partial(recurring.carry_out, run_id, actor=TEST),
        ]
        first, second = deeds if paused_first else deeds[::-1]
        crowd.meanwhile(app, owner_engine, first, partial(atomically, second, actor=who.actor))
        assert orders_of(who) == (0 if paused_first else 1)
        assert queries.run_for_system(run_id).state == (RunState.MISSED if paused_first else RunState.DONE)
        leave()


def test_two_at_once_are_no_more_than_one_may_have(app: Flask, owner_engine: Engine) -> None:
    who = trading.dealer()

    def kept() -> str:
        rhythm = Rhythm(Every.WEEK, 0)
        return recurring.set_up(who.id, give=naira(10_000), get=BTC, rhythm=rhythm, actor=who.actor).id

    def waits() -> str:
        price, below = Decimal(1), Beyond.BELOW
        return alerts.set_up(who.id, base="BTC", quote="NGN", beyond=below, price=price, actor=who.actor).id

    for deed, most in ((kept, recurring.KEPT_MAX), (waits, alerts.KEPT_MAX)):
        for _ in range(most - 1):
            atomically(deed, actor=who.actor)
        found = crowd.meanwhile(app, owner_engine, deed, partial(atomically, deed, actor=who.actor))
        assert isinstance(found, errors.TooManyKept)


def test_one_day_of_what_comes_again_begins_once(app: Flask, owner_engine: Engine) -> None:
    who = trading.dealer()
    with transaction(who.actor):
        kept = recurring.set_up(who.id, give=naira(10_000), get=BTC, rhythm=Rhythm(Every.WEEK, 0), actor=who.actor)
    trading.make_due(owner_engine, kept)

    def begins() -> str | None:
        return atomically(lambda: recurring.begin_run(kept.id, actor=TEST), actor=TEST)

    found = crowd.at_once(app, [begins for _ in range(20)])
    assert len([one for one in found if one]) == 1
    leave()
    assert len(rows("SELECT FROM recurring_runs WHERE recurring_id = :id", id=kept.id)) == 1


def test_the_books_prove_afterwards(app: Flask) -> None:
    """Several customers deal at once, each with several quotes: what they have is what their orders say."""
    crowd_ = [trading.dealer() for _ in range(5)]
    bodies = [
        accepts(one, trading.quoted(one, naira(10_000 + step), get=BTC).id) for one in crowd_ for step in range(6)
    ]
    found = crowd.at_once(app, bodies)
    assert outcomes(found) == {"order": 30}
    for one in crowd_:
        given = rows(
            "SELECT sum(give_units) AS gave, sum(get_units) AS got FROM orders WHERE customer_id = :me", me=one.id
        )
        leave()
        assert trading.has(one).units == 1_000_000_00 - given[0].gave
        assert trading.has(one, BTC).units == given[0].got
