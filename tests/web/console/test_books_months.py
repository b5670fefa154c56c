"""Closing months at the console: asked for step by step, refused in words, told who did it."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, pool, text

from app.core import actor, clock
from app.core.clock import WAT
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.ledger import health, periods
from app.ledger.errors import PeriodClosed
from app.ledger.journal import Journal, Leg, credit, debit
from tests.makers import books, browse, people
from tests.makers.closing import Closers
from tests.makers.databases import Database
from tests.web.console.conftest import enter
from tests.web.scenes import closing
from tests.web.scenes.stage import TEST

PAGE = "/console/ledger/periods"


def after(month: date) -> date:
    """The month after."""
    return (month + timedelta(days=32)).replace(day=1)


def legs() -> tuple[Leg, ...]:
    """Something to book."""
    return (debit("asset:paystack:NGN", books.kobo(5)), credit("liability:suspense:NGN", books.kobo(5)))


@pytest.fixture(scope="module")
def begun(own_house: Flask) -> Iterator[date]:
    """Books that began two years ago: their first month."""
    early = clock.now() - timedelta(days=730)
    books.post(Journal("test.moved", "first", legs(), effective_at=early), key="the first one")
    yield early.date().replace(day=1)
    leave()


@pytest.fixture
def month(begun: date) -> date:
    """The first month that is not closed, of which there is one before."""
    leave()
    closed = [row.month for row in periods.everything()]
    leave()
    return after(closed[0] if closed else begun)


@pytest.fixture
def finance(own_house: Flask, begun: date) -> FlaskClient:
    """Who may close."""
    return enter(own_house, Role.FINANCE)


def act(client: FlaskClient, month: date, name: str) -> str:
    """Do it and answer the page that comes after."""
    answer = browse.send(client, f"{PAGE}/{month:%Y-%m}/{name}", form_at="/console/ledger")
    assert answer.status_code == 303
    return client.get(answer.location).text


def look(client: FlaskClient, month: date) -> str:
    """The page of a month."""
    return client.get(f"{PAGE}/{month:%Y-%m}").text


def asked(client: FlaskClient, month: date, door: str, *, key: str = "") -> str:
    """Ask for it: where that leads, or the page that says why not."""
    if not key:
        answer = closing.asked(client, month, door)
    else:
        fields = {"csrf_token": browse.token_of(client.get(PAGE)), "key": key, "reason": "It is over."}
        answer = client.post(f"{PAGE}/{month:%Y-%m}/{door}", data=fields)
    return answer.location or answer.text


def settled_by_nobody(month: date) -> str:
    """What comes of a request that is agreed to after somebody opened the month again."""
    closers = Closers()
    return closers.agree(closers.ask(month), closers.treasury)


def state(month: date) -> str | None:
    """What the books say."""
    leave()
    return next((row.state for row in periods.everything() if row.month == month), None)


def test_it_goes_step_by_step(finance: FlaskClient, month: date) -> None:
    page = finance.get(PAGE).text
    for words in (f"{month:%B %Y}", f"{after(month):%B %Y}", "Begin to close"):
        assert words in page, words
    assert "is being closed" in act(finance, month, "begin")
    assert state(month) == "closing"
    page = finance.get(PAGE).text
    assert "Reopen" in page
    assert "Begin to close" not in page
    assert "Bola Ade" in page
    assert "open again" in act(finance, month, "reopen")
    assert state(month) is None
    closing.proved()
    assert asked(finance, month, "close").startswith("/console/approvals/grq_")
    assert state(month) == "settled"
    assert "A change was asked for" in look(finance, month)
    Closers().deny_all(month)
    act(finance, month, "reopen")
    assert "Begin to close it" in settled_by_nobody(month)
    Closers().deny_all(month)
    assert Closers().close(month).startswith("Closed")
    assert state(month) == "closed"
    page = finance.get(PAGE).text
    assert "closed with " in page
    assert "balances written down" in page
    page = look(finance, month)
    assert "Checklist it was closed on" in page
    assert "Ask to open it again" in page
    late = Journal("test.moved", "late", legs(), effective_at=datetime.combine(month, time(12), WAT))
    with pytest.raises(PeriodClosed):
        books.post(late)


def test_what_is_red_or_without_its_reason_is_not_asked_for(finance: FlaskClient, month: date) -> None:
    with transaction(TEST):
        health.record({"a test's": ["a row"]})
    leave()
    page = look(finance, month)
    assert "1 of " in page
    assert "Ask to close it" not in page
    assert "The books prove" in asked(finance, month, "close", key="x")
    halt = health.standing()
    assert halt
    leave()
    by = actor.operator(people.operator(Role.TREASURY)[0])
    with transaction(by):
        health.lift(halt.id, actor=by, reason="A test's.")
    closing.proved()
    place = f"{PAGE}/{after(month):%Y-%m}"  # (the month before it is open: that needs a reason)
    seen = finance.get(place)
    fields = {"csrf_token": browse.token_of(seen), "key": browse.key_of(seen), "reason": "It is over."}
    refused = finance.post(f"{place}/close", data=fields)
    assert (refused.status_code, "Say why it can be closed" in refused.text) == (422, True)
    assert state(after(month)) is None


def test_what_cannot_be_is_said(finance: FlaskClient, month: date) -> None:
    this_month = clock.now().date().replace(day=1)
    for which, name in ((month, "reopen"), (this_month, "begin")):
        assert "That month is closed or being closed" in act(finance, which, name)
    act(finance, month, "begin")
    assert "That month is closed or being closed" in act(finance, after(month), "begin")
    act(finance, month, "reopen")
    assert "These days are not over yet" in asked(finance, this_month, "close", key="x")
    assert "not closed on a checklist" in asked(finance, month, "open-again", key="x")


def test_a_lock_that_does_not_come_is_said(finance: FlaskClient, month: date, own_database: Database) -> None:
    act(finance, month, "begin")
    engine = create_engine(own_database.owner_url, poolclass=pool.NullPool)
    with engine.connect() as posting:
        posting.execute(text("LOCK TABLE ledger.journals IN ROW EXCLUSIVE MODE"))
        closing.proved()
        assert "try again in a moment" in finance.get(asked(finance, month, "close")).text
        posting.rollback()
    assert state(month) == "closing"
    act(finance, month, "reopen")


def test_only_finance_may(own_house: Flask, begun: date, month: date) -> None:
    treasury = enter(own_house, Role.TREASURY)
    page = treasury.get(PAGE)
    assert page.status_code == 200
    assert "Begin to close" not in page.text
    for name in ("begin", "reopen", "close"):
        assert browse.send(treasury, f"{PAGE}/{month:%Y-%m}/{name}", form_at="/console/ledger").status_code == 403


def test_a_month_before_any_of_ours_is_refused_and_harms_no_page(finance: FlaskClient) -> None:
    for month in ("0001-01", "1999-12"):
        answer = finance.post(f"{PAGE}/{month}/begin", data={"csrf_token": browse.token_of(finance.get(PAGE))})
        assert answer.status_code == 303
        assert finance.get(PAGE).status_code == 200


def test_no_month_by_that_name(finance: FlaskClient) -> None:
    assert browse.send(finance, f"{PAGE}/2026-13/begin", form_at="/console/ledger").status_code == 404
    assert browse.send(finance, f"{PAGE}/soon/begin", form_at="/console/ledger").status_code == 404
