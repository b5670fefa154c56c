"""Limits and fees change by request, from a midnight in Lagos on, and never backwards."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import Connection, Engine

from app.core import actor, clock
from app.core.clock import WAT
from app.core.db import leave, transaction
from app.core.money import NGN, Money
from app.core.permissions import Role
from app.customers.rules import Tier
from app.governance import errors as governance_errors
from app.governance import kinds
from app.governance import service as governance
from app.governance.models import Request
from app.risk import changes, errors, fees, queries
from app.risk import service as risk
from app.risk.rules import ANY, Band, Bounds, Direction, Rail, Scope
from app.risk.service import Intent
from tests.makers import people
from tests.makers.bare import act_as, put_request
from tests.makers.books import fresh, kobo, refused, undone

pytestmark = pytest.mark.usefixtures("inside")

WorkOff = Callable[..., int]
TICK = timedelta(microseconds=1)
CHAIN_IN = Scope(Rail.CHAIN, Direction.IN, ANY)
CHARGED = Scope(Rail.BANK, Direction.OUT, NGN.code)
NEW_BANDS = [Band(0, 20_00), Band(100_000_00, 10_00, 50, 30_00, 2_000_00)]


def far() -> date:
    """A day that no other test has, long after all of them: what begins then stays."""
    return date(2100, 1, 1) + timedelta(days=secrets.randbelow(300_000))


def midnight(day: date) -> datetime:
    """With which it begins in Lagos."""
    return datetime.combine(day, time(), WAT)


def ask_limits(bounds: Bounds, *, day: date, tier: Tier = Tier.T1, scope: Scope = CHAIN_IN, by: str = "") -> Request:
    """An administrator asks."""
    who = actor.operator(by or people.operator(Role.ADMIN)[0])
    with transaction(who):
        return changes.request(tier, scope, bounds, starts_on=day, reason="The law.", maker=who.id, actor=who)


def ask_fees(bands: list[Band], *, day: date, scope: Scope = CHARGED, role: Role = Role.FINANCE) -> Request:
    """Somebody of finance asks."""
    who = actor.operator(people.operator(role)[0])
    with transaction(who):
        return fees.request(scope, bands, starts_on=day, reason="The vendor asks for more.", maker=who.id, actor=who)


def agree(asked: Request, role: Role = Role.ADMIN, *, by: str = "") -> None:
    """Somebody says yes."""
    request_id, shown = asked.id, asked.payload_hash
    who = actor.operator(by or people.operator(role)[0])
    with transaction(who):
        governance.approve(request_id, operator_id=who.id, shown=shown, actor=who)


def does(who: people.Customer, units: int, *, at: datetime) -> None:
    """They bring coins of this worth."""
    with clock.at(at), transaction(actor.system("test")):
        risk.check(Intent(fresh("use"), who.id, Rail.CHAIN, Direction.IN, kobo(units)))


class TestLimits:
    def test_begin_at_midnight_in_lagos(self, work_off: WorkOff) -> None:
        who, day = people.customer(tier=Tier.T1), far()
        agree(ask_limits(Bounds(single=80_000_00), day=day - timedelta(days=1)))
        agree(ask_limits(Bounds(single=90_000_00), day=day))
        work_off()
        begins = midnight(day)
        assert begins in {one.starts_at for one in queries.limits_to_come_for_operators()}
        with pytest.raises(errors.LimitExceeded):
            does(who, 90_000_00, at=begins - TICK)
        does(who, 90_000_00, at=begins)
        with pytest.raises(errors.LimitExceeded):
            does(who, 90_000_01, at=begins)

    def test_of_nothing_block_and_none_are_none(self, work_off: WorkOff) -> None:
        who, day = people.customer(tier=Tier.T1), far()
        agree(ask_limits(Bounds(), day=day))
        agree(ask_limits(Bounds(single=0), day=day + timedelta(days=1)))
        work_off()
        does(who, 10**15, at=midnight(day))
        with pytest.raises(errors.TierTooLow):
            does(who, 1, at=midnight(day + timedelta(days=1)))
        assert "no limit" in {line.value for line in kinds_lines(Bounds())}
        assert "blocked" in {line.value for line in kinds_lines(Bounds(single=0))}

    def test_are_not_one_persons_to_set(self) -> None:
        maker = people.operator(Role.ADMIN)[0]
        asked = ask_limits(Bounds(single=1), day=far(), by=maker)
        with pytest.raises(governance_errors.OwnRequest):
            agree(asked, by=maker)
        for role in (Role.FINANCE, Role.COMPLIANCE_MANAGER):
            with pytest.raises(governance_errors.NotYourLeg):
                agree(asked, role)

    def test_are_asked_for_by_administrators_alone(self) -> None:
        with pytest.raises(governance_errors.NotAllowedToAsk):
            ask_limits(Bounds(single=1), day=far(), by=people.operator(Role.FINANCE)[0])

    @pytest.mark.parametrize("days", [0, -1])
    def test_never_begin_today_or_before(self, days: int) -> None:
        today = clock.now().astimezone(WAT).date()
        with pytest.raises(errors.BadLimits, match="a day to come"):
            ask_limits(Bounds(single=1), day=today + timedelta(days=days))

    def test_that_do_not_fit_one_another_or_change_nothing_are_refused(self) -> None:
        with pytest.raises(errors.BadLimits, match="fits a day"):
            ask_limits(Bounds(single=2, day=1), day=far())
        present = next(one for one in queries.limits_without_owner(Tier.T2) if one.direction == "in")
        with pytest.raises(errors.BadLimits, match="count now"):
            ask_limits(present.bounds, day=far(), tier=Tier.T2, scope=present.scope)

    def test_of_one_day_are_set_once(self, work_off: WorkOff) -> None:
        day = far()
        agree(ask_limits(Bounds(single=1), day=day))
        work_off()
        with pytest.raises(errors.DayTaken):
            ask_limits(Bounds(single=2), day=day)


def kinds_lines(bounds: Bounds) -> list[kinds.Line]:
    """What is read of a request."""
    asked = ask_limits(bounds, day=far())
    return changes.KIND.describe(asked.payload)


class TestFees:
    def test_begin_at_midnight_in_lagos(self, work_off: WorkOff) -> None:
        begins = midnight(day := far())
        before = price(100_001_00, at=begins - TICK)
        agree(ask_fees(NEW_BANDS, day=day))
        work_off()
        assert price(100_001_00, at=begins - TICK) == before
        assert price(100_000_00, at=begins) == 20_00
        assert price(100_001_00, at=begins) == 10_00 + 500_00  # half a percent of ₦100,001.00 is ₦500.005
        assert price(100_000_000_00, at=begins) == 2_000_00
        assert [(one.band) for one in queries.schedule_without_owner(CHARGED, at=begins)] == NEW_BANDS

    def test_are_finances_to_ask_and_an_administrators_to_agree_to(self) -> None:
        for role in (Role.ADMIN, Role.TREASURY):
            with pytest.raises(governance_errors.NotAllowedToAsk):
                ask_fees(NEW_BANDS, day=far(), role=role)
        with pytest.raises(governance_errors.NotYourLeg):
            agree(ask_fees(NEW_BANDS, day=far()), Role.FINANCE)

    def test_that_cannot_be_are_refused(self) -> None:
        today = clock.now().astimezone(WAT).date()
        with pytest.raises(errors.BadFees, match="a day to come"):
            ask_fees(NEW_BANDS, day=today)
        with pytest.raises(errors.BadFees, match="first band"):
            ask_fees(NEW_BANDS[1:], day=far())
        with pytest.raises(errors.BadFees, match="Nothing takes"):
            ask_fees(NEW_BANDS, day=far(), scope=replace(CHARGED, rail="chain"))
        with pytest.raises(errors.BadFees, match="count now"):
            ask_fees([one.band for one in queries.schedule_without_owner(CHARGED)], day=far())

    def test_that_are_not_settled_are_not_nothing(self) -> None:
        with pytest.raises(errors.NoFee):
            queries.fee_without_owner(kobo(1), rail=Rail.CHAIN, direction=Direction.OUT)
        with pytest.raises(errors.NoFee), clock.at(datetime(2025, 12, 31, 22, 59, 59, tzinfo=WAT)):
            queries.fee_without_owner(kobo(1), rail=Rail.BANK, direction=Direction.OUT)


def price(units: int, *, at: datetime) -> int:
    """What a withdrawal of so many kobo costs then."""
    found = queries.fee_without_owner(Money(NGN, units), rail=Rail.BANK, direction=Direction.OUT, at=at).units
    leave()
    return found


class TestTheDatabase:
    """Takes neither without a request for it, nor one that begins in the past, nor a change of what there is."""

    LIMIT = (
        "INSERT INTO limits (id, tier, rail, direction, asset, single_units, starts_at, request_id)"
        " VALUES (:id, :tier, 'bank', 'in', '*', :single, CAST(:at AS timestamptz), :request)"
    )
    FEE = (
        "INSERT INTO fees (id, rail, direction, asset, over_units, flat_units, bps, starts_at, request_id)"
        " VALUES (:id, 'bank', 'out', 'NGN', 0, :flat, 0, CAST(:at AS timestamptz), :request)"
    )

    def test_takes_a_limit_as_it_was_agreed_to(self, owner_engine: Engine) -> None:
        maker = people.operator(Role.ADMIN)[0]
        leave()
        with undone(owner_engine) as connection:
            asked = self.request(connection, "risk.limits", maker, day="2100-05-01")
            past = self.request(connection, "risk.limits", maker, day="2026-01-02")
            other = self.request(connection, "risk.fees", maker, day="2100-05-01")
            good = {"id": "lim_x", "tier": "t1", "single": 1, "at": "2100-04-30 23:00:00+00", "request": asked}
            assert refused(connection, self.LIMIT, **good) == ""
            for wrong in (
                {"tier": "t2"},
                {"single": 2},
                {"single": None},
                {"at": "2100-05-01 00:00:00+00"},
                {"request": None},
                {"request": other},
                {"request": past, "at": "2026-01-01 23:00:00+00"},
            ):
                assert refused(connection, self.LIMIT, **(good | wrong)) == "BU005", wrong
            for statement in ("UPDATE limits SET single_units = NULL", "DELETE FROM limits"):
                assert refused(connection, statement) == "23001"

    def test_takes_a_fee_as_it_was_agreed_to(self, owner_engine: Engine) -> None:
        maker = people.operator(Role.FINANCE)[0]
        leave()
        with undone(owner_engine) as connection:
            asked = self.request(connection, "risk.fees", maker, day="2100-05-01")
            good = {"id": "fee_x", "flat": 2000, "at": "2100-04-30 23:00:00+00", "request": asked}
            assert refused(connection, self.FEE, **good) == ""
            for wrong in ({"flat": 1999}, {"at": "2100-05-01 23:00:00+00"}, {"request": None}):
                assert refused(connection, self.FEE, **(good | wrong)) == "BU005", wrong
            for statement in ("UPDATE fees SET flat_units = 0", "DELETE FROM fees"):
                assert refused(connection, statement) == "23001"

    def request(self, connection: Connection, kind: str, maker: str, *, day: str) -> str:
        scope = ["bank", "in", "*"] if kind == "risk.limits" else ["bank", "out", "NGN"]
        bands = [{"over": "0", "flat": "2000", "bps": 0}]
        payload: dict[str, object] = {
            "tier": "t1",
            "scope": scope,
            "bands": bands,
            "bounds": {"single": "1"},
            "starts_on": day,
        }
        found = put_request(connection, kind, payload, maker=maker)
        act_as(connection, "system:test")
        return found
