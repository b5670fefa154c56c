"""Closing months at the console: asked for step by step, refused in words, told who did it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, pool, text

from app.core import clock
from app.core.db import leave
from app.core.permissions import Role
from app.ledger import periods
from app.ledger.errors import PeriodClosed
from app.ledger.journal import Journal, credit, debit
from tests.makers import books, browse
from tests.makers.databases import Database
from tests.web.console.conftest import enter

PAGE = "/console/ledger/periods"
NOW = datetime(2026, 5, 20, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def begun(own_house: Flask) -> Iterator[Flask]:
    """Books that begin in January 2026, looked at in May."""
    early = datetime(2026, 1, 15, 12, tzinfo=UTC)
    legs = (debit("asset:paystack:NGN", books.kobo(5)), credit("liability:suspense:NGN", books.kobo(5)))
    books.post(Journal("test.moved", "first", legs, effective_at=early))
    yield own_house
    leave()


@pytest.fixture
def finance(begun: Flask) -> FlaskClient:
    """Who may close."""
    return enter(begun, Role.FINANCE)


def act(client: FlaskClient, month: str, name: str) -> str:
    """Do it and answer the page that comes after."""
    answer = browse.send(client, f"{PAGE}/{month}/{name}", form_at="/console/ledger")
    assert answer.status_code == 303
    return client.get(answer.location).text


def state(month: date) -> str | None:
    """What the books say."""
    leave()
    return next((row.state for row in periods.everything() if row.month == month), None)


def test_it_goes_step_by_step(finance: FlaskClient, begun: Flask) -> None:
    february = date(2026, 2, 1)
    page = finance.get(PAGE).text
    for words in ("January 2026", "February 2026", "April 2026", "Begin to close"):
        assert words in page, words
    assert "is being closed" in act(finance, "2026-02", "begin")
    assert state(february) == "closing"
    page = finance.get(PAGE).text
    assert "Reopen" in page
    assert "Begin to close" not in page
    assert "Bola Ade" in page
    assert "open again" in act(finance, "2026-02", "reopen")
    assert state(february) is None
    act(finance, "2026-02", "begin")
    assert "is closed. Its balances are written down." in act(finance, "2026-02", "close")
    assert state(february) == "closed"
    page = finance.get(PAGE).text
    assert "closed with February 2026" in page
    assert "balances written down" in page
    legs = (debit("asset:paystack:NGN", books.kobo(5)), credit("liability:suspense:NGN", books.kobo(5)))
    with pytest.raises(PeriodClosed):
        books.post(Journal("test.moved", "late", legs, effective_at=datetime(2026, 2, 10, tzinfo=UTC)))


def test_a_settled_month_can_still_be_closed(finance: FlaskClient, own_database: Database) -> None:
    act(finance, "2026-03", "begin")
    engine = create_engine(own_database.owner_url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        connection.execute(text("UPDATE ledger.periods SET state = 'settled' WHERE state = 'closing'"))
    assert "Settled, not closed yet" in finance.get(PAGE).text
    act(finance, "2026-03", "close")
    assert state(date(2026, 3, 1)) == "closed"


@pytest.mark.parametrize(
    ("month", "name"), [("2026-01", "begin"), ("2026-09", "reopen"), ("2026-09", "close"), ("2199-01", "begin")]
)
def test_what_cannot_be_is_said(finance: FlaskClient, month: str, name: str) -> None:
    act(finance, "2025-12", "begin")  # whatever came before: December is closed by a later month, or is being closed
    assert "That month is closed or being closed" in act(finance, month, name)


def test_a_lock_that_does_not_come_is_said(finance: FlaskClient, own_database: Database) -> None:
    act(finance, "2026-04", "begin")
    engine = create_engine(own_database.owner_url, poolclass=pool.NullPool)
    with engine.connect() as posting:
        posting.execute(text("LOCK TABLE ledger.journals IN ROW EXCLUSIVE MODE"))
        assert "try again in a moment" in act(finance, "2026-04", "close")
        posting.rollback()
    assert state(date(2026, 4, 1)) == "closing"
    act(finance, "2026-04", "reopen")


def test_only_finance_may(begun: Flask) -> None:
    treasury = enter(begun, Role.TREASURY)
    page = treasury.get(PAGE)
    assert page.status_code == 200
    assert "Begin to close" not in page.text
    for name in ("begin", "reopen", "close"):
        assert browse.send(treasury, f"{PAGE}/2026-04/{name}", form_at="/console/ledger").status_code == 403


def test_no_month_by_that_name(finance: FlaskClient) -> None:
    assert browse.send(finance, f"{PAGE}/2026-13/begin", form_at="/console/ledger").status_code == 404
    assert browse.send(finance, f"{PAGE}/soon/begin", form_at="/console/ledger").status_code == 404


def test_in_the_first_month_nothing_has_ended(finance: FlaskClient) -> None:
    with clock.at(datetime(2025, 1, 3, tzinfo=UTC)):
        leave()
    assert finance.get(PAGE).status_code == 200
