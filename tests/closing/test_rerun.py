"""The rules run again from nothing give what stands; what came later is told apart from what nobody can explain."""

import pytest
from sqlalchemy import Engine, text

from app.closing import figures, invariants, rerun
from app.closing.results import Asked, Result
from app.closing.rules import month_of
from app.core.db import leave, transaction
from app.matching import again, by_hand
from tests.makers.books import fresh
from tests.makers.joining import Both
from tests.makers.matching import BEGAN, TEST, Outside, groups, swap

pytestmark = pytest.mark.usefixtures("inside")
MARCH = month_of(BEGAN.date())


def run_again(outside: Outside) -> again.Again:
    with transaction(TEST):
        found = again.run_again(outside.account)
    leave()
    return found


def determinism(outside: Outside) -> Result:
    """As a day's proof and a sheet say it."""
    with transaction(TEST):
        rerun.look_again(outside.account)
    found = invariants.prove(Asked(outside.account, MARCH, figures.of(outside.account, MARCH)))
    leave()
    return next(one for one in found if one.name == "I10")


@pytest.fixture
def outside() -> Outside:
    """Pairs, a sum, a match that differs, lines that take each other back, and one by an amount alone."""
    made, refs = Outside(), [fresh("R") for _ in range(6)]
    made.tell((500, refs[0]), (60, refs[1]), (40, refs[1]), (90, refs[2]), (7, refs[3]), (-7, refs[3]), covers=30)
    for kobo, ref in ((500, refs[0]), (100, refs[1]), (80, refs[2])):
        made.book(kobo, ref=ref)
    made.tell((7_001, ""), days=1)
    made.book(7_001, ref=refs[4], days=1)
    made.run(whole=True)
    assert len(made.groups) == 5
    return made


def test_the_same_comes_out_and_nothing_is_changed(outside: Outside) -> None:
    before = (outside.breaks, groups(outside))
    found = run_again(outside)
    assert (found.stood, found.first, found.left_out, found.matches) == (found.again, "", 0, 4)
    assert (outside.breaks, groups(outside), outside.run()) == (*before, None)
    holds = determinism(outside)
    assert (holds.holds, holds.one, holds.said[:9]) == (True, found.stood, "4 matches")


def test_what_came_later_is_left_out_and_counted(outside: Outside) -> None:
    ref = fresh("R")
    outside.tell((30, ref), (20, ref))
    outside.book(50, ref=ref)
    outside.run()
    outside.tell((50, ref))  # (would have been the one, had it been there)
    outside.run(whole=True)
    found = run_again(outside)
    assert (found.stood == found.again, found.left_out, found.first) == (True, 1, "")
    assert "1 of them left out" in determinism(outside).said


def test_what_people_do_stays_and_is_no_difference(outside: Outside) -> None:
    first, *_ = groups(outside)
    with transaction(TEST):
        by_hand.end(first, reason="Not the same.", actor=TEST)
    leave()
    assert (found := run_again(outside)).stood == found.again
    assert found.first == ""
    outside.run(whole=True)
    outside.tell((11, fresh("x")))
    outside.book(12, ref=fresh("y"))
    outside.run()
    both = outside.open_ids[-2:]
    with transaction(TEST):
        by_hand.merge(outside.account, breaks=both, reason="One.", actor=TEST)
    leave()
    assert determinism(outside).holds


def test_a_line_put_into_another_match_is_named_and_led_to(outside: Outside, owner_engine: Engine) -> None:
    refs = [fresh("R") for _ in range(2)]
    outside.tell(*((77, ref) for ref in refs))
    for ref in refs:
        outside.book(77, ref=ref)
    outside.run(whole=True)
    one, other = groups(outside)[-2:]
    swap(owner_engine, one, other)  # (each nets to nothing all the same: only a rerun sees it)
    wrong = determinism(outside)
    assert (wrong.holds, wrong.one != wrong.other) == (False, True)
    assert wrong.first.startswith(f"match {one}: run again, entry ")
    assert wrong.place == ("console.match", {"group_id": str(one)})


def test_an_entry_that_was_here_before_and_joined_again_was_not_there_meanwhile() -> None:
    both, ref = Both(outside := Outside()), fresh("R")
    both.book(300, ref=ref)
    both.join()
    outside.run()
    both.leave()
    outside.tell((300, ref))
    outside.book(300, ref=ref)
    outside.run()
    assert outside.groups == [("our reference", 1, 1)]
    both.join()
    outside.run(whole=True)
    found = run_again(outside)
    assert (found.first, found.stood, found.left_out) == ("", found.again, 1)


def test_of_too_many_it_is_not_found_how_many_before_it_is_not_run_again(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(again, "ROWS_MAX", 3)  # (few rows reach what a hundred thousand would)
    assert run_again(outside).rows == 5  # (four that are laid open of eight, and what is open)
    said = determinism(outside)
    assert (said.holds, said.said[:19]) == (None, "not run again: more")


def test_what_is_written_otherwise_after_it_was_run_again_is_seen_on_every_page(
    outside: Outside, owner_engine: Engine
) -> None:
    assert determinism(outside).holds
    with owner_engine.begin() as connection:
        connection.execute(
            text("UPDATE matches SET rule = 'by hand' WHERE group_id = :one"), {"one": groups(outside)[0]}
        )
    wrong = determinism(outside)
    assert (wrong.holds, wrong.first[:19]) == (False, "matches up to run " + wrong.first[18])
    assert wrong.place == ("console.breaks_of", {"outside": outside.account})
