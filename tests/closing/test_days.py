"""Which days are proved, and when anew; and that an account with a fault keeps no other waiting."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from app.closing import rerun
from app.closing.rules import NOT_CLOSED, DayState
from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.ledger import periods
from jobs import closing as work_of_closing
from jobs import matching as work_of_matching
from jobs.work import Work
from tests.makers import people
from tests.makers.books import fresh
from tests.makers.matching import TEST, Outside, groups, swap

pytestmark = pytest.mark.usefixtures("inside")
MATCHING_TURN = "SELECT pg_advisory_xact_lock(hashtextextended('matching:' || :account, 0))"


@pytest.fixture
def work(app: Flask) -> Work:
    """As a worker is given it."""
    return Work("test", "", {}, app.extensions["clients"], TEST)


def deposit(day: int, naira: int, balance: int) -> str:
    """A row of March: so much came in, and this is there then."""
    return f"{fresh('L')},{fresh('R')},2026-03-{day:02} 09:00:00,deposit,,currency,NGN,{naira},0,{balance}"


def states(outside: Outside) -> dict[date, str]:
    """How its days are kept."""
    found = rows("SELECT day, state FROM proof_days WHERE account = :account", account=outside.account)
    leave()
    return {row.day: row.state for row in found}


def proved(outside: Outside, work: Work, *, at: datetime) -> dict[date, str]:
    """Match it and prove what is over at a moment: how its days are kept then."""
    with clock.at(at):
        outside.run(as_of=at)
        work_of_closing.prove(work)
    leave()
    return states(outside)


def test_a_late_statement_has_its_old_days_proved(work: Work) -> None:
    outside = Outside()
    outside.bring([deposit(2, 100, 100)])
    first = proved(outside, work, at=datetime(2026, 3, 6, 6, tzinfo=UTC))
    assert (first[date(2026, 3, 2)], first[date(2026, 3, 4)]) == (DayState.HOLDS, DayState.UNTOLD)
    outside.bring([deposit(3, 1, 101), deposit(30, 1, 102)])
    then = proved(outside, work, at=datetime(2026, 3, 31, 12, tzinfo=UTC))
    assert {then[date(2026, 3, day)] for day in range(2, 31)} == {DayState.HOLDS}


def test_what_fails_is_seen_although_a_statement_is_missing(work: Work) -> None:
    outside = Outside()
    outside.bring([deposit(2, 100, 100)])
    at = datetime(2026, 3, 12, 6, tzinfo=UTC)
    assert proved(outside, work, at=at)[date(2026, 3, 8)] == DayState.UNTOLD
    outside.book(5_000_000_00, days=4)  # (and no run has looked at it)
    with clock.at(at):
        work_of_closing.prove(work)
    leave()
    assert states(outside)[date(2026, 3, 8)] == DayState.FAILS


def test_an_account_in_another_hand_keeps_none_waiting(work: Work, owner_engine: Engine) -> None:
    busy, other = sorted((Outside(), Outside()), key=lambda one: one.account)
    for one in (busy, other):
        one.tell((100, fresh("ref")))
    with owner_engine.connect() as elsewhere:
        elsewhere.execute(text(MATCHING_TURN), {"account": busy.account})
        with pytest.raises(OperationalError):
            work_of_matching.new(work)
        leave()
        elsewhere.rollback()
    ran = rows(
        "SELECT DISTINCT account FROM matching_runs WHERE account = ANY(:both)", both=[busy.account, other.account]
    )
    assert [row.account for row in ran] == [other.account]


def test_rules_are_run_again_by_the_clock_although_no_day_is_stale_and_what_differs_is_a_red_day(
    work: Work, owner_engine: Engine
) -> None:
    outside, at = Outside(), datetime(2026, 3, 31, 6, tzinfo=UTC)
    refs = [fresh("R"), fresh("R")]
    outside.tell(*((77, ref) for ref in refs), covers=29)
    for ref in refs:
        outside.book(77, ref=ref)
    assert set(proved(outside, work, at=at).values()) == {DayState.HOLDS}
    first = rerun.latest_for_operators(outside.account)
    leave()
    swap(owner_engine, *groups(outside))
    with clock.at(at):
        outside.run(whole=True, as_of=at)
        work_of_closing.prove(work)
    leave()
    then = rerun.latest_for_operators(outside.account)
    leave()
    assert first is not None
    assert then is not None
    assert (first.stood == first.again, then.stood == then.again, then.run_id > first.run_id) == (True, False, True)
    assert states(outside)[date(2026, 3, 30)] == DayState.FAILS


def test_a_month_whose_closing_was_not_agreed_to_is_a_case_while_nobody_can_book_into_it(work: Work) -> None:
    finance = people.operator(Role.FINANCE)[0]
    for step in (periods.begin_close, periods.settle):
        with transaction(actor.operator(finance)):
            step(date(2014, 12, 1))
    for month in ("2014-12", "2014-12", "2015-01"):
        work_of_closing.not_agreed(replace(work, facts={"kind": "closing.close", "target": f"period:{month}"}))
    found = rows("SELECT subject, owner FROM cases WHERE kind = :kind", kind=NOT_CLOSED)
    assert [(one.subject, one.owner) for one in found] == [("2014-12", "finance")]
