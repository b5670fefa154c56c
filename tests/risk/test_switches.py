"""Switches: one turns off, two turn on; what is off lets nothing begin, whoever asks; the rail turns itself off."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.core import actor, clock, ids
from app.core.db import db, leave, sqlstate, transaction
from app.core.errors import NotFound
from app.core.machine import history
from app.core.permissions import Role
from app.governance import flows as governance_flows
from app.payments import breaker, payouts
from app.risk import errors, queries, rules, switches
from app.risk.rules import Breaker, Rail
from tests.makers import books, people, switched
from tests.makers.bare import act_as
from tests.makers.books import refused, undone
from tests.makers.people import naira

SYSTEM = actor.system("test")
PROVISION = Breaker(times=3, floor=1_000, target=10_000, percent=20)
PAYOUT = (
    "INSERT INTO payouts (id, reference, amount_units, recipient_code, state, transfer_code, vendor_status,"
    " vendor_words, created_at) VALUES (:id, :id, 100, 'RCP_x', 'sending', '', '', '', :at)"
)
WRITTEN = (
    "INSERT INTO switches (id, scope, state, reason, turned_off_by, turned_off_at)"
    " VALUES ('swi_' || :id, 'asset:TON', 'off', 'x', :by, now())"
)
ON = "UPDATE switches SET state = 'on', turned_on_at = now(), request_id = :request WHERE id = :id"


class TestTheRules:
    @pytest.mark.parametrize(
        ("outflow", "usual", "left", "trips"),
        [
            (1_000, 0, 2_000, False),  # up to the floor, and a fifth is left
            (1_001, 0, 2_000, True),
            (1_500, 500, 2_000, False),  # three times the usual
            (1_501, 500, 2_000, True),
            (0, 0, 1_999, True),
        ],
    )
    def test_trips(self, outflow: int, usual: int, left: int, *, trips: bool) -> None:
        assert bool(PROVISION.tripped_by(outflow=outflow, usual=usual, left=left)) is trips

    @pytest.mark.parametrize("scope", rules.switch_scopes(["NGN", "BTC"]))
    def test_every_switch_has_words(self, scope: str) -> None:
        assert rules.switch_in_words(scope)


@pytest.fixture
def everything_on(inside: Flask) -> None:
    """Whatever other tests left off."""
    for scope in {one.scope for one in queries.switches_off_for_operators()}:
        switched.all_on(scope)
    leave()


@pytest.mark.usefixtures("everything_on")
class TestTurningOff:
    def test_stops_what_passes_it_and_nothing_else(self) -> None:
        for scope in ("rail:chain", "asset:BTC"):
            with switched.stopped(scope):
                with pytest.raises(errors.SwitchedOff), transaction(SYSTEM):
                    switches.refuse(rail=Rail.CHAIN, asset="BTC")
                with transaction(SYSTEM):
                    switches.refuse(rail=Rail.BANK, asset="NGN")
        with switched.stopped("all"), pytest.raises(errors.SwitchedOff), transaction(SYSTEM):
            switches.refuse(rail=Rail.BANK, asset="NGN")
        with transaction(SYSTEM):
            switches.refuse(rail=Rail.CHAIN, asset="BTC")

    def test_is_done_once_and_says_why(self) -> None:
        with switched.stopped("asset:TRX") as switch:
            with pytest.raises(errors.OffAlready):
                switched.off("asset:TRX")
            leave()
            assert [move.reason for move in history(switch.id)] == [switch.reason]
        for scope, reason, refusal in (
            ("rail:moon", "x", errors.NoSuchSwitch),
            ("asset:TRX", "  ", errors.SwitchReasonMissing),
            ("asset:TRX", "x" * 501, errors.SwitchReasonMissing),
        ):
            with pytest.raises(refusal):
                switched.off(scope, reason=reason)
            leave()

    @pytest.mark.parametrize("role", list(Role))
    def test_is_for_those_who_watch_over_payouts(self, owner_engine: Engine, role: Role) -> None:
        operator_id, fits = people.operator(role)[0], role not in {Role.SUPPORT, Role.FINANCE, Role.AUDITOR}
        leave()
        with undone(owner_engine) as connection:
            act_as(connection, f"operator:{operator_id}")
            facts = {"id": books.fresh(), "by": f"operator:{operator_id}"}
            assert refused(connection, WRITTEN, **facts) == ("" if fits else "23001")
            assert refused(connection, WRITTEN, **facts | {"by": "system:other"}) == "23001"

    def test_waits_for_those_who_are_passing(self, app: Flask) -> None:
        """What had looked before it was turned off begins; afterwards nothing does."""
        operator_id, done = people.operator(Role.TREASURY)[0], threading.Event()
        leave()

        def turn_off() -> None:
            with app.app_context():
                switched.off("asset:ETH", by=operator_id)
                done.set()

        other = threading.Thread(target=turn_off)
        with transaction(SYSTEM):
            switches.refuse(rail=Rail.CHAIN, asset="ETH")
            other.start()
            assert not done.wait(0.2)
        other.join()
        standing = next(one for one in queries.switches_off_for_operators() if one.scope == "asset:ETH")
        leave()
        switched.on(standing.id)


@pytest.mark.usefixtures("everything_on")
class TestTurningOn:
    def test_needs_another_and_is_asked_for_once(self) -> None:
        switch = switched.off("asset:BNB")
        maker = people.operator(Role.TREASURY)[0]
        request = switched.asked(switch.id, by=maker)
        with pytest.raises(errors.OnAskedAlready):
            switched.asked(switch.id)
        leave()
        with pytest.raises(Exception, match="asked for this"):
            switched.agree(request, by=maker)
        leave()
        switched.agree(request)
        governance_flows.carry_out(request.id, actor=SYSTEM)
        leave()
        found = queries.switch_for_operators(switch.id)
        assert (found.state, found.request_id) == ("on", request.id)
        leave()
        with pytest.raises(errors.OnAlready):
            switched.asked(switch.id)
        leave()
        with pytest.raises(NotFound):
            switched.asked("swi_none")

    def test_an_old_request_turns_on_no_later_switch(self, owner_engine: Engine) -> None:
        first = switched.off("asset:TON")
        request = switched.asked(first.id)
        switched.agree(request)
        governance_flows.carry_out(request.id, actor=SYSTEM)
        leave()
        with switched.stopped("asset:TON") as second, undone(owner_engine) as connection:
            act_as(connection, "system:test")
            for request_id in (request.id, None):
                assert refused(connection, ON, id=second.id, request=request_id) in {"BU005", "23514"}
            assert refused(connection, "DELETE FROM switches WHERE id = :id", id=second.id) == "23001"
            for change in ("reason = 'y'", "scope = 'all'", "turned_off_by = 'system:x'"):
                changed = f"UPDATE switches SET {change} WHERE id = :id"  # noqa: S608 (one of the three above)
                assert refused(connection, changed, id=second.id) == "23001"

    def test_the_app_says_nothing_but_how_it_went_on(self) -> None:
        with switched.stopped("asset:USD") as switch:
            for statement in (
                "UPDATE switches SET reason = '' WHERE id = :id",
                "DELETE FROM switches WHERE id = :id",
            ):
                with pytest.raises(DBAPIError) as said, transaction(SYSTEM):
                    db.session.execute(text(statement), {"id": switch.id})
                assert sqlstate(said.value) == "42501", statement


@pytest.mark.usefixtures("everything_on")
class TestTheDatabase:
    @pytest.mark.parametrize("scope", ["all", "rail:bank", "asset:NGN"])
    def test_lets_no_payout_begin(self, scope: str) -> None:
        payout_id = ids.new("po")
        with switched.stopped(scope), pytest.raises(DBAPIError) as said, transaction(SYSTEM):
            payouts.begin(payout_id, amount=naira(1), recipient_code="RCP_x", actor=SYSTEM)
        assert sqlstate(said.value) == "BU004"
        with transaction(SYSTEM):
            assert payouts.begin(payout_id, amount=naira(1), recipient_code="RCP_x", actor=SYSTEM)

    def test_watches_whatever_role_replicates(self, owner_engine: Engine) -> None:
        always = (
            "SELECT count(*) FROM pg_trigger WHERE tgenabled = 'A' AND (tgrelid, tgname) IN"
            " (('switches'::regclass, 'guarded'), ('switches'::regclass, 'kept'), ('switches'::regclass, 'marks_stay'),"
            "  ('payouts'::regclass, 'not_switched_off'), ('payouts'::regclass, 'not_taken_up_switched_off'))"
        )
        with owner_engine.connect() as connection:
            assert connection.execute(text(always)).scalar_one() == 5


@pytest.mark.usefixtures("everything_on")
class TestTheBreaker:
    LATER = timedelta(days=400)  # a quarter of an hour in which nobody else pays out

    def pay(self, owner_engine: Engine, amount: int, *, ago: timedelta = timedelta(0)) -> None:
        """So much that is being paid out then."""
        at = clock.now() - ago
        with transaction(SYSTEM), clock.at(at):
            payouts.begin(ids.new("po"), amount=naira(amount), recipient_code="RCP_x", actor=SYSTEM)

    def fails(self, owner_engine: Engine, amount: int) -> None:
        """Those of so much come to nothing."""
        with owner_engine.begin() as connection:
            act_as(connection, "system:test")
            failed = "UPDATE payouts SET state = 'failed' WHERE amount_units = :units AND created_at > :now"
            connection.execute(text(failed), {"units": amount * 100, "now": clock.now() - timedelta(days=2)})

    def test_turns_the_rail_off_once_with_a_reason(self, owner_engine: Engine, work_off: Callable[..., int]) -> None:
        with clock.at(clock.now() + self.LATER):
            self.pay(owner_engine, 50_000_000)
            with transaction(SYSTEM):
                assert breaker.look(actor=SYSTEM) == ""
            self.pay(owner_engine, 1)
            with transaction(SYSTEM):
                why = breaker.look(actor=SYSTEM)
            with transaction(SYSTEM):
                assert breaker.look(actor=SYSTEM) == ""
            (standing,) = [one for one in queries.switches_off_for_operators() if one.scope == breaker.SWITCH]
            assert "50,000,001" in why
            assert (standing.reason, standing.turned_off_by) == (why, "system:test")
            leave()
            switched.on(standing.id)

    def test_measures_busy_quarters_of_thirty_days(self, owner_engine: Engine) -> None:
        with clock.at(clock.now() + 2 * self.LATER):
            for hour in range(20):
                self.pay(owner_engine, 10 + hour, ago=timedelta(hours=2 + hour))
            self.pay(owner_engine, 9_000, ago=timedelta(days=32))  # too long ago
            self.pay(owner_engine, 9_000)  # not over yet
            with transaction(SYSTEM):
                assert breaker.measure() == 28_00  # of twenty the nineteenth
            self.fails(owner_engine, 28)
            with transaction(SYSTEM):  # (and what failed since is none)
                assert breaker.measure() == 29_00  # of nineteen the nineteenth
            leave()
            assert queries.usual_outflow_without_owner(rail=Rail.BANK, asset="NGN") == 29_00
            leave()
