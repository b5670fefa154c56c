"""The report of retention: for three roles, the same in the console and at the terminal; a run is asked for there."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, pool

from app.core import clock
from app.core.db import for_everyone, leave
from app.core.permissions import Role
from app.restrictions.rules import Kind
from app.retention import service
from tests.makers import aged, browse, people, restricted
from tests.makers.databases import Database
from tests.makers.forgetting import take_back
from tests.web.console.conftest import Visitor

pytestmark = pytest.mark.usefixtures("inside")

PLACE = "/console/retention"
READ = {Role.ADMIN, Role.AUDITOR, Role.COMPLIANCE_MANAGER}
ASK = {Role.ADMIN, Role.COMPLIANCE_MANAGER}


@pytest.fixture(scope="module")
def app(own_house: Flask) -> Flask:
    """A house of this file's own: what is due is due in all of it."""
    return own_house


@pytest.fixture(scope="module")
def owner_engine(own_database: Database) -> Iterator[Engine]:
    """As its owner."""
    engine = create_engine(own_database.owner_url, poolclass=pool.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def nothing_asked(inside: Flask) -> None:
    """No request stands that another test of this file left."""
    take_back()


@pytest.mark.parametrize("role", Role)
def test_it_is_read_by_those_who_answer_for_it(visitor: Visitor, owner_engine: Engine, role: Role) -> None:
    aged.maker(owner_engine)("sessions", people.customer(), aged.cutoff("sessions", clock.now()))
    client = visitor(role)
    answer = client.get(PLACE)
    assert answer.status_code == (200 if role in READ else 403)
    assert ('data-open="run"' in answer.text) == (role in ASK)


def test_it_says_the_same_everywhere(app: Flask, visitor: Visitor, owner_engine: Engine) -> None:
    make, held = aged.maker(owner_engine), people.customer()
    restricted.placed(held, Kind.LEGAL_HOLD, reason="court_order")
    for owner in (people.customer(), held):
        make("viewings", owner, aged.cutoff("viewings", clock.now()))
    leave()
    due = next(each for each in service.plan(at=clock.now()) if each.rule.data_class == "viewings")
    assert due.held >= 1
    page = visitor(Role.AUDITOR).get(PLACE).text
    row = page.partition(due.rule.title)[2].partition("</tr>")[0]
    numbers = [int(number) for number in re.findall(r'num"[^>]*>(\d+)<', row)]
    assert numbers == [due.goes, due.held]
    with for_everyone():
        told = app.test_cli_runner().invoke(args=["retention", "report"]).output
    assert f"{due.rule.title}: {due.goes} to delete, {due.held} held, the oldest since" in told
    assert "no relationship has ended" in told
    assert "no relationship has ended" in page


def test_a_run_is_asked_for_once(visitor: Visitor, owner_engine: Engine) -> None:
    aged.maker(owner_engine)("sessions", people.customer(), aged.cutoff("sessions", clock.now()))
    manager = visitor(Role.COMPLIANCE_MANAGER)
    nothing = browse.send(manager, PLACE, reason=" ")
    assert nothing.status_code == 422
    assert browse.send(manager, PLACE, reason="The yearly run.").status_code == 303
    page = manager.get(PLACE).text
    assert "A change was asked for by" in page
    assert 'data-open="run"' not in page
    again = browse.send(manager, PLACE, reason="Once more.")
    assert again.status_code == 409
    found = re.search(r'href="(/console/approvals/grq_\w+)"', page)
    assert found
    told = visitor(Role.ADMIN).get(found[1]).text
    assert "Sessions: addresses of the network and devices" in told
