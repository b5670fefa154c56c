"""What is wrong with a statement itself is a break that moves nothing, and ends when it is mended."""

import io
from dataclasses import asdict
from datetime import date
from decimal import Decimal

import pytest

from app.core.db import leave, rows, transaction
from app.matching import break_queries
from app.statements import flows
from app.statements import queries as source_queries
from app.statements import service as statements
from app.statements.errors import NothingRejected
from app.statements.formats.settings import Profile
from app.statements.models import Source
from app.statements.rules import Days
from tests.makers.books import fresh
from tests.makers.matching import TEST, Outside

pytestmark = pytest.mark.usefixtures("inside")
SHEETS = {"statement_does_not_tie", "sequence_gap", "restated", "unknown_type"}


def row(day: int, naira: str, balance: str, *, name: str = "", kind: str = "deposit") -> str:
    """A row of a Kraken ledger."""
    return f"{name or fresh('L')},{fresh('R')},2026-03-{day:02} 09:00:00,{kind},,currency,NGN,{naira},0,{balance}"


def wrong(outside: Outside) -> list[tuple[str, Decimal | None]]:
    """What is open of statements, and by how much each is off; all of it told in the queue, and no part of the sum."""
    outside.run()
    found = rows(
        "SELECT id, reason, amount, as_told FROM breaks WHERE account = :a AND closed_by IS NULL"
        " AND import_id IS NOT NULL ORDER BY id",
        a=outside.account,
    )
    for each in found:
        shown = break_queries.one_for_operators(each.id)
        assert (shown.reason, shown.amount, bool(shown.file_name)) == (each.reason, 0, True)
        assert break_queries.candidates_for_operators(shown) == []
    leave()
    assert outside.proof.ties
    return [(each.reason, each.as_told) for each in found]


@pytest.fixture
def outside() -> Outside:
    return Outside()


def test_a_statement_that_begins_elsewhere_than_the_one_before_ended(outside: Outside) -> None:
    outside.bring([row(2, "10", "10")])
    outside.bring([row(4, "1", "16")])
    assert wrong(outside) == [("sequence_gap", Decimal(5))]
    assert wrong(outside) == [("sequence_gap", Decimal(5))]
    outside.bring([row(3, "5", "15")])
    assert wrong(outside) == []


def test_a_statement_that_does_not_tie_until_a_sound_one_of_its_days_comes(outside: Outside) -> None:
    one, two, three = (fresh("L") for _ in range(3))
    ends = (row(2, "10", "10", name=one), row(3, "5", "22", name=three))
    outside.bring(ends)
    assert wrong(outside) == [("statement_does_not_tie", Decimal(7))]
    outside.bring([ends[0], row(2, "7", "17", name=two), ends[1]])
    assert wrong(outside) == []


def test_a_statement_of_balances_alone_that_are_not_one_until_its_lines_come(outside: Outside) -> None:
    name, columns = fresh("src"), Profile(date="Date", reference="Ref", amount="Amount")
    settings: dict[str, object] = {"asset": "NGN", "profile": asdict(columns)}
    with transaction(TEST):
        bank = statements.add_source(name, title="A bank", format_name="bank-csv", settings=settings)
        statements.stand_for(bank.id, asset="NGN", account=outside.account)
    leave()
    head = "Opening Balance,,100\nClosing Balance,,{}\n\nDate,Ref,Amount\n"
    quiet, _ = flows.bring(name, name="quiet", body=head.format(100).encode(), actor=TEST,
                           said=Days(date(2026, 3, 1), date(2026, 3, 31)))  # fmt: skip
    (part,) = source_queries.parts_for_operators(quiet.id)
    assert part.difference == 0
    assert [days.count for days in source_queries.coverage_for_operators(quiet.source_id)] == [31]
    leave()
    assert wrong(outside) == []
    flows.bring(name, name="cut", body=head.format(500).encode(), actor=TEST)
    leave()
    assert wrong(outside) == [("statement_does_not_tie", Decimal(400))]
    flows.bring(name, name="whole", body=(head.format(500) + "02/04/2026,R,400\n").encode(), actor=TEST)
    leave()
    assert wrong(outside) == []


def test_a_line_that_is_told_otherwise_later(outside: Outside) -> None:
    name = fresh("L")
    outside.bring([row(2, "10", "10", name=name)])
    outside.bring([row(2, "12", "12", name=name)])
    assert ("restated", Decimal(2)) in wrong(outside)
    assert outside.proof.told == 10
    assert outside.run() is None


def banked(outside: Outside) -> Source:
    """A bank that tells of it, whose column of sides nobody has said how to read."""
    with transaction(TEST):
        bank = statements.add_source(
            fresh("src"), title="A bank", format_name="bank-csv", settings=settings(direction="Side")
        )
        statements.stand_for(bank.id, asset="NGN", account=outside.account)
    leave()
    outside.source = bank.name
    return bank


def test_a_row_that_no_line_can_be_made_of_until_one_can() -> None:
    """A bank that writes Dt in place of Dr; then the column of signed amounts is named instead."""
    outside = Outside()
    bank = banked(outside)
    head = "Date,Ref,Amount,Side,Words\n"
    outside.file(f"{head}02/03/2026,A1,5.00,Cr,IN\n02/03/2026,A2,3.00,Dt,OUT\n")
    assert [reason for reason, _ in wrong(outside)] == ["unknown_type"]
    (own,) = rows("SELECT id FROM breaks WHERE account = :a AND row_id IS NOT NULL", a=outside.account)
    assert break_queries.one_for_operators(own.id).row_no == 3
    leave()
    with transaction(TEST):
        source = source_queries.source_for_operators(bank.name)
        statements.change_source(
            source, title="A bank", settings=settings(), lag_days=source.lag_days, cut_off=source.cut_off
        )
    leave()
    outside.file(f"{head}02/03/2026,A2,3.00,Dt,OUT\n")
    assert wrong(outside) == []
    assert outside.proof.told == 8


def test_rejected_rows_are_read_again_without_another_file() -> None:
    """What was a line stays one; what can be placed now is added once; what cannot stays a break, the same one."""
    outside, head = Outside(), "Date,Ref,Amount,Side,Words\n"
    bank = banked(outside)
    rows_of = "02/03/2026,A1,5.00,Cr,IN\n02/03/2026,A2,3.00,Dt,OUT\n02/03/2026,A3,4.00,Cx,OUT\n"
    body = (head + rows_of).encode()
    told, _ = flows.bring(bank.name, name="march.csv", body=body, actor=TEST)
    assert (told.rows_lines, told.rows_rejected) == (1, 2)
    leave()
    assert [reason for reason, _ in wrong(outside)] == ["unknown_type"] * 2
    file = source_queries.same_file_for_system(bank.id, told.sha256)
    assert file is not None
    assert reread(file.id) == (2, 0, 0, 2)  # (nothing is set up otherwise yet)
    assert [reason for reason, _ in wrong(outside)] == ["unknown_type"] * 2
    with transaction(TEST):
        statements.change_source(
            source_queries.source_for_operators(bank.name),
            title="A bank", settings=settings(), lag_days=bank.lag_days, cut_off=bank.cut_off,
        )  # fmt: skip
    leave()
    assert reread(file.id) == (2, 2, 0, 0)
    assert wrong(outside) == []
    assert outside.proof.told == 12
    with pytest.raises(NothingRejected):
        reread(file.id)
    leave()
    same, before = flows.take(bank.name, name="again.csv", file=io.BytesIO(body), actor=TEST)
    assert (same.id, before) == (file.id, True)


@pytest.mark.parametrize(
    ("rejected", "later", "came_to"),
    [
        pytest.param("A2,3.00,Dt,OUT", "A2,3.00,Cr,OUT", "lines_known", id="known"),  # (a later file told it)
        pytest.param("A2,,Dt,OUT", "", "rows_ignored", id="ignored"),
    ],
)
def test_a_row_read_again_that_is_no_new_line_ends_its_break_too(rejected: str, later: str, came_to: str) -> None:
    outside, head = Outside(), "Date,Ref,Amount,Side,Words\n"
    bank = banked(outside)
    body = f"{head}02/03/2026,A1,5.00,Cr,IN\n02/03/2026,{rejected}\n".encode()
    told, _ = flows.bring(bank.name, name="march.csv", body=body, actor=TEST)
    leave()
    if later:
        outside.file(f"{head}02/03/2026,{later}\n")
    assert [reason for reason, _ in wrong(outside)] == ["unknown_type"]
    with transaction(TEST):
        statements.change_source(
            source_queries.source_for_operators(bank.name),
            title="A bank", settings=settings(), lag_days=bank.lag_days, cut_off=bank.cut_off,
        )  # fmt: skip
    leave()
    lines, file = outside.proof.told, source_queries.same_file_for_system(bank.id, told.sha256)
    assert file is not None
    assert reread(file.id)[1] == 0
    again = source_queries.readings_again_for_operators(file.id)[0][1]
    assert again is not None
    assert getattr(again, came_to) == 1
    leave()
    assert wrong(outside) == []
    assert outside.proof.told == lines


def reread(file_id: str) -> tuple[int, ...]:
    """Read the rejected rows of a file again: how many, those added, known, and rejected still."""
    before = source_queries.readings_again_for_operators(file_id)
    seen = before[0][0].id if before else ""
    with transaction(TEST):
        reading = statements.read_again(file_id, seen=seen, actor=TEST)
        assert statements.read_again(file_id, seen=seen, actor=TEST).id == reading.id
    leave()
    for _ in range(2):
        assert flows.read(reading.id, actor=TEST) is None
    told = source_queries.import_of_file_for_operators(reading.id)
    leave()
    return (told.rows_total, told.lines_added, told.lines_known, told.rows_rejected)


def settings(**more: str) -> dict[str, object]:
    """How the bank's file is laid out."""
    profile = {"date": "Date", "reference": "Ref", "amount": "Amount", "narration": "Words", **more}
    return {"zone": "Africa/Lagos", "asset": "NGN", "profile": profile}
