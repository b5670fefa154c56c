"""What stops a pair, and what lets it go on: somebody, its feeds, its price; two of treasury, or five minutes."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.db import leave, rows, sqlstate, transaction
from app.core.machine import history
from app.core.permissions import Role
from app.governance.rules import State
from app.ledger import prices as ledger
from app.market import service as market
from app.pricing import errors, queries, service
from app.pricing.models import PairHalt
from tests.makers import people, quoted, rated
from tests.makers.books import refused
from tests.makers.databases import Database

pytestmark = pytest.mark.usefixtures("market")
BTC, NAIRA = "BTC/USDT", "USDT/NGN"
TEN_SECONDS = timedelta(seconds=10)
APART = {"luno": {"USDTNGN": "15000"}}


def standing() -> list[tuple[str, str]]:
    """What stands now."""
    found = [(halt.pair, halt.cause) for halt in queries.halts_standing()]
    leave()
    return found


def the_one() -> PairHalt:
    """The halt that stands."""
    (halt,) = queries.halts_standing()
    leave()
    return halt


class TestSomebody:
    def test_turns_a_pair_off_and_two_let_it_go_on(self) -> None:
        quoted.tell()
        halt = rated.off(BTC)
        asked = rated.ask_go_on(halt.id)
        assert standing() == [(BTC, "off")]
        rated.agree(asked)
        assert standing() == []
        assert queries.dealing("BTC", "USDT").mid == 100_000
        assert [move.new_state for move in history(halt.id)] == ["off", "ended"]

    @pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
    def test_says_why(self, reason: str) -> None:
        with pytest.raises(errors.HaltReasonMissing):
            rated.off(BTC, reason=reason)

    def test_turns_off_what_there_is_once(self) -> None:
        with pytest.raises(errors.NoSuchPair):
            rated.off("DOGE/NGN")
        rated.off(BTC)
        with pytest.raises(errors.HaltedAlready):
            rated.off(BTC)

    def test_waits_for_whoever_is_dealing(self, database: Database) -> None:
        quoted.tell()
        locked, engine = "SELECT pg_try_advisory_xact_lock(hashtext('pair_halts'))", create_engine(database.app_url)
        with engine.connect() as other:
            with transaction(quoted.SYSTEM):
                queries.dealing("BTC", "NGN")
                assert other.execute(text(locked)).scalar_one() is False
                other.rollback()
            assert other.execute(text(locked)).scalar_one() is True
            other.rollback()
        engine.dispose()

    def test_asks_once_and_not_for_what_goes_on(self) -> None:
        halt = rated.off(BTC)
        asked = rated.ask_go_on(halt.id)
        with pytest.raises(errors.AskedAlready):
            rated.ask_go_on(halt.id)
        rated.agree(asked)
        with pytest.raises(errors.GoesOnAlready):
            rated.ask_go_on(halt.id)

    def test_does_not_agree_to_their_own_request(self) -> None:
        me = people.operator(Role.TREASURY)[0]
        asked = rated.ask_go_on(rated.off(BTC, by=me).id, by=me)
        with pytest.raises(Exception, match="second person"):
            rated.agree(asked, by=me)
        leave()
        assert standing() == [(BTC, "off")]
        assert asked.state == State.PENDING

    def test_tells_treasury(self) -> None:
        halt = rated.off(BTC)
        told = rows("SELECT facts FROM outbox WHERE name = 'pricing.breaker_tripped' ORDER BY id DESC LIMIT 1")
        assert told[0].facts == {"halt_id": halt.id}


class TestFeedsThatDisagree:
    def test_stop_the_pair_and_agreeing_for_five_minutes_lets_it_go_on(self) -> None:
        begin = clock.now()
        quoted.tell(APART, silent=("bank",), at=begin)
        assert standing() == [(NAIRA, "disagreeing")]
        agreed = begin + TEN_SECONDS
        for seconds, stands in ((0, True), (120, True), (299, True), (300, False)):
            with clock.at(agreed + timedelta(seconds=seconds)):
                quoted.tell(at=clock.now())
                assert bool(standing()) is stands, seconds
        with clock.at(agreed + timedelta(seconds=301)):
            assert queries.dealing("USDT", "NGN").mid == 1_500

    def test_that_fall_apart_again_begin_anew(self) -> None:
        begin = clock.now()
        for seconds, numbers in ((0, APART), (10, {}), (200, APART), (210, {}), (320, {})):
            with clock.at(begin + timedelta(seconds=seconds)):
                quoted.tell(numbers, silent=("bank",), at=clock.now())
        assert the_one().agree_since == begin + timedelta(seconds=210)

    def test_silence_is_no_agreement(self) -> None:
        begin = clock.now()
        quoted.tell(APART, silent=("bank",), at=begin)
        for seconds in (10, 400, 410):
            with clock.at(begin + timedelta(seconds=seconds)):
                quoted.tell(silent=("bank", "luno") if seconds == 400 else ("bank",), at=clock.now())
        assert the_one().agree_since == begin + timedelta(seconds=410)

    def test_that_agree_far_from_what_was_stop_it_for_moving(self) -> None:
        begin = clock.now()
        quoted.tell(silent=("bank",), at=begin)
        with clock.at(begin + TEN_SECONDS):
            quoted.tell(APART, silent=("bank",), at=clock.now())
        with clock.at(begin + 2 * TEN_SECONDS):
            naira = {"luno": {"USDTNGN": "1650"}, "coingecko": {"tether.ngn": "1650"}, "bank": {"USDNGN": "1650"}}
            quoted.tell(naira, at=clock.now())
        assert {(NAIRA, "disagreeing"), (NAIRA, "moved")} <= set(standing())

    def test_two_may_let_it_go_on_earlier(self) -> None:
        quoted.tell(APART, silent=("bank",))
        rated.agree(rated.ask_go_on(the_one().id))
        assert standing() == []


class TestAPriceThatMoves:
    @pytest.mark.parametrize(
        ("price", "stops"), [("105000", False), ("105001", True), ("94999", True), ("95001", False)]
    )
    def test_too_far_within_five_minutes_stops_the_pair(self, price: str, *, stops: bool) -> None:
        quoted.told_at(clock.now() - timedelta(seconds=40), ["100000", price])
        assert standing() == ([(BTC, "moved")] if stops else [])
        reasons = [halt.reason for halt in queries.halts_standing()]
        assert reasons == (["It moved by 5.01 %, more than 5.00 % in 5 minutes."] if stops else [])

    def test_slowly_goes_where_it_likes(self) -> None:
        begin = clock.now() - timedelta(hours=2)
        quoted.told_at(begin, ["100000", "104000", "108000", "112000"], every=timedelta(seconds=301))
        assert standing() == []

    def test_step_by_step_within_the_time_stops_it(self) -> None:
        quoted.told_at(clock.now() - timedelta(minutes=2), ["100000", "102000", "104000", "106000"])
        assert standing() == [(BTC, "moved")]

    def test_after_a_silence_is_held_against_the_last_one_before_it(self) -> None:
        quoted.told_at(clock.now() - timedelta(hours=2), ["100000", "120000"], every=timedelta(hours=1))
        assert standing() == [(BTC, "moved")]

    @pytest.mark.parametrize(("price", "stops"), [("104000", False), ("120000", True)])
    def test_after_prices_were_forgotten_is_held_against_the_last_hour(self, price: str, *, stops: bool) -> None:
        quoted.roll(quoted.told_at(clock.now() - timedelta(days=3), ["100000"]))
        with transaction(quoted.SYSTEM):
            market.sweep(at=clock.now())
        leave()
        quoted.told_at(clock.now(), [price])
        assert standing() == ([(BTC, "moved")] if stops else [])

    def test_does_not_end_by_itself(self) -> None:
        begin = clock.now() - timedelta(hours=2)
        quoted.told_at(begin, ["100000", "120000"])
        quoted.told_at(begin + timedelta(minutes=20), ["120000"] * 3, every=timedelta(minutes=20))
        assert standing() == [(BTC, "moved")]

    def test_that_two_agreed_to_does_not_stop_it_again(self) -> None:
        quoted.told_at(clock.now() - timedelta(seconds=30), ["100000", "120000"])
        rated.agree(rated.ask_go_on(the_one().id))
        moment = clock.now()
        quoted.told_at(moment, ["120000", "120100"], every=timedelta(milliseconds=5))
        assert standing() == []
        with clock.at(moment + TEN_SECONDS):
            assert queries.dealing("BTC", "USDT").mid == 120_100


class TestTheBooks:
    def test_are_told_what_assets_are_worth(self) -> None:
        quoted.tell()
        moment = clock.now()
        with transaction(quoted.SYSTEM):
            valued = service.value(at=moment)
        leave()
        worth = ledger.as_of(moment)
        assert {worth[code].naira for code in ("USDT.TRC20", "USDT.ERC20", "USDT.BEP20")} == {1_500}
        assert worth["BTC"].naira == 150_000_000
        assert worth["BTC"].source == "bank, coingecko, kraken, luno"
        assert "NGN" not in valued

    def test_are_told_nothing_that_somebody_doubts(self) -> None:
        quoted.tell({"luno": {"USDTNGN": "15000"}}, silent=("bank",))
        with transaction(quoted.SYSTEM):
            assert service.value(at=clock.now()) == []

    def test_stand_by_the_first_of_a_moment(self) -> None:
        quoted.tell()
        moment = clock.now()
        for price in ("100000", "101000"):
            quoted.tell({"kraken": {"XBTUSDT": price}, "coingecko": {"bitcoin.usd": price}})
            with transaction(quoted.SYSTEM):
                service.value(at=moment)
            leave()
        assert ledger.as_of(moment)["BTC"].naira == 150_000_000


class TestTheDatabase:
    BEGUN = (
        "INSERT INTO pair_halts (id, pair, state, cause, reason, begun_by, begun_at)"
        " VALUES ('hlt_' || :id, 'BTC/USDT', :cause, :cause, 'x', :by, now())"
    )
    ENDED = "UPDATE pair_halts SET state = 'ended', ended_at = now() WHERE id = :id"

    @pytest.mark.parametrize(
        ("who", "cause", "by"),
        [
            ("system:market.poll", "moved", "system:another"),
            ("operator:op_nobody", "off", "operator:op_nobody"),
            ("customer:cus_1", "off", "customer:cus_1"),
            ("customer:cus_1", "moved", "customer:cus_1"),
        ],
    )
    def test_lets_nobody_else_begin_one(self, database: Database, who: str, cause: str, by: str) -> None:
        engine = create_engine(database.app_url)
        with engine.connect() as connection:
            connection.execute(text("SELECT set_config('bursar.actor', :who, true)"), {"who": who})
            assert refused(connection, self.BEGUN, id=cause, cause=cause, by=by) == "23001"
        engine.dispose()

    def test_ends_none_without_a_request(self) -> None:
        halt = rated.off(BTC)
        with pytest.raises(DBAPIError) as no, transaction(quoted.SYSTEM):
            service.go_on(halt.id, request_id="req_x", reason="x", actor=quoted.SYSTEM)
        assert sqlstate(no.value) == "BU005"
        leave()
        assert standing() == [(BTC, "off")]

    def test_ends_no_disagreement_before_its_time(self, database: Database, owner_engine: Engine, app: Flask) -> None:
        quoted.tell(APART, silent=("bank",))
        halt = the_one()
        engine = create_engine(database.app_url)
        with engine.connect() as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:market.poll', true)"))
            assert refused(connection, self.ENDED, id=halt.id) == "BU005"
            rewritten = "UPDATE pair_halts SET reason = 'y' WHERE id = :id"
            assert refused(connection, rewritten, id=halt.id) == "42501"
        engine.dispose()
