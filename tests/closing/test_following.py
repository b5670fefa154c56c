"""Where one statement ends the next begins: beside each other, on shared days, and over days said to be quiet."""

from datetime import date

import pytest

from app.closing import figures, invariants
from app.closing.results import Asked, Result
from app.closing.rules import month_of
from app.core import clock
from app.core.db import leave, rows, transaction
from app.matching import queries as matching
from app.matching import service as runs
from app.statements import flows, queries, saying
from app.statements import service as statements
from app.statements.rules import Days
from tests.makers import books
from tests.makers.books import fresh
from tests.makers.matching import TEST, Outside

pytestmark = pytest.mark.usefixtures("inside")
MARCH = month_of(date(2026, 3, 1))


def follows(account: str) -> Result:
    """Whether each begins where the one before ended."""
    found = invariants.prove(Asked(account, MARCH, figures.of(account, MARCH)))
    leave()
    return next(one for one in found if one.name == "I2")


def row(day: int, naira: int, balance: int, *, name: str = "", hour: int = 9) -> str:
    at = f"2026-03-{day:02} {hour:02}:00:00"
    return f"{name or fresh('L')},{fresh('R')},{at},deposit,,currency,NGN,{naira},0,{balance}"


def test_files_that_tell_the_same_days_begin_with_a_balance_of_theirs() -> None:
    outside, three, four = Outside(), fresh("L"), fresh("L")
    outside.bring([row(2, 10, 10), row(3, 1, 11, name=three), row(4, 2, 13, name=four)])
    outside.bring([row(3, 1, 11, name=three), row(4, 2, 13, name=four), row(6, 5, 18)])  # (two days whole)
    outside.bring([row(6, 3, 21, hour=12), row(9, 3, 24)])  # (goes on within the day)
    assert (follows(outside.account).holds, follows(outside.account).said[:1]) == (True, "2")
    outside.bring([row(9, 1, 31, hour=12), row(12, 1, 32)])
    wrong = follows(outside.account)
    assert (wrong.holds, int(wrong.other) - int(wrong.one)) == (False, 6)


@pytest.mark.parametrize("counted", [5, 7])
def test_a_line_told_otherwise_on_shared_days_is_no_gap(counted: int) -> None:
    """What the one before ended with less what it told of those days itself, whatever is counted of them."""
    outside, first, told, last = Outside(), fresh("L"), fresh("L"), fresh("L")
    outside.bring([row(2, 10, 10, name=first), row(3, 5, 15, name=told)])  # (with 7 both tell it otherwise than this)
    outside.bring([
        row(2, 10, 10, name=first), row(3, counted, 10 + counted, name=told), row(4, 4, 14 + counted, name=last)
    ])  # fmt: skip
    outside.bring([
        row(3, 7, 17, name=told), row(3, 2, 19, hour=10), row(4, 4, 23, name=last), row(6, 1, 24)
    ])  # fmt: skip
    found = follows(outside.account)
    assert (found.holds, found.said[:1]) == (True, "1")
    outside.bring([row(6, 3, 29, hour=12), row(9, 3, 32)])
    wrong = follows(outside.account)
    assert (wrong.holds, int(wrong.other) - int(wrong.one)) == (False, 2)


def test_days_that_were_quiet_part_no_statements() -> None:
    outside = Outside()
    outside.bring([row(2, 10, 10)])
    outside.bring([row(6, 1, 17)])
    assert follows(outside.account).holds is None
    source = queries.source_for_operators(outside.source)
    second = queries.files_for_operators(source.id)[0][0].id
    leave()
    with transaction(TEST):
        saying.say(second, days=Days(date(2026, 3, 3), date(2026, 3, 8)), reason="It says so.", actor=TEST)
    leave()
    assert follows(outside.account).holds is False


def camt(first: str, until: str, opening: int, closing: int, day: str) -> bytes:
    """A statement that says until which midnight it goes."""

    def balance(kind: str, naira: int) -> str:
        return (f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='NGN'>{naira}</Amt>"
                f"<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{first}</Dt></Dt></Bal>")  # fmt: skip

    return (
        f"<Document><BkToCstmrStmt><Stmt><Id>{first}</Id>"
        f"<FrToDt><FrDtTm>{first}T00:00:00</FrDtTm><ToDtTm>{until}T00:00:00</ToDtTm></FrToDt>"
        f"<Acct><Id><IBAN>X1</IBAN></Id><Ccy>NGN</Ccy></Acct>{balance('OPBD', opening)}{balance('CLBD', closing)}"
        f"<Ntry><Amt Ccy='NGN'>{closing - opening}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>"
        f"<BookgDt><Dt>{day}</Dt></BookgDt></Ntry></Stmt></BkToCstmrStmt></Document>"
    ).encode()


def test_statements_until_a_midnight_cover_the_days_before_it() -> None:
    name, account = fresh("src"), books.account("asset")
    with transaction(TEST):
        source = statements.add_source(name, title="A bank", format_name="camt053", settings={"zone": "Africa/Lagos"})
        statements.stand_for(source.id, asset="NGN", account=account)
        source_id = source.id
    leave()
    for nth, body in enumerate((
        camt("2026-03-01", "2026-03-11", 0, 100, "2026-03-05"), camt("2026-03-11", "2026-04-01", 900, 910, "2026-03-15")
    )):  # fmt: skip
        flows.bring(name, name=f"{nth}.xml", body=body, actor=TEST)
        leave()
    assert queries.coverage_for_operators(source_id) == [Days(date(2026, 3, 1), date(2026, 3, 31))]
    with transaction(TEST):
        rules, version = matching.rules_for_operators(account)
        runs.run(account, rules=rules, version=version, as_of=clock.now(), whole=False, why="", actor=TEST)
    found = rows("SELECT as_told FROM breaks WHERE account = :a AND reason = 'sequence_gap' AND closed_by IS NULL",
                 a=account)  # fmt: skip
    leave()
    assert [one.as_told for one in found] == [800]
    assert (follows(account).one, follows(account).other) == ("100", "900")
