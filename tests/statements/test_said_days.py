"""Days on which nothing happened stand in no line: whoever knows that a file covers them says so, or says it later."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.closing import checklist
from app.closing import queries as closing
from app.closing.rules import Check, Light, month_of
from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.core.errors import Refusal
from app.statements import flows, queries, saying, service
from app.statements.errors import BadDays, NoReason, NoSuchFile, NotItsDays
from app.statements.rules import Days, FileState
from tests.makers.books import fresh
from tests.makers.matching import TEST, Outside
from tests.statements.test_bringing import FIRST, bring, made, of

pytestmark = pytest.mark.usefixtures("inside")
OTHER = actor.system("another")
MARCH, APRIL = month_of(date(2026, 3, 1)), month_of(date(2026, 4, 1))
WHOLE = {month: Days(month.first, month.last) for month in (MARCH, APRIL)}


def rows_of(outside: Outside, *days: str) -> bytes:
    found = []
    for day in days:
        outside.balance += 100
        found.append(f"{fresh('L')},{fresh('R')},{day} 09:00:00,deposit,,currency,NGN,1,0,{outside.balance // 100}")
    return of(*found)


def missing(outside: Outside) -> list[int]:
    """How many days of March and of April have no statement."""
    found = []
    for month in (MARCH, APRIL):
        covered = closing.coverage_for_operators(outside.account, month)
        found.append(sum(days.count for one in covered for days in one.missing))
    leave()
    return found


def file_of(outside: Outside) -> str:
    """The first file of its source."""
    source = queries.source_for_operators(outside.source)
    found = queries.files_for_operators(source.id)[-1][0].id
    leave()
    return found


def covered(outside: Outside) -> Check:
    """What the checklist of March says of its days."""
    found = checklist.given(MARCH)
    own = replace(found, sheets=tuple(each for each in found.sheets if each.account == outside.account))
    said = next(each for each in checklist.of(own) if each.name == "covered")
    leave()
    return said


def say(file_id: str, first: date, last: date, *, reason: str = "It stands on the paper.") -> None:
    try:
        with transaction(TEST):
            saying.say(file_id, days=Days(first, last), reason=reason, actor=TEST)
    finally:
        leave()


def test_quiet_days_are_covered_once_they_are_said() -> None:
    outside = Outside()
    march = rows_of(outside, "2026-03-02", "2026-03-30")
    april = rows_of(outside, "2026-04-02", "2026-04-29")
    outside.file(march.decode())
    told, _ = flows.bring(outside.source, name="april", body=april, actor=TEST, said=WHOLE[APRIL])
    told_id = told.id
    leave()
    assert missing(outside) == [1, 0]
    outside.book(1, days=29)  # 31 March
    outside.run()
    assert ("not_covered", -1) in outside.breaks
    assert covered(outside).light == Light.RED
    say(file_of(outside), MARCH.first, MARCH.last)
    assert missing(outside) == [0, 0]
    assert covered(outside).light == Light.AMBER  # (whoever closes reads it)
    assert "1 March to 31 March, since somebody said: It stands on the paper." in covered(outside).said
    assert ("missing_in_statement", -1) in outside.breaks
    file = rows("SELECT id FROM statement_files WHERE import_id = :id", id=told_id)[0].id
    leave()
    say(file, date(2026, 4, 2), date(2026, 4, 29))  # (the newest counts: it was wrong before)
    assert missing(outside) == [0, 2]
    seen = rows("SELECT count(*) AS n FROM audit.records WHERE table_name = 'statement_said_days' AND row_id = :id",
                id=file)[0].n  # fmt: skip
    leave()
    assert seen == 2


def test_what_is_said_with_the_same_file_again_is_said_later() -> None:
    outside = Outside()
    body = rows_of(outside, "2026-03-02", "2026-03-30")
    flows.bring(outside.source, name="march", body=body, actor=TEST, said=Days(MARCH.first, date(2026, 3, 30)))
    leave()
    assert covered(outside).light == Light.RED
    flows.bring(outside.source, name="march", body=body, actor=TEST, said=WHOLE[MARCH])
    leave()
    assert covered(outside).light == Light.AMBER


def test_what_is_said_as_a_file_is_brought_came_with_it() -> None:
    outside = Outside()
    flows.bring(outside.source, name="march", body=rows_of(outside, "2026-03-02"), actor=TEST, said=WHOLE[MARCH])
    leave()
    assert covered(outside).light == Light.GREEN


def test_the_same_file_again_with_its_days_says_them() -> None:
    outside = Outside()
    body = rows_of(outside, "2026-03-02", "2026-04-30")
    outside.file(body.decode())
    for _ in range(2):
        _, before = flows.bring(outside.source, name="again", body=body, actor=TEST, said=Days(MARCH.first, APRIL.last))
        assert before
        leave()
    assert missing(outside) == [0, 0]
    assert len(queries.said_days_for_operators(file_of(outside))) == 1
    leave()


def test_a_line_outside_of_them_refuses_the_file() -> None:
    outside = Outside()
    body = rows_of(outside, "2026-03-02", "2026-04-01")
    with pytest.raises(NotItsDays, match="2 Mar 2026 to 1 Apr 2026"):
        flows.bring(outside.source, name="march", body=body, actor=TEST, said=WHOLE[MARCH])
    leave()
    source = queries.source_for_operators(outside.source)
    ((refused, told),) = queries.files_for_operators(source.id)
    assert (refused.state, told, "and should cover 1 Mar 2026" in refused.trouble) == (FileState.REFUSED, None, True)
    refused_id = refused.id
    leave()
    assert outside.proof.told == 0
    outside.file(body.decode())
    kept = queries.files_for_operators(source.id)[0][0].id
    leave()
    today = clock.now().date()
    wrong: tuple[tuple[str, date, date, str, type[Refusal]], ...] = (
        (kept, MARCH.first, MARCH.last, "Why.", NotItsDays),
        (kept, APRIL.last, MARCH.first, "Why.", BadDays),
        (kept, date(26, 3, 1), APRIL.last, "Why.", BadDays),
        (kept, MARCH.first, today + timedelta(days=2), "Why.", BadDays),
        (kept, MARCH.first, APRIL.last, " ", NoReason),
        (refused_id, MARCH.first, APRIL.last, "Why.", NoSuchFile),
    )
    for file, first, last, reason, refusal in wrong:
        with pytest.raises(refusal):
            say(file, first, last, reason=reason)


def test_days_are_those_of_the_source_s_zone() -> None:
    source = queries.source_for_operators(made("kraken-ledgers", zone="Africa/Lagos"))
    leave()
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)  # in Lagos April has begun
    saying.check(source, Days(MARCH.first, APRIL.first), now=late)
    with pytest.raises(BadDays):
        saying.check(source, Days(MARCH.first, APRIL.first), now=late - timedelta(hours=1))


def test_rows_read_again_have_no_days_of_their_own() -> None:
    name = made("kraken-ledgers")
    bring(name, of(FIRST, FIRST.replace("LA", "LX").replace("deposit", "airdrop")))
    file = queries.files_for_operators(queries.source_for_operators(name).id)[0][0].id
    leave()
    with transaction(TEST):
        again = service.read_again(file, seen="", actor=OTHER).id
    leave()
    with pytest.raises(NoSuchFile):
        say(again, MARCH.first, MARCH.last)
    flows.read(again, actor=TEST)
    told = queries.import_of_file_for_operators(again)
    assert (told.rows_total, told.rows_lines, told.rows_rejected) == (1, 0, 1)
    assert queries.bringers_of_for_system(told.id) == {str(TEST), str(OTHER)}  # (neither takes a line by it anew)
    leave()
