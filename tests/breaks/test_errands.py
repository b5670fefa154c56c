"""What is asked for that takes longer than a page may: once, in the name of who asked, and what came of it is kept."""

import pytest

from app.breaks import errands
from app.breaks.models import Errand
from app.core import actor as actors
from app.core import clock
from app.core.db import db, leave, rows, transaction
from app.core.permissions import Role
from app.matching import by_hand
from app.matching.errors import MatchGone, NothingToMatch, ReasonMissing
from jobs import breaks as jobs
from jobs.work import Work
from tests.makers import books, people
from tests.makers.books import fresh
from tests.makers.matching import TEST, Outside

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def outside() -> Outside:
    """A line and an entry that the rules put together."""
    made, ref = Outside(), fresh("dep")
    made.tell((70, ref))
    made.book(70, ref=ref)
    made.run()
    return made


def group_of(outside: Outside) -> int:
    found = rows(
        "SELECT m.group_id FROM matches m JOIN matching_runs r ON r.id = m.run_id"
        " WHERE r.account = :a AND m.ended_by IS NULL",
        a=outside.account,
    )
    leave()
    number: int = found[0].group_id
    return number


def ask(group_id: int, maker: str, *, reason: str = "Not theirs.") -> int:
    with transaction(actors.operator(maker)):
        return errands.ask_apart(group_id, reason=reason, maker=maker)


def run(errand_id: int, *, tries: int = 1) -> tuple[bool, str]:
    """The worker does it: whether it failed, and what is said."""
    jobs.run_errand(Work("x", str(errand_id), {"errand_id": errand_id}, None, TEST, tries=tries))  # type: ignore[arg-type]
    leave()
    one = db.session.get_one(Errand, errand_id, populate_existing=True)
    found = (one.failed, one.said)
    leave()
    return found


def test_it_is_one_while_it_is_not_done_and_done_once_in_the_name_of_who_asked(outside: Outside) -> None:
    group, (maker, _) = group_of(outside), people.newcomer(Role.FINANCE)
    errand = ask(group, maker)
    assert ask(group, maker) == errand
    told = run(errand)
    assert told == (False, "Its lines and entries are open again.")
    ended = rows(
        "SELECT r.made_by, r.why FROM matches m JOIN matching_runs r ON r.id = m.ended_by WHERE m.group_id = :g",
        g=group,
    )
    leave()
    assert {(row.made_by, row.why) for row in ended} == {(f"operator:{maker}", "Not theirs.")}
    assert len(outside.breaks) == 2
    assert run(errand) == told
    assert len(outside.breaks) == 2


def test_what_somebody_else_took_apart_meanwhile_is_said_so(outside: Outside) -> None:
    group, (maker, _) = group_of(outside), people.newcomer(Role.FINANCE)
    errand = ask(group, maker)
    with transaction(TEST):
        by_hand.end(group, reason="It was another's.", actor=TEST)
    leave()
    assert run(errand) == (True, MatchGone.message)
    with pytest.raises(MatchGone):
        ask(group, maker)
    leave()


def test_it_says_why_and_of_what_statements_tell(outside: Outside) -> None:
    maker, _ = people.newcomer(Role.FINANCE)
    with pytest.raises(ReasonMissing):
        ask(group_of(outside), maker, reason=" ")
    untold = books.account("asset")
    with pytest.raises(NothingToMatch), transaction(actors.operator(maker)):
        errands.ask_match(untold, maker=maker)
    leave()


def test_what_a_fault_of_ours_ends_says_so_and_can_be_asked_for_again(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    group, (maker, _) = group_of(outside), people.newcomer(Role.FINANCE)
    errand = ask(group, maker)
    with monkeypatch.context() as broken:
        broken.setattr(by_hand, "_step", None)
        for tries in (1, 2):
            with pytest.raises(TypeError):
                run(errand, tries=tries)
            leave()
        failed, said = run(errand, tries=3)
    assert (failed, "a fault of Bursar" in said) == (True, True)
    again = ask(group, maker)
    assert again != errand
    assert run(again) == (False, "Its lines and entries are open again.")


def test_one_that_nobody_does_any_more_is_ended(outside: Outside) -> None:
    group, (maker, _) = group_of(outside), people.newcomer(Role.FINANCE)
    errand = ask(group, maker)
    for later, is_open in ((errands.LEFT_AFTER / 2, True), (errands.LEFT_AFTER * 2, False)):
        with clock.at(clock.now() + later), transaction(TEST):
            errands.end_left()
        leave()
        newest = errands.newest_for_operators(outside.account, group_id=group)
        assert newest is not None
        assert (newest.id, newest.ended_at is None, newest.failed) == (errand, is_open, not is_open)
        leave()
    assert ask(group, maker) != errand
