"""An entry whose day nobody told of is not missing; what is, follows from the statements and is written nowhere."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core import clock
from app.core.db import leave, rows, transaction
from app.ledger.journal import Journal, credit, debit
from app.statements import queries as source_queries
from app.statements import service as statements
from tests.makers import books
from tests.makers.books import fresh
from tests.makers.matching import BEGAN, TEST, Outside
from tests.statements.test_going_on import source_of

pytestmark = pytest.mark.usefixtures("inside")


def written(outside: Outside) -> list[tuple[int, str]]:
    """The rows of breaks and the transaction that wrote each last."""
    found = rows("SELECT id, xmin::text AS by FROM breaks WHERE account = :a ORDER BY id", a=outside.account)
    leave()
    return [(row.id, row.by) for row in found]


def of_days(outside: Outside) -> list[str]:
    """Why entries are open, in the order of their amounts."""
    return [reason for reason, kobo in sorted(outside.breaks, key=lambda each: -each[1]) if kobo < 0]


def until(outside: Outside, at: datetime) -> datetime:
    """Up to when everything was told, as seen at some time."""
    (found,) = rows("SELECT until FROM matching_coverage(:a, :at)", a=outside.account, at=at)
    leave()
    told: datetime = found.until
    return told


def test_a_day_between_two_statements_before_the_first_and_after_the_last() -> None:
    outside = Outside()
    for number, days in enumerate((-3, 0, 4, 8, 9), 1):
        outside.book(number, days=days)
    outside.run()
    assert of_days(outside) == ["timing"] * 5
    before = written(outside)
    for days in (0, 8):
        outside.tell((1_000, fresh("x")), days=days)
    outside.run()
    assert of_days(outside) == [
        "not_covered", "missing_in_statement", "not_covered", "missing_in_statement", "timing"
    ]  # fmt: skip
    assert written(outside)[:5] == before
    week = [f"{fresh('L')},{fresh('R')},2026-03-{day:02} 09:00:00,deposit,,currency,NGN,1,0,9" for day in (3, 9)]
    outside.bring(week)
    outside.run()
    assert of_days(outside).count("not_covered") == 1
    assert written(outside)[:5] == before
    assert outside.proof.ties


def test_a_day_counts_when_its_statement_is_due_where_the_account_is_kept() -> None:
    outside = Outside()
    outside.tell((1_000, fresh("x")))  # (2 March)
    day = datetime(2026, 3, 3, tzinfo=UTC)
    assert until(outside, day + timedelta(hours=11)) == day - timedelta(days=1)  # until noon more of the day may come
    assert until(outside, day + timedelta(hours=12)) == day
    outside = Outside()
    with transaction(TEST):
        source = source_queries.source_for_operators(outside.source)
        statements.change_source(
            source, title="A teller", settings={"zone": "Africa/Lagos"}, lag_days=2, cut_off=source.cut_off
        )
    leave()
    outside.tell((1_000, fresh("x")))
    assert until(outside, day + timedelta(hours=12)) == day - timedelta(days=1, hours=1)
    assert until(outside, day + timedelta(days=1, hours=11)) == day - timedelta(hours=1)


def test_of_several_sources_each_counts_from_its_first_statement_to_its_end() -> None:
    outside, other = Outside(), Outside()
    with transaction(TEST):
        second = source_queries.source_for_operators(other.source)
        statements.stand_for(second.id, asset="NGN", account=outside.account)
    leave()
    outside.bring([f"{fresh('L')},R,2026-03-{day:02} 09:00:00,deposit,,currency,NGN,1,0,9" for day in (2, 20)])
    outside.book(1, days=3)
    outside.book(2, days=10)
    outside.run()
    assert of_days(outside) == ["missing_in_statement"] * 2
    other.bring([f"{fresh('L')},R,2026-03-{day:02} 09:00:00,deposit,,currency,NGN,1,0,9" for day in (8, 9)])
    outside.run()
    assert of_days(outside) == ["missing_in_statement", "timing"]
    with clock.at(BEGAN + timedelta(days=8)), transaction(TEST):
        statements.retire(second.id)
    leave()
    assert of_days(outside) == ["missing_in_statement"] * 2


def test_a_line_from_before_the_days_of_its_own_statement_hinders_nobody() -> None:
    outside = Outside()
    source_of(outside, "mt940", {"zone": "Africa/Lagos"})
    outside.book(1_000, days=-1)
    outside.file(
        ":20:S1\n:25:A1\n:28C:1/1\n:60F:C260305NGN0,00\n:61:2603030303C10,00NTRFNONREF\n:86:paid in\n"
        ":62F:C260331NGN10,00\n-\n"
    )
    assert outside.run() is not None
    assert outside.groups == [("amount within two days", 1, 1)]


def test_what_is_booked_while_a_run_begins_is_of_the_next() -> None:
    outside, money = Outside(), books.kobo(7)
    outside.tell((1_000, fresh("x")))
    books.post(Journal("test.moved", fresh("ref"), (debit(outside.account, money), credit(outside.other, money))))
    leave()
    outside.run(as_of=clock.now() - timedelta(minutes=1))  # (its time was noted before)
    assert len(outside.breaks) == 1
    outside.run()
    assert (len(outside.breaks), outside.proof.ties) == (2, True)
    assert outside.run() is None


def test_what_was_booked_twice_is_told_as_such_though_both_were_open_before() -> None:
    outside = Outside()
    ref = fresh("dep")
    for _ in range(2):
        outside.book(300, ref=ref)
    outside.run()
    assert outside.breaks == [("timing", -300)] * 2
    outside.tell((300, ref))
    outside.run()
    assert outside.breaks == [("duplicate_entry", -300)]
