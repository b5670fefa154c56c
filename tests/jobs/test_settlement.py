"""Work of settlement as workers do it: read, told to those who answer for it, kept as a case until it is seen to."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.cases.models import Case
from app.core import clock
from app.core.db import db, leave, transaction
from app.core.permissions import Role
from app.notifications import queries as kept
from app.settlement import queries, service
from jobs import settlement
from jobs.handlers import HANDLERS
from jobs.hears import HEARS
from jobs.work import Work
from tests.makers import people, settled
from tests.makers.books import fresh
from tests.makers.sandbox import SandboxProcess
from tests.makers.settled import SYSTEM


def work(app: Flask, subject: str) -> Work:
    leave()
    return Work(fresh("cause"), subject, {}, app.extensions["clients"], SYSTEM, console_url="http://console.test")


def told(address: str) -> list[str]:
    found = [mail.subject for mail in kept.kept_for_operators(limit=500) if mail.to == address]
    leave()
    return found


def cases_of(kind: str, subject: str) -> int:
    leave()
    standing = select(Case.id).where(Case.kind == kind, Case.subject == subject, Case.state != "closed")
    return len(list(db.session.scalars(standing)))


def test_every_alarm_is_heard() -> None:
    for name in ("differs", "late", "float_low", "float_differs"):
        (hearer,) = HEARS[f"settlement.{name}"]
        assert HANDLERS[hearer].function is getattr(settlement, f"tell_{name}")


def test_the_clock_reads_settlements_and_the_float(inside: Flask, sandbox: SandboxProcess) -> None:
    people.paid_in(people.customer(), people.naira(2_000), app=inside, sandbox=sandbox)
    (made, *_) = sandbox.settle()
    settlement.pull(work(inside, "slot"))
    settlement.read_float(work(inside, "slot"))
    leave()
    assert queries.known_for_system([str(made["id"])]) == {str(made["id"]): "posted"}
    assert queries.readings_for_operators(limit=1)[0].theirs.units == sandbox.balance()


def test_finance_is_told_of_one_that_does_not_add_up(inside: Flask) -> None:
    _, finance = people.operator(Role.FINANCE)
    _, treasury = people.operator(Role.TREASURY)
    charges = [settled.charge(), settled.charge()]
    said = settled.told(charges)
    settled.note(said, charges[:1])
    settlement.tell_differs(work(inside, settled.row(said).id))
    assert told(finance) == ["A settlement of Paystack's is not booked"]
    assert told(treasury) == []


def test_a_day_that_is_late_is_told_and_stands_as_a_case(inside: Flask) -> None:
    _, finance = people.operator(Role.FINANCE)
    charges = [settled.charge(at=clock.now() - timedelta(days=25))]
    with transaction(SYSTEM):
        due = service.note_late()[0].isoformat()
    for _ in range(2):
        settlement.tell_late(work(inside, due))
    assert cases_of("settlement_late", due) == 1
    assert set(told(finance)) == {"A settlement of Paystack's is late"}
    settled.note(settled.told(charges), charges)
    with transaction(SYSTEM):
        service.note_late()
    _, newcomer = people.operator(Role.FINANCE)
    settlement.tell_late(work(inside, due))  # it has come by now
    assert told(newcomer) == []


@pytest.mark.parametrize(("kind", "theirs"), [("float_low", 1), ("float_differs", 10**15)])
def test_a_float_that_is_not_as_it_should_be_stands_as_a_case(inside: Flask, kind: str, theirs: int) -> None:
    _, finance = people.operator(Role.FINANCE)
    with transaction(SYSTEM):
        reading = service.note_float(theirs).id
    getattr(settlement, f"tell_{kind}")(work(inside, str(reading)))
    assert cases_of(kind, "the float") == 1
    assert len(told(finance)) == 1
