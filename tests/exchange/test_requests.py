"""Policies and deals are asked for by finance and agreed to by treasury; a deal is booked when the venue shows it."""

import secrets
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.core import actor, clock
from app.core.actor import Actor
from app.core.db import db, leave, transaction
from app.core.money import NGN, Asset, Money
from app.core.permissions import Role
from app.exchange import errors, flows, holdings, queries, requests
from app.exchange.models import Deal
from app.exchange.rules import Policy
from app.governance.models import Request
from app.ledger import chart, statements
from tests.makers import coins, dealing, people, settled
from tests.makers.exchange import ExchangeProcess

pytestmark = pytest.mark.usefixtures("inside")
NAIRA = Money(NGN, 15_800_000_00)


def usd(units: int) -> Money:
    """So many cents."""
    return Money(coins.USD, units)


def some_dollars() -> Money:
    """An amount that no other deal of these tests has."""
    return usd(1_000_000 + secrets.randbelow(10**9))


def ask_deal(got: Money, maker: str, who: Actor, *, paid: Money = NAIRA) -> Request:
    """Ask for a deal."""
    return requests.request_deal(paid, got=got, counterparty="A Friend Ltd", reason="x", maker=maker, actor=who)


def agreed(got: Money) -> Deal:
    """A deal that two people agreed to."""
    settled.in_the_bank(20_000_000)
    settled.agree(lambda maker, who: ask_deal(got, maker, who), by=Role.TREASURY)
    return next(one for one in queries.agreed_deals_for_system() if one.got == got)


def now(deal: Deal) -> Deal:
    """As it is."""
    leave()
    return next(one for one in queries.deals_for_operators(limit=200) if one.id == deal.id)


def policy_of(asset: str) -> Policy:
    """What counts for it."""
    found = queries.policy_for_system(asset)
    leave()
    assert found is not None
    return found


class TestADeal:
    def test_is_booked_when_the_venue_shows_it_and_once(self, exchange: ExchangeProcess) -> None:
        got = some_dollars()
        deal, venue = agreed(got), dealing.client(exchange)
        leave()
        before = settled.booked(chart.at_venue("kraken", asset=got.asset)), settled.booked(settled.BANK)
        exchange.fund("USD", f"{got.units // 100}.{got.units % 100 + 1:02}")  # another's
        flows.read_balances(venue=venue, actor=dealing.SYSTEM)
        assert now(deal).state == "agreed"
        exchange.fund("USD", f"{got.units // 100}.{got.units % 100:02}")
        for _ in range(2):
            flows.read_balances(venue=venue, actor=dealing.SYSTEM)
        done = now(deal)
        assert done.state == "arrived"
        after = settled.booked(chart.at_venue("kraken", asset=got.asset)), settled.booked(settled.BANK)
        assert after == (before[0] + got.units, before[1] - NAIRA.units)
        assert done.journal_id is not None
        legs = {leg.code: int(leg.amount) for leg in statements.journal(done.journal_id)[1]}
        assert legs["equity:dealing:USD"] == -got.units
        assert legs["equity:dealing:NGN"] == NAIRA.units

    def test_of_an_amount_that_is_on_its_way_is_refused(self) -> None:
        got = agreed(some_dollars()).got
        maker = people.operator(Role.FINANCE)[0]
        with transaction(who := actor.operator(maker)), pytest.raises(errors.DealUnderWay):
            ask_deal(got, maker, who)

    @pytest.mark.parametrize(
        ("paid", "got"),
        [
            (Money(NGN, 0), usd(5)),
            (Money(NGN, 10**20), usd(5)),
            (NAIRA, usd(0)),
            (NAIRA, Money(Asset("USDT.BEP20", 18), 5)),
        ],
    )
    def test_out_of_bounds_is_refused(self, paid: Money, got: Money) -> None:
        settled.in_the_bank(20_000_000)
        maker = people.operator(Role.FINANCE)[0]
        with transaction(who := actor.operator(maker)), pytest.raises(errors.DealOutOfBounds):
            ask_deal(got, maker, who, paid=paid)

    def test_costs_no_more_than_those_on_their_way_leave(self) -> None:
        agreed(some_dollars())
        under_way = sum(one.paid.units for one in queries.agreed_deals_for_system())
        there = queries.bank_for_system().units
        leave()
        maker = people.operator(Role.FINANCE)[0]
        with transaction(who := actor.operator(maker)), pytest.raises(errors.DealOutOfBounds):
            ask_deal(some_dollars(), maker, who, paid=Money(NGN, there - under_way + 1))

    def test_is_described_as_people_write_amounts(self) -> None:
        maker = people.operator(Role.FINANCE)[0]
        settled.in_the_bank(20_000_000)
        with transaction(who := actor.operator(maker)):
            asked = ask_deal(Money(coins.USDT, 9_000_000_000 + secrets.randbelow(9) * 1_000_000), maker, who)
        leave()
        thousands = int(asked.payload["got"]) // 1_000_000
        said = {line.label: line.value for line in requests.DEAL.describe(asked.payload)}
        assert (said["Brings"], said["To"], said["Pays"]) == (f"{thousands:,} USDT (TRON)", "Kraken", str(NAIRA))
        assert requests.DEAL.summary(asked.payload).startswith(f"Buy {thousands:,} USDT (TRON) for ₦15,800,000.00")

    def test_that_came_to_nothing_is_given_up_with_a_word(self) -> None:
        deal = agreed(some_dollars())
        leave()
        with transaction(dealing.SYSTEM), pytest.raises(errors.NoteMissing):
            holdings.abandon_deal(deal.id, note="", actor=dealing.SYSTEM)
        with transaction(dealing.SYSTEM):
            holdings.abandon_deal(deal.id, note="They did not pay.", actor=dealing.SYSTEM)
        assert now(deal).state == "abandoned"
        with transaction(dealing.SYSTEM), pytest.raises(errors.DealEnded):
            holdings.abandon_deal(deal.id, note="x", actor=dealing.SYSTEM)

    def test_is_not_written_without_two(self) -> None:
        with dealing.db_refuses("BU005"):
            db.session.execute(
                text(
                    "INSERT INTO otc_deals (id, paid_units, asset, got_units, counterparty, request_id, state, note,"
                    " created_at) VALUES ('otc_x', 1, 'USD', 1, 'x', 'grq_x', 'agreed', '', now())"
                )
            )


class TestAPolicy:
    def test_counts_from_its_day_on(self) -> None:
        changed = replace(policy_of("TON"), threshold=7 + secrets.randbelow(10**6), slippage_bps=75)
        day = (clock.now() + timedelta(days=40 + secrets.randbelow(10_000))).date()

        def ask(maker: str, who: Actor) -> Request:
            return requests.request_policy(changed, starts_on=day, reason="x", maker=maker, actor=who)

        settled.agree(ask, by=Role.TREASURY)
        assert policy_of("TON") != changed
        assert queries.policy_for_system("TON", at=clock.now() + timedelta(days=10_050)) is not None
        assert changed in [row.policy for row in queries.policy_rows_for_operators()]

    @pytest.mark.parametrize("change", [{"pair": "TON/EUR"}, {"hard": 1}, {"slippage_bps": 0}, {}])
    def test_that_cannot_count_is_refused(self, change: dict[str, object]) -> None:
        maker = people.operator(Role.FINANCE)[0]
        policy = replace(policy_of("TRX"), **change)  # type: ignore[arg-type]
        day = (clock.now() + timedelta(days=9)).date()
        with transaction(who := actor.operator(maker)), pytest.raises(errors.BadPolicy):
            requests.request_policy(policy, starts_on=day, reason="x", maker=maker, actor=who)

    def test_of_today_is_refused(self) -> None:
        maker = people.operator(Role.FINANCE)[0]
        policy = replace(policy_of("TRX"), soft=10**12)
        with transaction(who := actor.operator(maker)), pytest.raises(errors.BadPolicy):
            requests.request_policy(policy, starts_on=clock.now().date(), reason="x", maker=maker, actor=who)

    def test_is_not_written_without_two(self) -> None:
        with dealing.db_refuses("BU005"):
            holdings.set_policy(policy_of_now("TRX"), starts_at=clock.now(), request_id="grq_x")


def policy_of_now(asset: str) -> Policy:
    """The same inside a transaction."""
    found = queries.policy_for_system(asset)
    assert found is not None
    return replace(found, soft=10**12)
