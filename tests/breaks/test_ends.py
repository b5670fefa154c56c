"""How a break ends: linked, booked, written off, accepted for a time. Whatever is done, the breaks explain the rest."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.breaks import board, errors, service
from app.breaks.board import Sought
from app.core import clock
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.governance import flows
from jobs import breaks as jobs
from jobs.work import Work
from tests.makers import broken, people
from tests.makers.books import fresh
from tests.makers.matching import TEST, Outside

pytestmark = pytest.mark.usefixtures("inside")
OTHER = "expense:bank_charges:NGN"
ASKS: dict[str, Callable[[int], str]] = {
    "journal": lambda one: broken.journal(one, OTHER),
    "off": broken.write_off,
    "accept": broken.acceptance,
}


@pytest.fixture
def outside() -> Outside:
    """A line of 10 naira and an entry of 9 that no rule puts together."""
    return Outside.differing()


def todo(outside: Outside, **sought: str) -> list[int]:
    found = board.ids_for_operators(outside.account, Sought(**sought), limit=50)  # type: ignore[arg-type]
    leave()
    return [row.id for row in found]


def ended(request_id: str) -> None:
    jobs.proposal_ended(
        Work("x", request_id, {"request_id": request_id, "kind": "breaks.journal"}, None, TEST)  # type: ignore[arg-type]
    )
    leave()


def test_linking_closes_both_and_what_they_differ_by_goes_on_by_itself(outside: Outside) -> None:
    line, entry = broken.numbers(outside)
    with transaction(TEST):
        service.comment(entry, words="It looks like theirs.", actor=TEST)
    with transaction(TEST):
        group = service.link(line, others=[entry], reason="They wrote so.", actor=TEST)
    leave()
    assert outside.breaks == [("amount_mismatch", 100)]
    assert broken.trail(line) == ["opened", "linked", "closed"]
    assert broken.trail(entry) == ["opened", "comment", "linked", "closed"]
    with transaction(TEST):
        service.take_apart(group, reason="It was another's.", actor=TEST)
    leave()
    assert (broken.case_state(line), broken.trail(entry)[-1]) == ("open", "reopened")
    assert outside.proof.ties


def test_a_journal_that_others_agree_to_closes_a_line(outside: Outside) -> None:
    line, entry = broken.numbers(outside)
    asked = broken.journal(line, OTHER, on_its_day=True)
    assert (broken.case_state(line), outside.proof.ties) == ("proposed", True)
    assert broken.agree(asked) == "executed"
    assert outside.breaks == [("missing_in_statement", -900)]
    assert outside.proof.ties
    assert broken.trail(line) == ["opened", "proposed", "agreed", "closed"]
    outside.run(whole=True)
    assert (broken.numbers(outside), outside.proof.ties) == ([entry], True)
    told = rows("SELECT memo->>'told' AS told FROM ledger.journals WHERE ref LIKE :ref", ref=f"{asked}-%")
    leave()
    assert told[0].told.startswith("L")


def test_a_journal_for_an_entry_takes_it_back_and_one_for_a_match_makes_it_add_up(outside: Outside) -> None:
    line, entry = broken.numbers(outside)
    with transaction(TEST):
        group = service.link(line, others=[entry], reason="They wrote so.", actor=TEST)
    leave()
    (differs,) = broken.numbers(outside)
    assert broken.agree(broken.journal(differs, OTHER)) == "executed"
    assert (outside.breaks, outside.proof.ties) == ([], True)
    ended_by = rows("SELECT ended_by FROM matches WHERE group_id = :group", group=group)
    leave()
    assert all(row.ended_by for row in ended_by)
    outside.book(700, ref=fresh("alone"))
    outside.tell((5, ""), days=9)
    outside.run(whole=True)
    alone = next(number for number in broken.numbers(outside) if broken.case_state(number) == "")
    assert broken.agree(broken.write_off(alone)) == "executed"
    assert outside.proof.ties


def test_money_that_nobody_knows_waits_in_suspense_with_an_item(outside: Outside) -> None:
    line, _ = broken.numbers(outside)
    asked = broken.journal(line, "liability:suspense:NGN")
    assert broken.agree(asked) == "executed"
    found = rows("SELECT amount_units, state FROM suspense_items WHERE reference LIKE :ref", ref=f"{asked}-%")
    leave()
    assert [(int(row.amount_units), row.state) for row in found] == [(1_000, "open")]


@pytest.mark.parametrize("way", ASKS)
def test_what_is_refused_is_open_again(outside: Outside, way: str) -> None:
    ask = ASKS[way]
    line, _ = broken.numbers(outside)
    asked = ask(line)
    with pytest.raises(errors.UnderWay):
        ask(line)
    broken.deny(asked)
    ended(asked)
    assert (broken.case_state(line), broken.trail(line)[-1]) == ("open", "refused")
    assert broken.state(ask(line)) == "pending"
    assert (len(outside.breaks), outside.proof.ties) == (2, True)


def test_what_is_accepted_stays_in_the_sum_and_comes_back_when_its_time_is_over(outside: Outside) -> None:
    line, entry = broken.numbers(outside)
    assert broken.agree(broken.acceptance(line, days=3)) == "executed"
    assert (broken.case_state(line), outside.proof.ties, len(outside.breaks)) == ("accepted", True, 2)
    assert todo(outside) == [entry]
    assert todo(outside, view="accepted") == [line]
    broken.follow(outside)
    assert broken.case_state(line) == "accepted"
    with clock.at(clock.now() + timedelta(days=5)):
        broken.follow(outside)
    assert (broken.case_state(line), broken.trail(line)[-1]) == ("open", "expired")
    assert sorted(todo(outside)) == sorted([line, entry])


def test_what_was_linked_meanwhile_is_not_booked_as_well(outside: Outside) -> None:
    line, entry = broken.numbers(outside)
    asked = broken.journal(line, OTHER)
    with transaction(TEST):
        service.link(line, others=[entry], reason="They wrote so.", actor=TEST)
    leave()
    assert broken.agree(asked) == "failed"
    result = rows("SELECT result FROM approval_requests WHERE id = :id", id=asked)[0].result
    leave()
    assert "Nothing is booked" in result
    assert (outside.breaks, outside.proof.ties) == ([("amount_mismatch", 100)], True)


def test_two_that_carry_it_out_at_once_book_it_once(app: Flask, outside: Outside) -> None:
    line, _ = broken.numbers(outside)
    asked = broken.journal(line, OTHER)
    broken.agree(asked)

    def again(_: int) -> None:
        with app.app_context():
            flows.carry_out(asked, actor=TEST)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(again, range(2)))
    booked = rows("SELECT count(*) AS n FROM ledger.journals WHERE ref LIKE :ref", ref=f"{asked}-%")[0].n
    leave()
    assert (booked, outside.proof.ties) == (1, True)


def test_what_is_above_the_limit_is_refused_with_who_can(outside: Outside) -> None:
    outside.tell((20_000_000, fresh("big")))
    outside.run()
    big = broken.numbers(outside)[-2]
    amounts = {row.id: row.amount for row in board.ids_for_operators(outside.account, Sought(), limit=9)}
    leave()
    big = max(amounts, key=lambda number: amounts[number])
    with pytest.raises(errors.AboveLimit, match="treasury agrees"):
        broken.write_off(big)
    assert broken.case_state(big) == ""


def test_a_case_follows_what_runs_do(outside: Outside) -> None:
    line, _ = broken.numbers(outside)
    with transaction(TEST):
        service.comment(line, words="Ours is late.", actor=TEST)
    leave()
    told = rows(
        "SELECT l.external_id FROM statement_lines l JOIN breaks b ON b.line_id = l.id WHERE b.id = :id", id=line
    )
    leave()
    outside.book(1_000, told=told[0].external_id)
    outside.run()
    broken.follow(outside)
    assert (broken.case_state(line), broken.trail(line)[-1]) == ("closed", "closed")


def test_what_is_overdue_is_told_once_and_what_is_very_much_is_counted_now_and_then(outside: Outside) -> None:
    broken.known_for(outside, days=31)
    for _ in range(2):
        with transaction(TEST):
            service.notice(outside.account, actor=TEST)
            service.count(outside.account)
    told = rows("SELECT words FROM cases WHERE subject = :subject", subject=f"breaks:{outside.account}")
    kept = rows(
        "SELECT sum(breaks) AS n, sum(amount) AS amount FROM break_figures WHERE account = :a", a=outside.account
    )
    shown = board.board_for_operators(outside.account).total
    leave()
    assert [row.words.split()[0] for row in told] == ["2"]
    assert (kept[0].n, kept[0].amount) == (2, 1)
    assert (shown.breaks, shown.amount) == (2, Decimal(1))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=st.lists(st.sampled_from(["link", "apart", "journal", "off", "accept", "deny", "run"]), max_size=6))
def test_whatever_is_done_told_less_booked_is_the_sum_of_the_breaks(inside: Flask, deeds: list[str]) -> None:
    outside, group = Outside.differing(), 0
    outside.tell((777, ""), (-50, ""), days=1)
    outside.run()
    for deed in deeds:
        free = [number for number in broken.numbers(outside) if broken.case_state(number) in {"", "open"}]
        if deed == "run":
            outside.run(whole=True)
            broken.follow(outside)
        elif deed == "apart" and group:
            with transaction(TEST):
                service.take_apart(group, reason="Not theirs.", actor=TEST)
            group = 0
        elif deed == "link" and not group and len(free) == 4:
            with transaction(TEST):
                group = service.link(free[0], others=free[1:], reason="All of it is one.", actor=TEST)
        elif deed == "deny" and free:
            broken.deny(broken.acceptance(free[0]))
        elif deed in {"journal", "off", "accept"} and free:
            asked = ASKS[deed](free[0])
            assert broken.agree(asked) == "executed"
            group = 0
        leave()
        assert outside.proof.ties, deed


def test_what_is_wrong_with_a_statement_has_an_owner_too_and_ends_by_itself(outside: Outside) -> None:
    day = "2026-03-0{} 09:00:00,deposit,,currency,NGN".format
    outside.bring([f"{fresh('L')},{fresh('R')},{day(4)},10,0,{Decimal(outside.balance).scaleb(-2) + 15}"])
    outside.run()
    (gap,) = [row.id for row in rows(
        "SELECT id FROM breaks WHERE account = :account AND reason = 'sequence_gap' AND closed_by IS NULL",
        account=outside.account,
    )]  # fmt: skip
    leave()
    (other, *_), (who, _) = broken.numbers(outside), people.newcomer(Role.FINANCE)
    with transaction(TEST):
        service.assign(gap, owner=who, actor=TEST)
        with pytest.raises(errors.BreakGone):
            service.link(gap, others=[other], reason="x", actor=TEST)
    assert gap in todo(outside, owner=who)
    assert gap in todo(outside, reason="sequence_gap")
    with pytest.raises(errors.TooSmall):
        broken.journal(gap, OTHER)
    outside.bring([f"{fresh('L')},{fresh('R')},{day(3)},5,0,{Decimal(outside.balance).scaleb(-2) + 5}"])
    outside.run()
    with transaction(TEST):
        service.follow(outside.account, actor=TEST)
    assert broken.trail(gap) == ["opened", "assigned", "closed"]
    assert outside.proof.ties
