"""A break is due from when it was found, not from when the money moved; it is as old as the money."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from app.breaks import board, service
from app.breaks.board import Item, Sought
from app.core import clock
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.matching import by_hand, explaining
from tests.makers import broken, people
from tests.makers.books import fresh
from tests.makers.matching import BEGAN, TEST, Outside

pytestmark = pytest.mark.usefixtures("inside")
LONGEST = timedelta(days=30)  # what is worth little is to be closed within


def items(outside: Outside, view: str = "all") -> list[Item]:
    """What is open, in the order of the queue."""
    found = board.queue_for_operators(outside.account, Sought(view=view), after=None, limit=50)
    leave()
    return found


def follow(outside: Outside) -> None:
    """What the clock does every five minutes: few are noted at once."""
    with transaction(TEST):
        explaining.find(outside.account)
    leave()


def test_who_brings_a_long_history_is_not_late_with_all_of_it() -> None:
    began = clock.now()
    outside = Outside.differing()
    assert [one.age_days > 30 for one in items(outside)] == [True, True]
    for one in items(outside):
        assert one.due_at is not None
        assert began <= one.due_at - LONGEST <= clock.now()
    assert items(outside, "late") == []
    with clock.at(clock.now() + LONGEST):
        assert len(items(outside, "late")) == 2


def test_what_is_known_for_the_longest_is_late_first_and_pages_go_on_from_there() -> None:
    outside = Outside.differing()
    broken.known_for(outside, days=31)
    outside.tell((500, fresh("x")), days=-1)  # (older money, found later)
    outside.run()
    with clock.at(clock.now() + LONGEST):
        late = items(outside, "late")
        known = [(one.row.found_at, one.row.at, one.row.id) for one in late]
        assert known == sorted(known)
        assert {one.row.amount for one in late[:2]} == {10, -9}
        assert min(one.row.at for one in late[2:]) < late[0].row.at
        place, rest = None, []
        while found := board.ids_for_operators(outside.account, Sought(view="late"), after=place, limit=1):
            rest += [row.id for row in found]
            place = (found[0].at, found[0].id)
        leave()
        assert rest == [one.row.id for one in late]
        before = board.overdue_for_system(outside.account, before=BEGAN, limit=9)
        leave()
        assert before == sum(one.row.at < BEGAN for one in late) > 0


def test_what_somebody_has_is_late_too_and_what_waits_for_treasury() -> None:
    outside = Outside.differing()
    broken.known_for(outside, days=31)
    line, entry = broken.numbers(outside)
    who, _ = people.newcomer(Role.FINANCE)
    with transaction(TEST):
        service.assign(line, owner=who, actor=TEST)
    broken.acceptance(line)

    def late(owner: str, after: tuple[datetime, int] | None = None) -> list[int]:
        sought = Sought(view="late", owner=owner)
        found = [row.id for row in board.ids_for_operators(outside.account, sought, after=after, limit=9)]
        leave()
        return found

    assert (late(who), late("none"), late("")) == ([line], [entry], late(""))
    (own,) = [one for one in items(outside) if one.row.id == line]
    assert late(who, after=(own.row.at, line)) == []
    assert own.is_late


def test_an_entry_is_found_when_its_day_was_told_of() -> None:
    outside = Outside()
    outside.book(900, ref=fresh("ours"), days=2)
    outside.run()
    follow(outside)
    (waits,) = items(outside)
    assert (waits.reason, waits.row.found_at, waits.due_at) == ("timing", None, None)
    with clock.at(clock.now() + timedelta(days=40)):
        outside.tell((1, fresh("x")), days=4)
        outside.tell((1, fresh("x")), days=1)
        outside.bring(
            [f"{fresh('L')},{fresh('R')},2026-03-0{day} 09:00:00,deposit,,currency,NGN,1,0,9" for day in (2, 9)]
        )
        outside.run()
        follow(outside)
        found = next(one for one in items(outside) if one.row.amount < 0)
        assert found.reason == "missing_in_statement"
        assert found.row.found_at >= clock.now() - timedelta(minutes=5)
        assert found.row.id not in {one.row.id for one in items(outside, "late")}


def test_what_differs_again_is_known_since_the_first_time() -> None:
    """A match that does not add up, and what it was made of, once it is taken apart."""
    outside = Outside.differing()
    broken.known_for(outside, days=20)
    first = items(outside)[0].row.found_at
    line, entry = broken.numbers(outside)
    with transaction(TEST):
        group = service.link(line, others=[entry], reason="They wrote so.", actor=TEST)
    leave()
    assert [one.row.found_at for one in items(outside)] == [first]
    with transaction(TEST):
        service.take_apart(group, reason="It was another's.", actor=TEST)
    leave()
    assert [one.row.found_at for one in items(outside)] == [first, first]


def test_what_a_match_differed_by_was_known_of_its_line_too() -> None:
    outside, ref = Outside(), fresh("dep")
    outside.tell((1_000, ref))
    outside.book(900, ref=ref)
    outside.run()
    assert [reason for reason, _ in outside.breaks] == ["amount_mismatch"]
    broken.known_for(outside, days=20)
    (own,) = items(outside)
    with transaction(TEST):
        by_hand.end(own.row.group_id, reason="Not theirs.", actor=TEST)
    leave()
    assert {one.row.found_at for one in items(outside)} == {own.row.found_at}


def test_a_match_that_is_made_anew_at_night_is_known_since_the_first_time() -> None:
    outside, ref = Outside(), fresh("dep")
    outside.tell((1_000, ref))
    outside.book(900, ref=ref)
    outside.run()
    broken.known_for(outside, days=9)
    (before,) = items(outside)
    outside.book(50, ref=ref)
    outside.run()
    outside.run(whole=True)
    (after,) = items(outside)
    assert (after.row.group_id != before.row.group_id, after.row.amount) == (True, Decimal("0.5"))
    assert after.row.found_at == before.row.found_at
