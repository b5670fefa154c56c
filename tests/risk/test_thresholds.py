"""Thresholds change by request, from a midnight in Lagos on; each has a meaning, and each meaning a row."""

import secrets
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core import actor, clock
from app.core.clock import WAT
from app.core.db import db, leave, sqlstate, transaction
from app.core.permissions import Role
from app.governance import errors as governance_errors
from app.governance import service as governance
from app.governance.models import Request
from app.risk import errors, queries, thresholds
from tests.makers import people

pytestmark = pytest.mark.usefixtures("inside")

TICK = timedelta(microseconds=1)


def far() -> date:
    """A day that no other test has."""
    return date(2500, 1, 1) + timedelta(days=secrets.randbelow(300_000))


def ask(name: str, value: int, *, day: date, role: Role = Role.ADMIN) -> Request:
    """Somebody asks."""
    who = actor.operator(people.operator(role)[0])
    with transaction(who):
        return thresholds.request(name, value, starts_on=day, reason="It is missed.", maker=who.id, actor=who)


def agree(asked: Request, role: Role = Role.COMPLIANCE_MANAGER) -> None:
    """Somebody says yes."""
    who = actor.operator(people.operator(role)[0])
    with transaction(who):
        governance.approve(asked.id, operator_id=who.id, shown=asked.payload_hash, actor=who)


def test_each_has_a_meaning_and_each_meaning_a_row() -> None:
    assert set(queries.thresholds_without_owner()) == set(thresholds.MEANINGS)
    for name, value in queries.thresholds_without_owner().items():
        assert thresholds.read(name, thresholds.typed(name, value)) == value
        assert thresholds.in_words(name, value)


def test_begin_at_midnight_in_lagos(work_off: object) -> None:
    day = far()
    before = queries.thresholds_without_owner()["dormant_points"]
    agree(ask("dormant_points", before + 1, day=day))
    work_off()  # type: ignore[operator]
    begins = datetime.combine(day, time(), WAT)
    assert queries.thresholds_without_owner(at=begins - TICK)["dormant_points"] == before
    assert queries.thresholds_without_owner(at=begins)["dormant_points"] == before + 1
    assert ("dormant_points", begins) in {
        (one.name, one.starts_at) for one in queries.thresholds_to_come_for_operators()
    }
    leave()
    with pytest.raises(errors.DayTaken):
        ask("dormant_points", before + 2, day=day)


def test_are_asked_for_by_an_administrator_and_agreed_to_by_a_manager_of_compliance() -> None:
    with pytest.raises(governance_errors.NotAllowedToAsk):
        ask("dormant_points", 1, day=far(), role=Role.COMPLIANCE_MANAGER)
    asked = ask("dormant_points", 1, day=far())
    for role in (Role.ADMIN, Role.TREASURY, Role.COMPLIANCE_OFFICER):
        with pytest.raises(governance_errors.NotYourLeg):
            agree(asked, role)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("no_such", 1, "Choose"),
        ("band_medium_points", 101, "at most 100 points"),
        ("hour_count", 0, "at least 1 "),
        ("band_medium_points", 60, "stays below"),
        ("band_high_points", 30, "stays below"),
        ("deposit_alike_percent", 50, "stays below"),
        ("structuring_low", 500_000_000, "stays below"),
        ("dormant_points", 30, "counts now"),
    ],
)
def test_that_cannot_be_are_refused(name: str, value: int, told: str) -> None:
    with pytest.raises(errors.BadThreshold, match=told):
        ask(name, value, day=far())


def test_never_begin_today_or_before() -> None:
    with pytest.raises(errors.BadThreshold, match="a day to come"):
        ask("dormant_points", 1, day=clock.now().astimezone(WAT).date())


@pytest.mark.parametrize(("name", "typed"), [("dormant_days", "x"), ("dormant_days", "-1"), ("outflow_min", "1.234")])
def test_are_typed_in_their_unit(name: str, typed: str) -> None:
    with pytest.raises(errors.BadThreshold):
        thresholds.read(name, typed)


def test_the_database_takes_only_what_was_agreed_to(work_off: object) -> None:
    asked = ask("dormant_points", 77, day=far())
    statement = (
        "INSERT INTO risk_thresholds (id, name, value, starts_at, request_id)"
        " VALUES (:id, 'dormant_points', 78, '2999-01-01', :request)"
    )
    with pytest.raises(DBAPIError) as no, transaction(actor.system("test")):
        db.session.execute(text(statement), {"id": f"rth_{secrets.token_hex(4)}", "request": asked.id})
    assert sqlstate(no.value) == "BU005"
