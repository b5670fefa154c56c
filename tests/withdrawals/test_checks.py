"""The checks: each alone changes what becomes of a withdrawal against which nothing else speaks; all are kept."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.applications import past
from app.core import actor, clock, ids
from app.core.db import db, leave, sqlstate, transaction
from app.core.errors import IllegalMove, NotFound
from app.core.money import Money
from app.core.permissions import Role
from app.customers.rules import Tier
from app.identity import security
from app.ledger import posting
from app.payments import queries as payments
from app.risk import queries as risk_queries
from app.withdrawals import checks, errors, queries, queue, rounds, service
from app.withdrawals.models import CheckRow, Withdrawal
from app.withdrawals.rules import State
from tests.makers import applicants, listed, people, restricted
from tests.makers.people import naira
from tests.makers.sandbox import SandboxProcess
from tests.withdrawals.conftest import SYSTEM, Case


def against(asked: Withdrawal) -> dict[int, CheckRow]:
    """What speaks against it, by number."""
    return {row.number: row for row in queue.reasons_for_operators({asked.id})[asked.id]}


def restrict(case: Case) -> None:
    restricted.placed(case.owner, restricted.Kind.NO_DEBIT)


def over_limit(case: Case) -> None:
    case.does("DELETE FROM limit_uses WHERE customer_id = :customer")
    case.does(
        "INSERT INTO limit_uses (ref, customer_id, rail, direction, asset, units, used_at, over)"
        " VALUES (:ref, :customer, 'bank', 'out', 'NGN', 500000000, now(), '')",
        ref=ids.new("wd"),
    )


def lose_hold(case: Case) -> None:
    asked = queue.page_for_operators([State.REQUESTED], oldest_first=False, limit=1)[0]
    leave()
    with transaction(SYSTEM):
        posting.release(asked.hold_id)


def lose_factor(case: Case) -> None:
    case.does("ALTER TABLE totp_apps DISABLE TRIGGER marks_stay")
    case.does(
        "UPDATE totp_apps t SET removed_at = now() FROM customers c WHERE c.login_id = t.login_id AND c.id = :customer"
    )
    case.does("ALTER TABLE totp_apps ENABLE ALWAYS TRIGGER marks_stay")


def remove_account(case: Case) -> None:
    case.does("UPDATE bank_accounts SET removed_at = now() WHERE id = :account")


def new_account(case: Case) -> None:
    case.does("UPDATE bank_accounts SET created_at = now() WHERE id = :account")


def change_password(case: Case) -> None:
    with transaction(SYSTEM):
        security.note_change(case.owner.login_id)


def hit_a_list(case: Case) -> None:
    listed.open_hit(case.owner)


def hurry(case: Case) -> None:
    case.does("UPDATE deposits SET settled_at = now() WHERE customer_id = :customer")
    case.does("UPDATE deposits SET credited_units = 20000000 WHERE customer_id = :customer")


# Number → what is done, what becomes of it, in which state it is then, and its points.
ALONE: dict[int, tuple[Callable[[Case], None], str, State, int]] = {
    1: (restrict, "hold", State.HELD, 0),
    2: (over_limit, "refuse", State.HELD, 0),
    3: (lose_hold, "hold", State.HELD, 0),
    5: (lose_factor, "hold", State.HELD, 0),
    6: (remove_account, "hold", State.HELD, 0),
    7: (new_account, "hold", State.COOLING_OFF, 0),
    8: (change_password, "hold", State.COOLING_OFF, 0),
    9: (Case.named_otherwise, "review", State.REQUESTED, 40),
    10: (hit_a_list, "hold", State.HELD, 0),
    13: (Case.disputed, "review", State.REQUESTED, 30),
    15: (hurry, "review", State.REQUESTED, 40),
}
# What needs a state of the house of its own, or stops nothing that goes to a bank.
ELSEWHERE = {
    4: "test_an_identity_that_is_due_is_looked_at",
    11: "test_what_chains_show_is_not_asked_of_a_bank",
    12: "test_that_the_bank_names_who_is_paid_is_kept",
    14: "test_how_much_of_it_came_today_is_kept",
    16: "test_a_float_that_is_short_asks_for_a_look",
}


def test_every_check_has_its_case() -> None:
    assert set(ALONE) | set(ELSEWHERE) == set(checks.CHECKS)
    assert set(ELSEWHERE.values()) <= set(globals())


def test_the_page_names_a_test_for_each() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "withdrawal-checks.md").read_text(encoding="utf-8")
    rows = [re.split(r" *\| *", line)[1:5] for line in page.splitlines() if re.match(r"\| \d", line)]
    assert [int(row[0]) for row in rows] == list(range(1, 19))
    for *_, named in rows:
        path, _, name = named.strip("`").partition("::")
        text_of = (Path(__file__).resolve().parents[2] / path).read_text(encoding="utf-8")
        assert f"def {name}(" in text_of, named


@pytest.mark.parametrize("number", sorted(ALONE))
def test_each_alone_changes_the_outcome(case: Case, number: int) -> None:
    act, outcome, state, points = ALONE[number]
    asked = case.ask(160_000 if number != 15 else 200_000)
    before = against(asked)
    leave()
    act(case)
    now = case.again(asked)
    rest = set(before) | {2, 3} if number in {2, 3} else set(before)
    assert number not in before
    assert set(against(now)) - rest | {number} == {number}
    row = against(now)[number]
    assert (row.outcome, row.points, now.state) == (outcome, points, state)
    assert now.score == min(sum(each.points for each in against(now).values()), 100)
    assert row.words


def test_an_identity_that_is_due_is_looked_at(inside: Flask, sandbox: SandboxProcess, owner_engine: Engine) -> None:
    owner = people.customer(enrolled=True, tier=Tier.T0)
    applicants.decided(applicants.submitted(owner, Tier.T1, today=f"{clock.now():%Y-%m-%d}"), Tier.T1)
    leave()
    people.verify(owner.id)
    people.paid_in(owner, naira(200_000), app=inside, sandbox=sandbox)
    case = Case(owner, people.bank_account(owner, app=inside), owner_engine)
    asked = case.ask()
    assert 4 not in against(asked)
    due = past.review_due_at(owner=owner.id)
    assert due is not None
    with clock.at(due):
        row = against(case.again(asked))[4]
    assert (row.outcome, row.points) == ("review", 30)


def test_a_float_that_is_short_asks_for_a_look(case: Case, float_of: Callable[[Money], None]) -> None:
    float_of(naira(100))
    asked = case.ask(160_000)
    assert against(asked)[16].outcome == "review"
    assert (asked.large, asked.state) == (True, State.REQUESTED)


def found_by(asked: Withdrawal, number: int) -> tuple[str, dict[str, object]]:
    """What one check came to the last time, and what it was given."""
    row = next(each for each in queries.checks_for_operators(asked.id) if each.number == number)
    return row.outcome, row.facts


def test_what_chains_show_is_not_asked_of_a_bank(case: Case) -> None:
    assert found_by(case.ask(), 11) == ("pass", {"rail": "bank"})


def test_that_the_bank_names_who_is_paid_is_kept(case: Case) -> None:
    asked = case.ask()
    assert found_by(asked, 12) == ("pass", {"rail": "bank", "beneficiary_named": True})
    case.does("UPDATE bank_accounts SET account_name = '' WHERE id = :account")
    assert found_by(case.again(asked), 12) == ("pass", {"rail": "bank", "beneficiary_named": False})


def test_how_much_of_it_came_today_is_kept(case: Case) -> None:
    asked = case.ask()
    assert found_by(asked, 14) == ("pass", {"rail": "bank", "day_old": "0"})
    leave()
    case.does("UPDATE deposits SET settled_at = now() - interval '23 hours' WHERE customer_id = :customer")
    assert found_by(case.again(asked), 14) == ("pass", {"rail": "bank", "day_old": "200000000"})
    leave()
    case.does("UPDATE deposits SET settled_at = now() - interval '25 hours' WHERE customer_id = :customer")
    assert found_by(case.again(asked), 14) == ("pass", {"rail": "bank", "day_old": "0"})


def test_nothing_speaks_against_it(case: Case) -> None:
    asked = case.ask()
    assert against(asked) == {}
    assert (asked.score, asked.band, asked.round_no) == (0, "low", 1)
    rows = queries.checks_for_operators(asked.id)
    assert [row.number for row in rows] == list(range(1, 18))
    assert {row.outcome for row in rows} == {"pass"}
    assert all(row.words and row.facts for row in rows)


def test_who_was_never_held_against_the_lists_is_looked_at(case: Case) -> None:
    case.does("UPDATE screening_subjects SET retired_at = now() WHERE customer_id = :customer")
    row = against(case.ask())[10]
    assert (row.outcome, row.points, row.facts) == ("review", 20, {"standing": "never"})


def test_a_contact_holds_for_six_hours_and_the_clock_checks_again(case: Case) -> None:
    with transaction(SYSTEM):
        security.note_change(case.owner.login_id, of=security.CONTACT)
    asked = case.ask()
    assert asked.state == State.COOLING_OFF
    assert asked.held_until is not None
    leave()
    for hours, state in ((5, State.COOLING_OFF), (7, State.REQUESTED)):
        with clock.at(clock.now() + timedelta(hours=hours)), transaction(SYSTEM):
            assert rounds.wake(asked.id, actor=SYSTEM) is (state == State.REQUESTED)
        leave()
        assert queries.one_for_operators(asked.id).state == state
        leave()


def test_a_round_is_done_once_and_a_later_one_voids_votes(case: Case) -> None:
    asked = case.ask()
    who = actor.operator(people.operator(Role.TREASURY)[0])
    with transaction(SYSTEM):
        rounds.look_into(asked.id, actor=SYSTEM)  # (the job comes twice)
    leave()
    assert queries.one_for_operators(asked.id).round_no == 1
    old = asked.content_hash
    leave()
    case.named_otherwise()
    now = case.again(asked)
    assert (now.round_no, now.content_hash == old) == (2, False)
    leave()
    with pytest.raises(errors.ContentChanged), transaction(who):
        service.approve(asked.id, operator_id=who.id, content_hash=old, owns=None, actor=who)


def test_what_went_on_is_not_checked_again(case: Case) -> None:
    asked = case.ask()
    who = actor.operator(people.operator(Role.TREASURY)[0])
    with transaction(who):
        service.approve(asked.id, operator_id=who.id, content_hash=asked.content_hash, owns=None, actor=who)
    with pytest.raises(IllegalMove):
        case.again(asked)


def test_a_hit_after_approval_holds_it_before_it_is_sent(case: Case) -> None:
    asked = case.ask()
    who = actor.operator(people.operator(Role.TREASURY)[0])
    with transaction(who):
        service.approve(asked.id, operator_id=who.id, content_hash=asked.content_hash, owns=None, actor=who)
    hit_a_list(case)
    leave()
    with transaction(SYSTEM):
        assert service.begin_sending(asked.id, actor=SYSTEM) is None
    leave()
    assert queries.one_for_operators(asked.id).state == State.HELD
    kept = {row.number: row.outcome for row in queries.checks_for_operators(asked.id) if row.round_no == 2}
    assert kept == {1: "pass", 3: "pass", 10: "hold", 16: "pass", 18: "hold"}


def test_a_person_holds_and_releases(case: Case) -> None:
    asked = case.ask()
    who = actor.operator(people.operator(Role.COMPLIANCE_OFFICER)[0])
    for hours, state in (("", State.HELD), ("5", State.COOLING_OFF)):
        with transaction(who):
            service.hold(asked.id, reason="A call is on its way.", hours=hours, owns=None, actor=who)
        leave()
        assert queries.one_for_operators(asked.id).state == state
        leave()
        with pytest.raises(errors.ReasonMissing), transaction(who):
            service.release_hold(asked.id, note=" ", owns=None, actor=who)
        treasurer = actor.operator(people.operator(Role.TREASURY)[0])
        with pytest.raises(errors.NotYourHold), transaction(treasurer):
            service.release_hold(asked.id, note="They called back.", owns=None, actor=treasurer)
        for deed in (service.hold, service.reject):  # (a shorter hold would be theirs to end, or the clock's)
            with pytest.raises(errors.NotYourHold), transaction(treasurer):
                deed(asked.id, reason="It is fine.", owns=None, actor=treasurer)
        with transaction(who):
            assert service.release_hold(asked.id, note="They called back.", owns=None, actor=who) is State.REQUESTED
    for hours in ("0", "721", "x", "9" * 30):
        with pytest.raises(errors.BadHours), transaction(who):
            service.hold(asked.id, reason="No.", hours=hours, owns=None, actor=who)


def test_a_hold_stays_with_the_duty_of_who_placed_it(case: Case) -> None:
    asked, finance = case.ask(), actor.operator(people.operator(Role.TREASURY)[0])
    who = actor.operator(people.operator(Role.COMPLIANCE_OFFICER)[0])
    with transaction(finance):
        service.hold(asked.id, reason="The float is short.", hours="1", owns=None, actor=finance)
    with transaction(who):
        service.hold(asked.id, reason="A call is on its way.", owns=None, actor=who)
    case.does(
        "UPDATE logins SET disabled_at = now() WHERE id = (SELECT login_id FROM operators WHERE id = :who)", who=who.id
    )
    with pytest.raises(errors.NotYourHold), transaction(finance):
        service.release_hold(asked.id, note="It is fine.", owns=None, actor=finance)


def test_what_nobody_decides_on_is_given_back_after_its_time(case: Case) -> None:
    asked = case.ask()
    before = case.owner.balance().held
    leave()
    for hours, over in ((-1, False), (1, True), (2, False)):
        with clock.at(clock.now() + timedelta(days=7, hours=hours)), transaction(SYSTEM):
            assert rounds.expire(asked.id, actor=SYSTEM) is over
    leave()
    assert queries.one_for_operators(asked.id).state == State.REJECTED
    assert case.owner.balance().held == before - asked.amount - asked.fee


def test_a_destination_is_removed_when_nothing_is_under_way_to_it_and_is_new_again(case: Case, inside: Flask) -> None:
    asked = case.ask()
    number = payments.account_number_for_operators(case.account)
    leave()

    def remove() -> None:
        with transaction(case.owner.actor):
            service.remove_destination(case.account, customer_id=case.owner.id)

    stranger = people.customer()
    with pytest.raises(NotFound), transaction(stranger.actor):
        service.remove_destination(case.account, customer_id=stranger.id)
    with pytest.raises(errors.DestinationInUse):
        remove()
    with transaction(case.owner.actor):
        service.cancel(asked.id, customer_id=case.owner.id, actor=case.owner.actor)
    remove()
    remove()  # (twice)
    assert payments.bank_accounts(customer_id=case.owner.id) == []
    leave()
    with pytest.raises(errors.DestinationRemoved):
        case.ask()
    leave()
    again = people.bank_account(case.owner, app=inside, number=number)
    assert again != case.account
    assert payments.bank_account(again, customer_id=case.owner.id).name_score == 100


class TestTheDatabase:
    def refused(self, statement: str, **facts: object) -> str:
        leave()
        with pytest.raises(DBAPIError) as no, transaction(SYSTEM):
            db.session.execute(text(statement), facts)
        return sqlstate(no.value)

    def test_holds_to_what_the_checks_came_to(self, case: Case) -> None:
        asked = case.ask()
        for change in (
            "score = 10",
            "round = 2",
            "band = 'high'",
            "target = 'known'",
            "legs = '[]'",
            "legs = '[]', round = 2",
            "delay_seconds = 1",
            "content_hash = 'other'",
            "policy_id = 'pol_risk.fees_1'",
        ):
            statement = f"UPDATE withdrawals SET {change} WHERE id = :id"  # noqa: S608 (one of the above)
            assert self.refused(statement, id=asked.id) == "BU002", change

    def test_lets_nothing_out_that_was_not_checked(self, case: Case) -> None:
        with transaction(case.owner.actor):
            asked = service.request(
                case.owner.id, bank_account_id=case.account, amount=naira(1_000), actor=case.owner.actor
            )
        assert self.refused("UPDATE withdrawals SET state = 'approved' WHERE id = :id", id=asked.id) == "BU002"

    def test_lets_nothing_out_that_a_check_stops(self, case: Case) -> None:
        case.paid_before()
        asked = case.ask()
        assert asked.state == State.APPROVED  # (of itself, so that no vote is what is missing)
        case.does("UPDATE withdrawals SET state = 'held' WHERE id = :id", id=asked.id)
        case.does("ALTER TABLE withdrawal_checks DISABLE TRIGGER ALL")
        stop = "UPDATE withdrawal_checks SET outcome = 'hold' WHERE withdrawal_id = :id AND number = 9"
        case.does(stop, id=asked.id)
        case.does("ALTER TABLE withdrawal_checks ENABLE TRIGGER ALL")
        for trigger in ("append_only", "never_emptied"):
            case.does(f"ALTER TABLE withdrawal_checks ENABLE ALWAYS TRIGGER {trigger}")
        assert self.refused("UPDATE withdrawals SET state = 'approved' WHERE id = :id", id=asked.id) == "BU002"

    def test_keeps_thresholds_as_they_were_agreed_to(self, case: Case) -> None:
        fresh = (
            "INSERT INTO risk_thresholds (id, name, value, starts_at)"
            " VALUES ('rth_x', 'band_high_points', 100, now() + interval '2 days')"
        )
        assert self.refused(fresh) == "BU005"
        assert self.refused("UPDATE risk_thresholds SET value = 100") == "42501"
        assert risk_queries.thresholds_without_owner()["band_high_points"] == 60
