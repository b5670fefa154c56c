"""What an account had before its first statement is told, too; and a line told otherwise later can be taken so."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask

from app.breaks import service as breaks
from app.breaks.errors import BreakChanged, BreakGone, BroughtIt
from app.closing import sheets
from app.closing.results import Result
from app.closing.rules import month_of
from app.core import actor
from app.core.db import leave, rows, transaction
from app.matching import break_queries
from app.statements import service as statements
from app.statements.errors import NotContinued
from reports import reserves
from tests.makers import ruled
from tests.makers.books import fresh
from tests.makers.matching import BEGAN, TEST, Outside
from tests.statements.test_going_on import banked, source_of

pytestmark = pytest.mark.usefixtures("inside")
OTHER = actor.system("another")  # (whoever brought a file takes nothing by it)
MARCH = month_of(date(2026, 3, 1))
OPENING = "opening balance"
LINES = """
SELECT l.basis, l.booked_on, l.delta FROM statement_lines l JOIN statement_sources s ON s.id = l.source_id
 WHERE s.name = :source ORDER BY l.id
"""


@pytest.fixture
def outside(inside: Flask) -> Outside:
    return Outside()


def row(day: int, naira: str, balance: str, *, name: str = "", ref: str = "") -> str:
    """A row of a Kraken ledger of March."""
    return (
        f"{name or fresh('L')},{ref or fresh('R')},2026-03-{day:02} 09:00:00,deposit,,currency,NGN,{naira},0,{balance}"
    )


def told(outside: Outside, basis: str) -> list[tuple[int, Decimal]]:
    """Lines of this basis: the day of March, and how much."""
    found = [
        ((row.booked_on - date(2026, 3, 1)).days + 1, row.delta)
        for row in rows(LINES, source=outside.source)
        if row.basis == basis
    ]
    leave()
    return found


def balance(outside: Outside) -> Result:
    """Whether what was told by the end of March is what the statements say is there."""
    found = next(one for one in sheets.of(outside.account, MARCH).results if one.name == "I12")
    leave()
    return found


def test_what_was_there_before_is_told_and_held_against_all_that_was_booked_by_then(outside: Outside) -> None:
    outside.book(6_000, days=-9)
    outside.bring([row(2, "10", "110")])
    outside.run()
    assert told(outside, "opening") == [(1, Decimal(100))]
    assert ("missing_in_ledger", 10_000) in outside.breaks
    assert (outside.proof.told, outside.proof.ties) == (Decimal(110), True)
    outside.book(4_000, days=-2)
    outside.run()
    assert outside.groups == [(OPENING, 1, 2)]
    assert outside.breaks == [("missing_in_ledger", 1_000)]
    assert outside.proof.ties
    assert balance(outside).holds


def test_an_account_that_had_nothing_before_has_no_such_line(outside: Outside) -> None:
    outside.bring([row(2, "10", "10")])
    assert told(outside, "opening") == []
    assert balance(outside).holds


def test_an_earlier_statement_moves_the_beginning_and_nothing_told_is_changed(outside: Outside) -> None:
    outside.book(7_000, days=-9)
    outside.book(3_000, told="R1", days=3)
    outside.bring([row(9, "10", "110")])
    outside.run()
    assert outside.groups == [(OPENING, 1, 2)]
    outside.bring([row(5, "30", "100", ref="R1")])
    outside.run()
    assert told(outside, "opening") == [(8, Decimal(100)), (4, Decimal(70)), (8, Decimal(-100))]
    assert (OPENING, 3, 1) in outside.groups
    assert len(outside.groups) == 2
    assert outside.breaks == [("missing_in_ledger", 1_000)]
    assert (outside.proof.told, outside.proof.ties) == (Decimal(110), True)
    assert balance(outside).holds
    assert outside.run() is None


def test_a_statement_that_did_not_tie_is_no_beginning_once_it_is_mended(outside: Outside) -> None:
    first, second = fresh("L"), fresh("L")
    outside.bring([row(2, "10", "1010", name=first), row(3, "5", "25", name=second)])
    assert told(outside, "opening") == [(1, Decimal(1000))]
    outside.bring([row(2, "10", "20", name=first), row(3, "5", "25", name=second)])
    assert told(outside, "opening") == [(1, Decimal(1000)), (1, Decimal(-990))]
    outside.run()
    assert outside.proof.told == Decimal(25)
    assert balance(outside).holds


HEAD = "txid,refid,time,type,subtype,aclass,asset,wallet,amount,fee,balance\n"


def walleted(day: int, naira: str, balance: str, *, wallet: str, name: str = "", ref: str = "") -> str:
    """A file of one row of the newer generation, which names a wallet."""
    start = f"{HEAD}{name or fresh('L')},{ref or fresh('R')},2026-03-{day:02} 09:00:00"
    return f"{start},deposit,,currency,NGN,{wallet},{naira},0,{balance}\n"


def another(outside: Outside) -> int:
    """The break of an account that was not told of before."""
    (found,) = rows(
        "SELECT id FROM breaks WHERE account = :a AND reason = 'another_account' AND closed_by IS NULL",
        a=outside.account,
    )
    leave()
    return int(found.id)


def test_another_account_of_the_teller_leaves_what_the_first_began_with_alone(outside: Outside) -> None:
    outside.book(10_000, days=-9)
    outside.bring([row(2, "10", "110")])
    outside.run()
    (before,) = rows("SELECT group_id FROM matches WHERE rule = :rule AND journal_id IS NOT NULL AND line_id IS NULL"
                     " AND ended_by IS NULL ORDER BY group_id DESC LIMIT 1", rule=OPENING)  # fmt: skip
    leave()
    outside.book(5_000, days=2)
    outside.file(walleted(20, "1", "51", wallet="earn"))
    outside.run()
    number = another(outside)
    with pytest.raises(BroughtIt), transaction(TEST):
        breaks.take_account(number, reason="I say so", actor=TEST)
    leave()
    with transaction(OTHER):
        breaks.take_account(number, reason="Their support says so", actor=OTHER)
    leave()
    outside.run()
    assert outside.groups == [(OPENING, 1, 1), (OPENING, 1, 1)]
    (after,) = rows("SELECT ended_by FROM matches WHERE group_id = :own AND line_id IS NULL", own=before.group_id)
    leave()
    assert after.ended_by is None
    assert balance(outside).holds
    assert {reason for reason, _ in outside.breaks} == {"missing_in_ledger"}  # (of the two lines of the files)
    outside.file(walleted(19, "2", "50", wallet="earn"))  # (it begins earlier then, and nobody is asked again)
    outside.run()
    assert told(outside, "opening") == [(1, Decimal(100)), (19, Decimal(50)), (18, Decimal(48)), (19, Decimal(-50))]
    assert balance(outside).holds


def test_what_another_account_had_counts_as_the_break_says_or_not_at_all(outside: Outside) -> None:
    outside.bring([row(2, "10", "110")])
    outside.file(walleted(20, "1", "51", wallet="earn"))
    outside.run()
    number = another(outside)
    outside.file(walleted(10, "1", "1001", wallet="earn"))  # (before it was looked at)
    with pytest.raises(BreakChanged), transaction(OTHER):
        breaks.take_account(number, reason="Their support says so", actor=OTHER)
    leave()
    outside.run()
    number = another(outside)
    with transaction(OTHER):
        breaks.take_account(number, reason="Their support says so", actor=OTHER)
    leave()
    assert told(outside, "opening") == [(1, Decimal(100)), (9, Decimal(1_000))]


def test_the_break_of_another_account_says_what_it_begins_with_by_now(outside: Outside) -> None:
    source_of(outside, "bank-csv", banked())
    columns = "Date,Ref,Debit,Credit,Balance\n"
    for account, day, opening in (("1", 2, 100), ("2", 20, 50)):
        balances = f"Opening Balance,,,,{opening}\nClosing Balance,,,,{opening + 1}\n\n"
        outside.file(f"Account Number,{account}\n{balances}{columns}{day:02}/03/2026,{fresh('r')},,1,{opening + 1}\n")
    outside.run()
    before = another(outside)
    outside.file(f"Account Number,2\n\n{columns}10/03/2026,{fresh('r')},,7,\n")  # (it says no balance)
    outside.run()
    number = another(outside)
    old, new = rows("SELECT as_told, found_at FROM breaks WHERE id = ANY(:ids) ORDER BY id", ids=[before, number])
    leave()
    assert (old.as_told, new.as_told, new.found_at) == (50, 43, old.found_at)
    with transaction(OTHER):
        breaks.take_account(number, reason="Their support says so", actor=OTHER)
    leave()
    assert told(outside, "opening") == [(1, Decimal(100)), (19, Decimal(43))]


def test_one_account_under_another_name_is_not_told_twice(outside: Outside) -> None:
    name = fresh("L")
    outside.book(10_000, days=-9)
    outside.bring([row(2, "10", "110")])
    outside.file(walleted(5, "5", "115", wallet="spot / main", name=name))
    assert told(outside, "opening") == [(1, Decimal(100))]
    assert (outside.proof.told, balance(outside).one, balance(outside).holds) == (Decimal(115), "115", True)
    outside.file(walleted(6, "1", "116", wallet="main / new"))  # (the teller calls it otherwise now)
    outside.run()
    assert (outside.proof.told, outside.proof.ties) == (Decimal(116), True)
    assert ("another_account", 0) in outside.breaks
    assert break_queries.one_for_operators(another(outside)).as_told == Decimal(115)
    leave()
    assert balance(outside).said == "1 contradiction of the statements in it"
    (told_of,) = (place for each in reserves.at(datetime(2026, 4, 1, tzinfo=UTC), asset="NGN") for place in each.places
                  if place.code == outside.account)  # fmt: skip
    assert told_of.told is not None
    assert told_of.told.amount == Decimal(115)
    leave()
    ruled.retire(outside.source)
    outside.run()
    assert "another_account" not in {reason for reason, _ in outside.breaks}


def test_an_account_is_one_whether_a_file_or_the_api_tells_of_it(outside: Outside) -> None:
    name = fresh("L")
    outside.file(walleted(5, "10", "110", wallet="spot / main", name=name, ref="R1"))
    moment = datetime(2026, 3, 5, 9, tzinfo=UTC).timestamp()
    listed = {
        "id": name, "refid": "R1", "time": moment, "type": "deposit", "subtype": "", "aclass": "currency",
        "asset": "NGN", "amount": "10", "fee": "0", "balance": "110",
    }  # fmt: skip
    outside.file(json.dumps({"data": [listed]}))
    assert told(outside, "opening") == [(4, Decimal(100))]
    assert balance(outside).holds


def test_the_same_statements_the_other_way_round_come_to_the_same(outside: Outside) -> None:
    outside.bring([row(5, "30", "100")])
    outside.bring([row(9, "10", "110")])
    outside.run()
    assert told(outside, "opening") == [(4, Decimal(70))]
    assert outside.proof.told == Decimal(110)
    assert balance(outside).holds


def test_a_source_that_goes_on_with_another_does_not_tell_its_balance_again(outside: Outside) -> None:
    outside.bring([row(2, "10", "110")])
    first = ruled.retire(outside.source)
    with transaction(TEST):
        second = statements.add_source(
            fresh("src"), title="The same bank", format_name="kraken-ledgers", settings={}, continues=first
        )
        statements.stand_for(second.id, asset="NGN", account=outside.account)
    leave()
    with pytest.raises(NotContinued), transaction(TEST):
        statements.add_source(fresh("src"), title="A third", format_name="mt940", settings={}, continues=first)
    leave()
    outside.source = second.name
    outside.bring([row(9, "5", "115")])
    outside.run()
    assert told(outside, "opening") == []
    assert (outside.proof.told, outside.proof.ties) == (Decimal(115), True)
    assert (balance(outside).one, balance(outside).holds) == ("115", True)
    outside.bring([row(12, "1", "126")])
    outside.run()
    assert balance(outside).said == "1 contradiction of the statements in it"


def test_a_balance_that_lines_do_not_come_to_is_seen_unless_a_break_says_why(outside: Outside) -> None:
    outside.bring([row(2, "10", "10")])
    outside.bring([row(4, "1", "16")])  # (five are lacking between the two: a break says so)
    outside.run()
    assert (balance(outside).one, balance(outside).holds, balance(outside).said) == (
        "16", True, "1 contradiction of the statements in it",
    )  # fmt: skip
    outside.bring([row(4, "1", "16")])  # the same day again, with another line in place of that one
    outside.run()
    assert balance(outside).holds is False
    assert not balance(outside).blocks


@pytest.fixture
def restated(outside: Outside) -> Callable[[], int]:
    """The break of a line that was told otherwise later."""

    def find() -> int:
        outside.run()
        (found,) = rows(
            "SELECT id FROM breaks WHERE account = :a AND reason = 'restated' AND closed_by IS NULL", a=outside.account
        )
        leave()
        return int(found.id)

    return find


def test_a_line_told_otherwise_is_taken_so(outside: Outside, restated: Callable[[], int]) -> None:
    name, ref = fresh("L"), fresh("R")
    outside.book(1_000, told=ref)
    outside.bring([row(2, "10", "10", name=name, ref=ref)])
    outside.run()
    outside.bring([row(2, "12", "12", name=name, ref=ref)])
    number = restated()
    assert balance(outside).holds  # (the break says by how much)
    with transaction(TEST):
        breaks.take_anew(number, reason="Their support says so", actor=OTHER)
    leave()
    assert (told(outside, "taken_back"), told(outside, "restated")) == ([(2, Decimal(-10))], [(2, Decimal(12))])
    assert (outside.proof.told, outside.proof.ties) == (Decimal(12), True)
    outside.run()
    assert outside.breaks == [("amount_mismatch", 200)]
    assert (balance(outside).one, balance(outside).holds, balance(outside).said) == ("12", True, "")
    with pytest.raises(BreakGone), transaction(TEST):
        breaks.take_anew(number, reason="Twice", actor=OTHER)
    leave()


def test_a_line_told_otherwise_has_the_fee_that_is_told_now(outside: Outside, restated: Callable[[], int]) -> None:
    name, ref = fresh("L"), fresh("R")
    for naira, fee in (("10", "1"), ("12", "2")):
        balance_then = int(naira) - int(fee)
        outside.bring([f"{name},{ref},2026-03-02 09:00:00,deposit,,currency,NGN,{naira},{fee},{balance_then}"])
    number = restated()
    with transaction(TEST):
        breaks.take_anew(number, reason="Their support says so", actor=OTHER)
    leave()
    found = rows(
        "SELECT l.basis, l.delta, l.fee FROM statement_lines l JOIN statement_sources s ON s.id = l.source_id"
        " WHERE s.name = :name ORDER BY l.id",
        name=outside.source,
    )
    leave()
    assert [(one.basis, one.delta, one.fee) for one in found] == [
        ("row", 9, 1), ("taken_back", -9, -1), ("restated", 10, 2)
    ]  # fmt: skip


def test_what_was_taken_is_known_and_may_be_told_otherwise_again(outside: Outside, restated: Callable[[], int]) -> None:
    name = fresh("L")
    for naira in ("10", "12"):
        outside.bring([row(2, naira, naira, name=name)])
    number = restated()
    outside.bring([row(2, "12", "12", name=name), row(3, "1", "13")])  # (the same again opens no other)
    assert restated() == number
    with transaction(TEST):
        breaks.take_anew(number, reason="Their support says so", actor=OTHER)
    leave()
    outside.bring([row(2, "12", "12", name=name), row(4, "2", "15")])
    outside.run()
    assert "restated" not in {reason for reason, _ in outside.breaks}
    outside.bring([row(2, "13", "13", name=name)])
    number = restated()
    with transaction(TEST):
        breaks.take_anew(number, reason="And again", actor=OTHER)
    leave()
    assert told(outside, "taken_back") == [(2, Decimal(-10)), (2, Decimal(-12))]
    assert (outside.proof.told, outside.proof.ties) == (Decimal(16), True)
    outside.run()
    assert {reason for reason, amount in outside.breaks if amount} == {"missing_in_ledger"}
    outside.bring([row(2, "10", "10", name=name)])
    outside.bring([row(2, "11", "11", name=name)])  # (the newest telling holds, and the first may come back)
    number = restated()
    with pytest.raises(BroughtIt), transaction(TEST):
        breaks.take_anew(number, reason="My own file says so", actor=TEST)
    leave()
    outside.bring([row(2, "10", "10", name=name)])
    number = restated()
    with transaction(TEST):
        breaks.take_anew(number, reason="It was right at first", actor=OTHER)
    leave()
    assert outside.proof.told == Decimal(13)


def test_what_is_of_a_time_to_come_is_looked_at_when_it_has_come(outside: Outside) -> None:
    outside.tell((300, "R3"))
    outside.tell((500, "R5"), days=2)
    outside.book(500, told="R5", days=2)
    outside.run(as_of=BEGAN + timedelta(days=1))
    assert outside.breaks == [("missing_in_ledger", 300)]
    outside.run(as_of=BEGAN + timedelta(days=3))
    assert (len(outside.groups), outside.proof.ties) == (1, True)


def test_of_several_tellings_the_newest_holds(outside: Outside, restated: Callable[[], int]) -> None:
    name = fresh("L")
    for naira in ("10", "12"):
        outside.bring([row(2, naira, naira, name=name)])
    first = restated()
    outside.bring([row(2, "13", "13", name=name)])
    second = restated()
    assert (second != first, balance(outside).holds) == (True, True)
    with transaction(TEST):
        breaks.take_anew(second, reason="Their support says so", actor=OTHER)
    leave()
    assert (outside.proof.told, balance(outside).holds) == (Decimal(13), True)
    assert {reason for reason, amount in outside.breaks if amount} == {"missing_in_ledger"}
