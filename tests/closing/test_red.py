"""Each invariant is seen red: by a real fault it names the first row that fails, and a page that shows it.

What the database lets nobody write is written by its owner, as somebody would who has broken into it.
"""

from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask, url_for
from sqlalchemy import Engine, text

from app.closing import figures, invariants
from app.closing.results import Asked, Result
from app.closing.rules import Span, month_of
from app.core import clock
from app.core.clock import WAT
from app.core.db import leave, rows, transaction
from app.core.money import NGN
from app.core.permissions import Role
from app.ledger import accounts
from app.matching import by_hand
from app.statements.rules import Days
from tests.makers import books, browse, people, settled
from tests.makers.books import fresh
from tests.makers.matching import BEGAN, TEST, Outside

pytestmark = pytest.mark.usefixtures("inside")
MARCH = month_of(BEGAN.date())
Write = Callable[..., None]
_OPENED = """
DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE %s DISABLE TRIGGER append_only', e.tableoid::regclass)
                       FROM ledger.entries e ORDER BY e.journal_id DESC LIMIT 1); END $$
"""
_SHUT = _OPENED.replace("DISABLE TRIGGER", "ENABLE ALWAYS TRIGGER")
_MORE = "UPDATE ledger.entries SET balance_after = balance_after + 7 WHERE journal_id = :journal AND leg = 1"


@pytest.fixture
def write(owner_engine: Engine) -> Write:
    """Write as the owner of the database."""

    def deed(*statements: str, **values: object) -> None:
        with owner_engine.begin() as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            for statement in statements:
                connection.execute(text(statement), values)

    return deed


@pytest.fixture
def leads(app: Flask) -> Callable[[Result], bool]:
    """Whether the page that a fault leads to is there."""
    client = app.test_client()
    browse.come_in(client, people.operator(Role.AUDITOR)[1], console=True)
    leave()

    def look(one: Result) -> bool:
        name, given = one.place
        with app.test_request_context():
            address = url_for(name, **given)  # type: ignore[arg-type]
        return client.get(address).status_code == 200

    return look


def proved(account: str, name: str, span: Span = MARCH) -> Result:
    found = invariants.prove(Asked(account, span, figures.of(account, span)))
    leave()
    return next(one for one in found if one.name == name)


def row(day: int, naira: int, balance: int) -> str:
    return f"{fresh('L')},{fresh('R')},2026-03-{day:02} 09:00:00,deposit,,currency,NGN,{naira},0,{balance}"


def newest_import(outside: Outside) -> str:
    found = rows(
        "SELECT max(i.id) AS id FROM statement_imports i JOIN statement_sources s ON s.id = i.source_id"
        " WHERE s.name = :name",
        name=outside.source,
    )
    leave()
    return str(found[0].id)


def today() -> Span:
    day = clock.now().astimezone(WAT).date()
    return Span(day, day)


@pytest.fixture
def outside() -> Outside:
    """A pair that rules put together, and a match by hand that differs."""
    made, ref = Outside(), fresh("R")
    made.tell((1_000, ref), covers=30)
    made.book(1_000, ref=ref)
    made.run()
    made.tell((25, fresh("R")))
    made.book(20, ref=fresh("R"))
    made.run()
    both = made.open_ids
    with transaction(TEST):
        by_hand.merge(made.account, breaks=both, reason="Nearly.", actor=TEST)
    leave()
    assert made.breaks == [("amount_mismatch", 5)]
    return made


def test_a_file_that_lacks_a_row(leads: Callable[[Result], bool]) -> None:
    outside = Outside()
    outside.bring([row(2, 10, 10), row(4, 1, 15)])
    adds_up, follows = proved(outside.account, "I1"), proved(outside.account, "I3")
    assert (adds_up.holds, adds_up.first, adds_up.one, adds_up.other) == (False, newest_import(outside), "11", "15")
    assert (follows.holds, follows.first, follows.one) == (False, f"{newest_import(outside)} row 3", "1")
    assert leads(adds_up)
    assert leads(follows)


def test_a_file_that_begins_with_another_balance(leads: Callable[[Result], bool]) -> None:
    outside = Outside()
    outside.bring([row(2, 10, 10)], covers=Days(MARCH.first, MARCH.first.replace(day=3)))
    outside.bring([row(4, 1, 16)])
    wrong = proved(outside.account, "I2")
    assert (wrong.holds, wrong.first, wrong.one, wrong.other) == (False, newest_import(outside), "10", "15")
    assert leads(wrong)


def test_a_file_of_which_a_row_was_left_out(outside: Outside, write: Write, leads: Callable[[Result], bool]) -> None:
    changed = newest_import(outside)
    write("DELETE FROM statement_lines WHERE import_id = :id", id=changed)
    wrong = proved(outside.account, "I4")
    assert (wrong.holds, wrong.first) == (False, changed)
    assert leads(wrong)


def test_a_balance_that_its_entries_do_not_come_to(
    outside: Outside, write: Write, leads: Callable[[Result], bool]
) -> None:
    journal = outside.book(100)
    assert proved(outside.account, "I5", today()).holds
    write(_OPENED, _MORE, _SHUT, journal=journal)
    try:
        wrong = proved(outside.account, "I5", today())
    finally:
        write(_OPENED, _MORE.replace("+ 7", "- 7"), _SHUT, journal=journal)
    assert (wrong.holds, Decimal(wrong.other) - Decimal(wrong.one)) == (False, Decimal("0.07"))
    assert leads(wrong)


def test_a_difference_without_a_break(write: Write, leads: Callable[[Result], bool]) -> None:
    outside = Outside.differing()
    write("UPDATE breaks SET closed_by = opened_by WHERE account = :a AND line_id IS NOT NULL", a=outside.account)
    wrong = proved(outside.account, "I6")
    assert (wrong.holds, wrong.one, wrong.other, wrong.first) == (False, "1", "-9", "from 2 March 2026 on")
    assert leads(wrong)


def test_a_match_that_is_off_by_more_than_it_says(
    outside: Outside, write: Write, leads: Callable[[Result], bool]
) -> None:
    (match,) = rows("SELECT group_id FROM breaks WHERE account = :a AND closed_by IS NULL", a=outside.account)
    leave()
    write("UPDATE breaks SET amount = 0.04 WHERE group_id = :g", g=match.group_id)
    wrong = proved(outside.account, "I7")
    assert (wrong.holds, wrong.first, wrong.one, wrong.other) == (False, f"match {match.group_id}", "0.05", "0.04")
    assert leads(wrong)


def test_a_settlement_that_is_not_what_the_bank_was_paid(write: Write, leads: Callable[[Result], bool]) -> None:
    charges = [settled.charge(), settled.charge()]
    said = settled.told(charges)
    settled.note(said, charges)
    one = settled.row(said)
    leave()
    off = "UPDATE settlements SET effective_units = effective_units + :units WHERE id = :id"
    shut = "ALTER TABLE settlements ENABLE ALWAYS TRIGGER stays"
    write("ALTER TABLE settlements DISABLE TRIGGER stays", off, shut, units=5, id=one.id)
    try:
        wrong = proved(settled.BANK, "I8", Span(one.settled_on.replace(day=1), today().last))
    finally:
        write("ALTER TABLE settlements DISABLE TRIGGER stays", off, shut, units=-5, id=one.id)
    assert (wrong.holds, wrong.first) == (False, one.id)
    assert leads(wrong)


def test_less_that_is_held_than_owed(outside: Outside, leads: Callable[[Result], bool]) -> None:
    owed = "liability:customer:cus_red:NGN"
    with transaction(TEST):
        accounts.open_account(owed, asset=NGN, floor_units=None)
    books.post(books.move(outside.other, owed, 10**15))
    leave()
    wrong = proved(outside.account, "I9", today())
    assert (wrong.holds, wrong.blocks, wrong.first[-11:]) == (False, False, "are lacking")
    assert leads(wrong)


def test_a_balance_that_its_lines_do_not_come_to(write: Write, leads: Callable[[Result], bool]) -> None:
    outside = Outside()
    outside.bring([row(2, 10, 10), row(3, 1, 11)])
    assert proved(outside.account, "I12").holds
    write("UPDATE statement_lines SET delta = 3 WHERE import_id = :id AND delta = 1", id=newest_import(outside))
    wrong = proved(outside.account, "I12")
    assert (wrong.holds, wrong.one, wrong.other, wrong.first) == (False, "11", "13", newest_import(outside))
    assert leads(wrong)
