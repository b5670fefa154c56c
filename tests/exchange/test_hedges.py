"""From a position to a fill in the books, before a venue that drops, delays, hides and refuses."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from app.clients.http import Silent, Unreached
from app.clients.venue_orders import VenueOrders
from app.core import clock
from app.core.db import db, leave, rows, transaction
from app.core.money import ASSETS, Money
from app.exchange import flows, queries, rules, service
from app.exchange.errors import HedgingOff
from app.ledger import accounts, prices, proof
from dev.embedded import Servers
from reports import treasury
from tests.makers import dealing
from tests.makers.dealing import SYSTEM, bought, carry, disagreements, exposed, last, look
from tests.makers.exchange import ExchangeProcess

pytestmark = pytest.mark.xdist_group("hedges")


@pytest.fixture
def at(given: Servers, home: Path, exchange: ExchangeProcess) -> Iterator[VenueOrders]:
    """Fresh books, and a venue that holds what they say."""
    with dealing.desk(given, home, exchange) as (_, venue):
        yield venue
        leave()
        assert not proof.broken()


def later(seconds: int) -> timedelta:
    """So much later."""
    return timedelta(seconds=seconds)


def legs(hedge_id: str) -> dict[str, int]:
    """What an order put on each account, in units."""
    found = rows(
        "SELECT a.code, sum(e.amount) AS units FROM ledger.journals j JOIN ledger.entries e ON e.journal_id = j.id"
        " JOIN ledger.accounts a ON a.id = e.account_id WHERE j.ref = :ref GROUP BY a.code",
        ref=hedge_id,
    )
    leave()
    return {row.code: int(row.units) for row in found}


def free(code: str) -> tuple[int, int]:
    """Booked at the venue, and free of it."""
    leave()
    booked = queries.booked_at_venue_for_system("kraken")[code]
    found = booked, queries.free_at_venue_for_system("kraken", code)
    leave()
    return found


class TestAPosition:
    def test_that_is_short_is_bought(self, at: VenueOrders, exchange: ExchangeProcess) -> None:
        bought("BTC", "0.25")
        assert exposed("BTC") == -25_000_000
        assert look(at) == {"BTC": "planned"}
        planned = last()
        assert (planned.state, planned.side, planned.volume) == ("planned", "buy", Money(ASSETS["BTC"], 25_000_000))
        booked, left = free("USDT.TRC20")
        assert booked - left == planned.held.units > 15_000_000_000
        assert exchange.calls("AddOrder") == 0
        carry(at)
        done = last()
        assert (done.state, done.filled) == ("filled", done.volume)
        assert free("USDT.TRC20")[0] == free("USDT.TRC20")[1] < booked
        assert exposed("BTC") == 0
        assert disagreements(exchange) == []
        booked_legs = legs(done.id)
        fee = booked_legs["expense:venue_fees:USDT.TRC20"]
        assert booked_legs["asset:venue:kraken:BTC"] == -booked_legs["equity:dealing:BTC"] == 25_000_000
        assert booked_legs["asset:venue:kraken:USDT.TRC20"] == -booked_legs["equity:dealing:USDT.TRC20"] - fee
        assert 0 < fee < 50_000_000

    def test_that_is_long_is_sold(self, at: VenueOrders, exchange: ExchangeProcess) -> None:
        bought("ETH", "-3.5")
        assert look(at) == {"ETH": "planned"}
        carry(at)
        assert (last("ETH").state, last("ETH").side) == ("filled", "sell")
        assert exposed("ETH") == 0
        assert disagreements(exchange) == []

    def test_of_many_small_trades_is_one_order(self, at: VenueOrders, exchange: ExchangeProcess) -> None:
        for _ in range(7):
            bought("BTC", "0.0004")
        bought("BTC", "-0.0008")
        assert look(at) == {"BTC": "planned"}
        carry(at)
        assert last().volume == Money(ASSETS["BTC"], 200_000)
        assert exchange.calls("AddOrder") == 1

    def test_below_its_threshold_is_left(self, at: VenueOrders) -> None:
        bought("BTC", "0.0009")
        assert look(at) == {}

    def test_is_answered_by_one_order_at_a_time(self, at: VenueOrders) -> None:
        bought("BTC", "0.1")
        bought("ETH", "1")
        assert look(at) == {"BTC": "planned", "ETH": "planned"}
        bought("BTC", "0.1")
        assert look(at) == {}
        carry(at)
        assert look(at) == {"BTC": "planned"}
        carry(at)
        assert exposed("BTC") == 0

    def test_of_every_network_of_a_token_is_one(self, at: VenueOrders) -> None:
        policy = queries.policy_for_system("USDT.TRC20")
        assert policy is not None
        before = rules.own(policy, queries.positions_for_system())
        with transaction(SYSTEM):
            prices.record("USDT.ERC20", naira=Decimal(1600), at=clock.now(), source="test")
            accounts.open_account(
                dealing.CUSTOMER.format(asset="USDT.ERC20"), asset=ASSETS["USDT.ERC20"], floor_units=None
            )
        bought("USDT.ERC20", "500")
        assert rules.own(policy, queries.positions_for_system()) == before - 500_000_000

    def test_that_the_venue_cannot_pay_for_is_said(self, at: VenueOrders) -> None:
        bought("BTC", "40")
        assert look(at) == {"BTC": "planned"}  # as far as it goes
        assert last().volume.units < 4_000_000_000
        carry(at)
        while (found := look(at)) == {"BTC": "planned"}:  # (what was held for fees is free again)
            carry(at)
        assert found == {"BTC": "lacking"}

    def test_is_not_answered_at_a_price_that_nobody_else_sees(self, at: VenueOrders, exchange: ExchangeProcess) -> None:
        bought("BTC", "0.1")
        exchange.price("BTC/USDT", "66000")
        assert look(at) == {"BTC": "doubted"}
        exchange.price("BTC/USDT", "60500")
        assert look(at) == {"BTC": "planned"}

    def test_in_what_the_venue_does_not_deal_in_keeps_no_other_waiting(
        self, at: VenueOrders, exchange: ExchangeProcess
    ) -> None:
        exchange.knobs(cancel_only="BTC/USDT")
        bought("BTC", "0.1")
        bought("ETH", "1")
        assert look(at) == {"BTC": "unlisted", "ETH": "planned"}
        carry(at)
        assert (exposed("ETH"), disagreements(exchange)) == (0, [])
        exchange.knobs(cancel_only=None)
        assert look(dealing.client(exchange)) == {"BTC": "planned"}

    def test_is_not_answered_while_that_is_switched_off(self, at: VenueOrders, exchange: ExchangeProcess) -> None:
        bought("BTC", "0.1")
        look(at)
        bought("ETH", "1")
        turn(off=True)
        with pytest.raises(HedgingOff):
            look(at)
        carry(at)
        assert (last().state, exchange.calls("AddOrder")) == ("cancelled", 0)
        assert free("USDT.TRC20")[0] == free("USDT.TRC20")[1]


def turn(*, off: bool) -> None:
    """Switch hedging off, as the owner of the database would."""
    assert off
    with transaction(SYSTEM):
        db.session.execute(
            text(
                "INSERT INTO switches (id, scope, state, reason, turned_off_by, turned_off_at)"
                " VALUES ('swi_test', 'hedging', 'off', 'x', 'system:test', now())"
            )
        )
    leave()


class TestAnOrder:
    def test_that_goes_in_parts_is_booked_part_by_part(self, at: VenueOrders, exchange: ExchangeProcess) -> None:
        exchange.knobs(fill_parts=4)
        bought("BTC", "0.37")
        look(at)
        carry(at)
        fills = queries.fills_for_operators([last().id])[last().id]
        assert len(fills) == 4
        assert sum(fill.base_units for fill in fills) == 37_000_000
        assert disagreements(exchange) == []

    def test_of_which_a_part_is_cancelled_is_followed_by_one_for_the_rest(
        self, at: VenueOrders, exchange: ExchangeProcess
    ) -> None:
        exchange.knobs(fill_parts=4, fill_stop=2, rest="canceled")
        bought("BTC", "0.4")
        look(at)
        carry(at)
        assert (last().state, last().filled.units) == ("cancelled", 20_000_000)
        exchange.knobs(fill_parts=1, fill_stop=None)
        assert look(at) == {"BTC": "planned"}
        carry(at)
        assert (last().state, last().volume.units, exposed("BTC")) == ("filled", 20_000_000, 0)
        assert disagreements(exchange) == []

    def test_with_a_fee_in_what_was_bought(self, at: VenueOrders, exchange: ExchangeProcess) -> None:
        exchange.knobs(fee_in="base")
        bought("BTC", "0.123")
        look(at)
        carry(at)
        fee = legs(last().id)["expense:venue_fees:BTC"]
        assert fee == 31_980
        assert exposed("BTC") == -fee
        assert disagreements(exchange) == []

    def test_that_the_price_ran_away_from_costs_no_more_than_its_limit(
        self, at: VenueOrders, exchange: ExchangeProcess
    ) -> None:
        bought("BTC", "0.1")
        look(at)
        exchange.price("BTC/USDT", "61000")
        carry(at)
        assert (last().state, last().filled.units) == ("cancelled", 0)
        assert look(at) == {}  # not at once again
        with clock.at(clock.now() + later(11)):
            assert look(at) == {"BTC": "planned"}
            carry(at)
        assert last().state == "filled"

    @pytest.mark.parametrize("answer", ["error_after", "late_ms", "drop"])
    def test_that_was_taken_without_a_word_is_found_and_not_sent_again(
        self, at: VenueOrders, exchange: ExchangeProcess, answer: str
    ) -> None:
        bought("BTC", "0.1")
        look(at)
        hasty = dealing.client(exchange, seconds=0.7)
        hasty.market("BTC/USDT")
        exchange.knobs(answer=answer, late_ms=1_500, answer_times=1, answer_to="AddOrder")
        assert flows.carry(last().id, venue=hasty, actor=SYSTEM) is not None
        assert last().state == "unknown"
        booked, left = free("USDT.TRC20")
        assert booked > left
        carry(at)
        assert (last().state, exposed("BTC"), exchange.calls("AddOrder")) == ("filled", 0, 1)
        assert disagreements(exchange) == []

    def test_that_never_came_holds_its_money_until_that_is_certain(
        self, at: VenueOrders, exchange: ExchangeProcess
    ) -> None:
        bought("BTC", "0.1")
        look(at)
        at.market("BTC/USDT")
        exchange.knobs(down="cut")
        assert flows.carry(last().id, venue=at, actor=SYSTEM) is not None
        exchange.knobs(down="no")
        carry(at, steps=3)
        assert exchange.orders() == []
        assert last().state == "unknown"
        assert look(at) == {}
        with clock.at(clock.now() + rules.CERTAIN_AFTER + later(1)):
            carry(at, steps=1)
            assert last().state == "refused"
        assert free("USDT.TRC20")[0] == free("USDT.TRC20")[1]
        with clock.at(clock.now() + rules.CERTAIN_AFTER + later(15)):
            assert look(at) == {"BTC": "planned"}
            carry(at)
        assert (exposed("BTC"), len(exchange.orders())) == (0, 1)
        assert disagreements(exchange) == []

    def test_that_hides_is_not_taken_for_one_that_never_came(self, at: VenueOrders, exchange: ExchangeProcess) -> None:
        bought("BTC", "0.1")
        look(at)
        at.market("BTC/USDT")
        exchange.knobs(answer="error_after", answer_times=1, answer_to="AddOrder", hide_orders=6)
        assert flows.carry(last().id, venue=at, actor=SYSTEM) is not None
        with clock.at(clock.now() + rules.CERTAIN_AFTER + later(1)):
            carry(at, steps=2)
            assert last().state == "unknown"  # what the venue holds is not what the books say
            carry(at)
        assert (last().state, exchange.calls("AddOrder"), exposed("BTC")) == ("filled", 1, 0)
        assert disagreements(exchange) == []

    def test_that_is_named_and_hides_is_waited_for(self, at: VenueOrders, exchange: ExchangeProcess) -> None:
        exchange.knobs(hide_orders=3)
        bought("BTC", "0.1")
        look(at)
        flows.carry(last().id, venue=at, actor=SYSTEM)
        assert (last().state, bool(last().venue_order)) == ("sent", True)
        with clock.at(clock.now() + rules.CERTAIN_AFTER + later(1)):
            carry(at)
        assert last().state == "filled"

    def test_that_is_refused_lets_go_of_what_was_held(self, at: VenueOrders, exchange: ExchangeProcess) -> None:
        exchange.knobs(status="cancel_only")
        bought("BTC", "0.1")
        look(at)
        carry(at)
        assert (last().state, "cancel_only" in last().words) == ("refused", True)
        assert free("USDT.TRC20")[0] == free("USDT.TRC20")[1]

    def test_at_a_venue_that_is_not_there_never_left(self, at: VenueOrders, exchange: ExchangeProcess) -> None:
        bought("BTC", "0.1")
        look(at)
        exchange.stop()
        try:
            with pytest.raises(Unreached):
                at.balances()
            carry(at)
            assert (last().state, "certainly" in last().words) == ("cancelled", True)
        finally:
            exchange.start()
        assert disagreements(exchange) == []

    def test_whose_worker_died_calling_is_asked_about(self, at: VenueOrders, exchange: ExchangeProcess) -> None:
        bought("BTC", "0.1")
        look(at)
        planned = last()
        with transaction(SYSTEM):
            claimed = service.claim(planned.id, actor=SYSTEM)
        assert claimed is not None
        leave()
        with transaction(SYSTEM):
            assert service.claim(planned.id, actor=SYSTEM) is None
        leave()
        flows.carry(planned.id, venue=at, actor=SYSTEM)
        assert exchange.calls("AddOrder") == 0
        with clock.at(clock.now() + rules.CERTAIN_AFTER + later(1)):
            carry(at)
        assert last().state == "refused"

    def test_that_nobody_sent_in_time_is_not_sent(self, at: VenueOrders, exchange: ExchangeProcess) -> None:
        bought("BTC", "0.1")
        look(at)
        with clock.at(clock.now() + rules.SENT_WITHIN + later(1)):
            carry(at)
        assert (last().state, exchange.calls("AddOrder")) == ("cancelled", 0)

    def test_that_shows_after_it_counted_as_never_sent_is_booked(
        self, at: VenueOrders, exchange: ExchangeProcess
    ) -> None:
        bought("BTC", "0.1")
        look(at)
        at.market("BTC/USDT")
        exchange.knobs(answer="error_after", answer_times=1, answer_to="AddOrder")
        flows.carry(last().id, venue=at, actor=SYSTEM)
        with transaction(SYSTEM):
            service.refuse(last_id := queries.open_for_system()[0].id, words="x", actor=SYSTEM)
        leave()
        assert flows.sweep(venue=at, actor=SYSTEM) == []
        leave()
        assert (last().id, last().state, exposed("BTC")) == (last_id, "filled", 0)
        assert disagreements(exchange) == []
        flows.sweep(venue=at, actor=SYSTEM)
        assert len(rows("SELECT FROM outbox WHERE name = 'exchange.hedge_surfaced'")) == 1

    def test_of_somebody_else_under_our_key_is_seen(self, at: VenueOrders) -> None:
        from_elsewhere = flows.Order("elsewhere", "BTC/USDT", "buy", "0.01", "61000", clock.now() + later(60))
        at.place(from_elsewhere)
        assert [each.client_id for each in flows.sweep(venue=at, actor=SYSTEM)] == ["elsewhere"]


class TestBalances:
    def test_agree_after_dealing(self, at: VenueOrders) -> None:
        bought("BTC", "0.1")
        look(at)
        carry(at)
        for _ in range(3):
            flows.read_balances(venue=at, actor=SYSTEM)
            leave()
        readings = queries.readings_for_operators()
        assert {each.currency: each.unexplained for each in readings if each.unexplained} == {}
        assert {"BTC", "USDT", "ETH"} <= {each.currency for each in readings}

    def test_that_stay_apart_are_told_of_once(self, at: VenueOrders, exchange: ExchangeProcess) -> None:
        exchange.fund("BTC", "0.5")
        for _ in range(5):
            flows.read_balances(venue=at, actor=SYSTEM)
            leave()
        told = rows("SELECT facts FROM outbox WHERE name = 'exchange.balance_differs'")
        leave()
        assert len(told) == 1
        (btc,) = [each for each in queries.readings_for_operators() if each.currency == "BTC"]
        assert (btc.differs, btc.unexplained) == (True, 50_000_000)

    def test_a_venue_that_says_nothing_changes_nothing(self, at: VenueOrders, exchange: ExchangeProcess) -> None:
        exchange.knobs(down="503")
        with pytest.raises(Silent):
            flows.read_balances(venue=at, actor=SYSTEM)
        leave()
        assert queries.readings_for_operators() == []


class TestExposure:
    def test_beyond_a_limit_is_told_of_once_and_when_it_is_back(self, at: VenueOrders) -> None:
        bought("BTC", "0.06")
        with transaction(SYSTEM):
            assert [each.level for each in service.note_exposure()] == ["soft"]
            assert service.note_exposure() == []
        leave()
        look(at)
        carry(at)
        look(at)
        assert queries.alerts_standing_for_operators() == []
        names = [row.name for row in rows("SELECT name FROM outbox WHERE name LIKE 'exchange.exposure%' ORDER BY id")]
        assert names == ["exchange.exposure_passed", "exchange.exposure_back"]

    def test_beyond_the_hard_one_says_which_side(self, at: VenueOrders) -> None:
        bought("BTC", "-0.6")
        with transaction(SYSTEM):
            assert {each.level for each in service.note_exposure()} == {"soft", "hard"}
        (told,) = rows("SELECT facts FROM outbox WHERE facts ->> 'level' = 'hard'")
        assert (told.facts["ticker"], told.facts["side"]) == ("BTC", "long")
        shown = {each.policy.asset: each for each in queries.exposures_for_operators()}
        assert shown["BTC"].used_percent == 120

    def test_is_what_the_page_shows(self, at: VenueOrders) -> None:
        bought("BTC", "0.06")
        look(at)
        shown = {each.policy.asset: each for each in queries.exposures_for_operators()}
        assert shown["BTC"].beyond == Money(ASSETS["BTC"], -6_000_000)
        assert shown["BTC"].worth == Money(ASSETS["NGN"], -5_760_000_00)
        assert shown["BTC"].hedge is not None
        cover = next(each for each in treasury.covers() if each.asset.code == "BTC")
        assert (cover.held_all.units, cover.owed_all.units) == (500_000_000, 506_000_000)
        assert (cover.ours.units, cover.bps, cover.standing) == (-6_000_000, 9_881, treasury.Standing.BEYOND)


def test_the_database_keeps_an_order_from_going_back(at: VenueOrders) -> None:
    bought("BTC", "0.1")
    look(at)
    carry(at)
    done = last()
    with dealing.db_refuses("BU005"):
        db.session.execute(text("UPDATE hedges SET state = 'sending' WHERE id = :id"), {"id": done.id})
    with dealing.db_refuses("BU005"):
        db.session.execute(text("UPDATE hedges SET filled_units = 0 WHERE id = :id"), {"id": done.id})
    with dealing.db_refuses("42501"):
        db.session.execute(text("UPDATE hedge_fills SET base_units = 0 WHERE hedge_id = :id"), {"id": done.id})
