"""Days belong to whoever told of them when a source is swapped; what nobody tells of any more stays under control."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.exc import DBAPIError

from app.closing import checklist, queries, sheets
from app.closing.rules import Check, Light, Span, month_of
from app.core import clock
from app.core.db import leave, transaction
from app.statements import queries as sources
from app.statements import service as statements
from app.statements.errors import RetiringNeedsTwo
from tests.makers import ruled
from tests.makers.books import fresh
from tests.makers.matching import TEST, Outside

pytestmark = pytest.mark.usefixtures("inside")
MARCH, MAY = (month_of(date(2026, month, 1)) for month in (3, 5))


def since_march() -> Outside:
    """An account for which a source stands from the first of March on."""
    with clock.at(datetime(2026, 3, 1, tzinfo=UTC)):
        return Outside()


def told(outside: Outside, *days: int) -> None:
    """Bring a file with a row on each of these days of March."""
    found = []
    for day in days:
        outside.balance += 1
        found.append(f"{fresh('L')},{fresh('R')},2026-03-{day:02} 09:00:00,deposit,,currency,NGN,1,0,{outside.balance}")
    outside.bring(found)


def retire(outside: Outside, day: int) -> str:
    return ruled.retire(outside.source, at=datetime(2026, 3, day, 12, tzinfo=UTC))


def go_on(outside: Outside, before: str) -> None:
    """Let another source go on with this one."""
    with transaction(TEST):
        made = statements.add_source(
            fresh("src"), title="Another", format_name="kraken-ledgers", settings={}, continues=before
        )
        statements.stand_for(made.id, asset="NGN", account=outside.account)
    leave()
    outside.source = made.name


def untold(outside: Outside, span: Span) -> list[int]:
    """The days of which nobody told; what is missing is no more than that."""
    found = queries.untold_for_operators(outside.account, span)
    gaps = {
        day
        for each in queries.coverage_for_operators(outside.account, span)
        for gap in each.missing
        for day in Span(gap.first, gap.last).days
    }
    leave()
    assert gaps <= found
    return sorted(day.day for day in found)


def check(span: Span) -> Check:
    """What the checklist says of accounts that nobody tells of."""
    found = next(one for one in checklist.of(checklist.Given(span, ())) if one.name == "outside")
    leave()
    return found


def said_of(outside: Outside, span: Span) -> str:
    return next((each for each in check(span).said.split("; ") if each.startswith(outside.account)), "")


def test_a_source_that_is_swapped_within_a_month_lets_it_be_told() -> None:
    outside = since_march()
    told(outside, 1, 10)
    before = retire(outside, 11)
    assert untold(outside, MARCH) == list(range(11, 32))
    go_on(outside, before)
    told(outside, 13, 31)
    assert untold(outside, MARCH) == [11, 12]  # (neither of the two told of them)
    told(outside, 11, 12)
    assert untold(outside, MARCH) == []
    assert outside.account in queries.accounts_for_operators(MARCH)
    leave()
    assert said_of(outside, MARCH) == ""


def test_what_is_lacking_before_a_source_retired_is_missing() -> None:
    outside = since_march()
    told(outside, 1, 5)
    before = retire(outside, 11)
    (one,) = queries.coverage_for_operators(outside.account, MARCH)
    assert [(gap.first.day, gap.last.day) for gap in one.missing] == [(6, 10)]
    leave()
    go_on(outside, before)
    told(outside, 6, 31)
    assert untold(outside, MARCH) == []


def test_an_account_whose_source_retired_stays_under_control() -> None:
    outside = since_march()
    told(outside, 1)
    outside.book(100, told="R0")
    outside.run()
    retire(outside, 11)
    assert said_of(outside, MARCH).startswith(f"{outside.account}: did not move, 1.00")  # (once it had retired)
    assert outside.account in queries.accounts_for_operators(MARCH)
    assert said_of(outside, MAY).startswith(f"{outside.account}: did not move, 1.00 at the end")
    outside.book(500_000_000, days=60)
    outside.run()
    assert outside.proof.ties
    assert ("missing_in_statement", -500_000_000) in outside.breaks
    assert (check(MAY).light, said_of(outside, MAY)) == (
        Light.RED, f"{outside.account}: moved, 5,000,001.00 at the end, no source tells of it any more, or yet",
    )  # fmt: skip
    assert outside.account in queries.accounts_for_system()
    assert not sheets.of(outside.account, MARCH).blocked
    leave()


def test_the_last_source_of_an_account_is_retired_by_two() -> None:
    outside = since_march()
    own = sources.source_for_operators(outside.source)
    told(outside, 1)
    with pytest.raises(RetiringNeedsTwo), transaction(TEST):
        statements.retire(own.id)
    leave()
    asked = ruled.ask_retirement(own.id)
    with pytest.raises(DBAPIError, match="does not retire this source"), transaction(TEST):
        statements.retire(own.id, request_id=asked.id)  # (nobody agreed yet)
    leave()
    ruled.agree(asked)
    assert sources.one_source_for_operators(own.id).retired_at is not None
    leave()


def test_an_account_that_moved_in_the_month_of_its_retirement_is_told_of_by_nobody() -> None:
    outside = since_march()
    told(outside, 1)
    outside.book(100, told="R0", days=3)
    retire(outside, 11)
    assert said_of(outside, MARCH).startswith(f"{outside.account}: did not move, 1.00")
    outside.book(700, days=10)
    assert said_of(outside, MARCH).startswith(f"{outside.account}: moved, 8.00")


def test_an_account_that_no_statement_names_is_looked_at_where_it_moved() -> None:
    outside = since_march()
    outside.book(900_000_000)
    assert (check(MARCH).light, outside.account in queries.accounts_for_system()) == (Light.RED, True)
    leave()
    assert said_of(outside, MARCH).startswith(f"{outside.account}: moved, 9,000,000.00")
    assert outside.account not in queries.accounts_for_operators(MARCH)
    leave()
    head = "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance"
    outside.file(f"{head}\n{fresh('L')},{fresh('R')},2026-03-02 09:00:00,deposit,,currency,XXBT,1,0,1\n")
    assert said_of(outside, MARCH) == ""  # (a file of all that its teller holds: it says nothing of naira)
    assert outside.account in queries.accounts_for_operators(MARCH)
    leave()
