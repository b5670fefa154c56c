"""A month is proved, signed, closed by two, and stays as it was; in a database of its own."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, pool, text

from app.closing import errors, queries, rerun
from app.closing import service as closing
from app.closing.rules import DayState, SignRole, Span, month_of
from app.core import actor
from app.core.db import leave, rows, transaction
from app.factory import create_app
from app.ledger import periods, proof
from app.ledger.errors import PeriodClosed
from app.ledger.journal import Leg
from app.matching import by_hand
from config import Settings
from dev import ledger_page
from dev.embedded import Servers
from tests.makers import books
from tests.makers.books import refused
from tests.makers.closing import Closers
from tests.makers.databases import Database, fresh_database
from tests.makers.environment import environment
from tests.makers.matching import TEST, Outside
from tests.makers.sandbox import SandboxProcess

MARCH = date(2026, 3, 1)
INSIDE = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def archive(given: Servers, home: Path) -> Iterator[Database]:
    with fresh_database(given, home) as made:
        yield made


@pytest.fixture(scope="module")
def room(archive: Database, given: Servers, vendor: SandboxProcess) -> Iterator[Flask]:
    """A house of this file alone: months are closed in it."""
    house = create_app(Settings.from_env(environment(archive, given, vendor)))
    with house.app_context():
        yield house
        leave()
        assert proof.broken() == {}
        leave()
        for engine in house.extensions["sqlalchemy"].engines.values():
            engine.dispose()
    house.extensions["redis"].close()


@pytest.fixture(scope="module")
def people(room: Flask) -> Closers:
    return Closers()


@pytest.fixture(scope="module")
def outside(room: Flask) -> Outside:
    """An account that was told of from the first to the last of March: all of it matched but one line."""
    made = Outside()
    made.bring(
        [
            told(made, 1, kobo=1),
            told(made, 2, kobo=1_000, ref="R0"),
            told(made, 6, kobo=700, ref="R1"),
            told(made, 6, kobo=500, ref="RX"),
            told(made, 31, kobo=-300, ref="R2"),
            told(made, 31, kobo=1),
        ]
    )
    for kobo, ref, days in ((1_000, "R0", 0), (700, "R1", 4), (-300, "R2", 30)):
        made.book(kobo, told=ref, days=days)
    made.run()
    return made


def told(outside: Outside, day: int, *, kobo: int, ref: str = "") -> str:
    """A row of a file of March, with the balance after it."""
    outside.balance += kobo
    kind, at = "deposit" if kobo > 0 else "withdrawal", f"2026-03-{day:02} 09:00:00"
    amounts = f"{kobo / 100:.2f},0,{outside.balance / 100:.2f}"
    return f"{books.fresh('L')},{ref or books.fresh('R')},{at},{kind},,currency,NGN,{amounts}"


@pytest.fixture
def closed(outside: Outside, people: Closers) -> Iterator[Any]:
    """March, closed; it is opened again afterwards."""
    people.sign_both(outside.account, MARCH)
    assert people.close(MARCH).startswith("Closed")
    found = queries.closing_for_operators(MARCH)
    leave()
    yield found
    people.reopen(MARCH)


def test_a_sheet_has_both_numbers_of_every_invariant(outside: Outside, people: Closers) -> None:
    sheet = people.sheet(outside.account, month_of(MARCH))
    # (lines that other tests tell of March are in no balance of a statement)
    assert {one.name for one in sheet.results if one.holds is False} <= {"I12"}
    # (I10 says nothing until the clock proved this account once; another test may have let it)
    assert {one.name for one in sheet.results if one.holds is None} - {"I10"} == {"I2", "I8", "I11", "I13"}
    last = sheet.figures.last
    assert (last.difference, last.ties) == (last.explained, True)
    assert {"in_transit", "missing_in_ledger"} <= {one.name for one in sheet.figures.reasons}
    crossing = sheet.figures.days[29]  # told on the 31st, booked on the first of April
    assert crossing.ties
    across = people.sheet(outside.account, Span(date(2026, 3, 31), date(2026, 3, 31)))
    assert across.figures.last.difference == last.difference


def test_a_file_that_lacked_a_row_is_no_fault_once_a_sound_one_came(room: Flask, people: Closers) -> None:
    made, may = Outside(), month_of(date(2026, 5, 1))
    first, lacking, last = (
        f"{books.fresh('L')},{books.fresh('R')},2026-05-{day:02} 08:00:00,deposit,,currency,NGN,1,0,{balance}"
        for balance, day in enumerate((2, 9, 30), 1)
    )
    made.bring([first, last])
    assert {one.name for one in people.sheet(made.account, may).failing} >= {"I1", "I3"}
    made.bring([first, lacking])  # (does not reach as far)
    assert people.sheet(made.account, may).blocked
    made.bring([first, lacking, last])
    made.run()
    assert not people.sheet(made.account, may).failing


def test_two_people_sign_and_only_what_they_saw(outside: Outside, people: Closers) -> None:
    span = Span(date(2026, 3, 2), date(2026, 3, 8))
    with pytest.raises(errors.NotPrepared):
        people.sign(outside.account, span, role=SignRole.REVIEWED, by=people.treasury)
    people.sign(outside.account, span, role=SignRole.PREPARED, by=people.finance)
    with pytest.raises(errors.SignedAlready):
        people.sign(outside.account, span, role=SignRole.REVIEWED, by=people.finance)
    people.sign(outside.account, span, role=SignRole.REVIEWED, by=people.treasury)
    seen = people.sheet(outside.account, span)
    assert seen.whole
    outside.book(250, days=3)
    outside.run()
    after = people.sheet(outside.account, span)
    assert (after.whole, len(after.others)) == (False, 2)
    with pytest.raises(errors.OtherFigures), transaction(who := actor.operator(people.second)):
        closing.sign(
            outside.account, span, role=SignRole.PREPARED, shown=seen.digest.hex(), note="", operator_id=people.second
        )
    leave()
    assert who


def test_it_is_not_closed_before_its_checklist_lets_it(outside: Outside, people: Closers) -> None:
    outside.book(75, days=12)  # whoever signed, signed for other figures
    outside.run()
    with pytest.raises(errors.NotClosable, match="signed"):
        people.ask(MARCH)
    people.sign_both(outside.account, MARCH)
    with pytest.raises(errors.NotClosable, match="Say why"):
        people.ask(MARCH, reasons={"breaks": ""})
    asked = people.ask(MARCH)
    assert "Begin to close it" in people.agree(asked, people.treasury)  # nobody settled it


def test_what_got_worse_since_it_was_asked_for_is_not_closed(outside: Outside, people: Closers) -> None:
    people.sign_both(outside.account, MARCH)
    asked = people.ask(MARCH)
    outside.tell((11, books.fresh("new")), days=7)
    outside.run()
    people.settle(MARCH)
    assert "worse than what was agreed to" in people.agree(asked, people.treasury)
    with transaction(TEST):
        periods.reopen(MARCH)


def test_what_comes_later_counts_later(outside: Outside, people: Closers, closed: Any) -> None:
    before = people.sheet(outside.account, month_of(MARCH))
    assert before.closing is not None
    assert [one.holds for one in before.results if one.name == "I10"] == [True]  # (run again as it closed)
    memo = rows("SELECT memo FROM ledger.journals WHERE id = :id", id=closed.journal_id)[0].memo
    assert memo["digest"] == closed.digest.hex()
    leave()
    (late,) = outside.tell((4_321, books.fresh("late")), days=9)
    outside.run()
    found = rows(
        "SELECT b.at, b.reason FROM breaks b JOIN statement_lines l ON l.id = b.line_id WHERE l.external_id = :id",
        id=late,
    )
    assert [(row.at, row.reason) for row in found] == [(month_of(MARCH).until, "missing_in_ledger")]
    april = Span(date(2026, 4, 1), date(2026, 4, 1))
    sheet = people.sheet(outside.account, april)
    assert (sheet.figures.last.ties, sheet.figures.last.lines) == (True, 1)
    proved = {one.name: one for one in sheet.results}
    assert proved["I11"].holds
    assert people.sheet(outside.account, month_of(MARCH)).digest == before.digest
    (live,) = {
        one.closing_told for one in people.sheet(outside.account, Span(MARCH, date(2026, 3, 31))).figures.days[-1:]
    }
    assert live == before.figures.last.closing_told


def test_matches_taken_apart_leave_a_closed_month_as_it_was(outside: Outside, people: Closers, closed: Any) -> None:
    (match,) = rows(
        "SELECT m.group_id FROM matches m JOIN statement_lines l ON l.id = m.line_id"
        " WHERE m.ended_by IS NULL AND 'R1' = ANY (l.refs)"
    )
    leave()
    with transaction(who := actor.operator(people.finance)):
        by_hand.end(match.group_id, reason="Not the same.", actor=who)
    sheet = people.sheet(outside.account, Span(date(2026, 4, 1), date(2026, 4, 1)))
    assert not sheet.blocked
    outside.run(whole=True)


def test_a_closed_month_that_is_not_as_it_was_is_seen(
    outside: Outside, people: Closers, archive: Database, closed: Any
) -> None:
    engine = create_engine(archive.owner_url, poolclass=pool.NullPool)
    more = text(
        "UPDATE statement_lines l SET delta = delta + :naira FROM statement_sources s"
        " WHERE s.id = l.source_id AND s.name = :name AND 'R1' = ANY (l.refs)"
    )
    with engine.begin() as connection:
        connection.execute(more, {"naira": 1, "name": outside.source})
    try:
        sheet = people.sheet(outside.account, Span(date(2026, 4, 1), date(2026, 4, 1)))
    finally:
        with engine.begin() as connection:
            connection.execute(more, {"naira": -1, "name": outside.source})
    wrong = next(one for one in sheet.results if one.name == "I11")
    assert (wrong.holds, wrong.blocks, wrong.first) == (False, True, "March 2026")
    assert Decimal(wrong.other) - Decimal(wrong.one) == 1
    assert wrong.place == ("console.ledger_period", {"month": "2026-03"})


def test_a_closed_month_takes_no_posting_of_any_kind(outside: Outside, archive: Database, closed: Any) -> None:
    """By the service, one by one and in a batch; by SQL as the application and as the owner."""
    engines = [create_engine(url, poolclass=pool.NullPool) for url in (archive.app_url, archive.owner_url)]
    for _, example, arguments in ledger_page.EXAMPLES:
        made = example(**arguments)
        journal = replace(made, legs=tuple(Leg(open_(leg), leg.amount) for leg in made.legs), effective_at=INSIDE)
        with pytest.raises(PeriodClosed):
            books.post(journal)
        leave()
        assert [type(one) for one in books.batch((journal, books.fresh()))] == [PeriodClosed], made.kind
        told = {"codes": [leg.account for leg in journal.legs], "amounts": [leg.amount.units for leg in journal.legs]}
        for engine in engines:
            with engine.connect() as connection:
                connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
                assert refused(connection, POST, key=books.fresh(), at=INSIDE, **told) == "LG009", made.kind
    for engine in engines:
        with engine.connect() as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            assert (
                refused(connection, "SELECT ledger.reopen_closed(:month)", month=MARCH) == "23001"
            )  # nobody agreed to it


POST = "SELECT ledger.post(:key, 'test', 'ref', CAST(:codes AS text[]), CAST(:amounts AS numeric[]), :at, '{}')"
_OPENED: dict[str, str] = {}


def open_(leg: Leg) -> str:
    """An account like the leg's, which is there."""
    code = leg.account
    if code not in _OPENED:
        _OPENED[code] = books.account(code.partition(":")[0], asset=leg.amount.asset)
    return _OPENED[code]


def test_a_day_is_proved_and_kept(room: Flask) -> None:
    outside = Outside()  # (told of in June alone: no month that others close waits for it)
    outside.bring([told(outside, day, kobo=100).replace("2026-03", "2026-06") for day in (3, 5)])
    outside.run()
    for _ in range(2):
        with transaction(TEST):
            assert not rerun.look_again(outside.account)
    with transaction(TEST):
        first = closing.prove(outside.account, date(2026, 6, 4), actor=TEST).state
        untold = closing.prove(outside.account, date(2026, 7, 4), actor=TEST).state
    assert (first, untold) == (DayState.HOLDS, DayState.UNTOLD)
    with transaction(TEST):
        again = closing.prove(outside.account, date(2026, 6, 4), actor=TEST)
        assert next(one for one in again.results if one["name"] == "I10")["said"].startswith("no match stands")
        assert rows("SELECT count(*) AS n FROM proof_reruns WHERE account = :a", a=outside.account)[0].n == 1
    leave()
