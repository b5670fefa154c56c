"""Approval requests: as many others as the policy says, to exactly this, once; and what happens in between."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.core import actor, clock, machine
from app.core.db import leave, transaction
from app.core.errors import IllegalMove, NotFound, Refusal
from app.core.permissions import Role
from app.governance import errors, flows, queries, service
from app.governance.models import Request
from app.governance.rules import Facts, Leg, Rule, State
from app.identity import service as identity
from tests.makers import governed, people
from tests.makers.crowd import at_once, until_it_waits
from tests.makers.governed import Office, carry_out

DAY = timedelta(days=1)
TREASURY, ADMIN = Leg(("treasury",), 1), Leg(("admin",), 1)


def operator(role: Role) -> str:
    """Somebody of this role."""
    return people.operator(role)[0]


@pytest.fixture
def one(inside: Flask, owner_engine: Engine) -> Office:
    """One yes of treasury."""
    return governed.office(owner_engine, Rule((TREASURY,), DAY))


@pytest.fixture
def two(inside: Flask, owner_engine: Engine) -> Office:
    """Two of treasury."""
    return governed.office(owner_engine, Rule((Leg(("treasury",), 2),), DAY))


@pytest.fixture
def legs(inside: Flask, owner_engine: Engine) -> Office:
    """One of treasury or compliance, one of compliance."""
    mixed = Leg(("treasury", "compliance_manager"), 1)
    return governed.office(owner_engine, Rule((mixed, Leg(("compliance_manager",), 1)), DAY))


class TestAsking:
    def test_without_a_policy_is_refused(self, inside: Flask, owner_engine: Engine) -> None:
        with pytest.raises(errors.NoPolicy):
            governed.office(owner_engine).ask()

    def test_that_no_rule_fits_is_refused(self, inside: Flask, owner_engine: Engine) -> None:
        rule = Rule((TREASURY,), DAY, target="known")
        unfit = governed.office(owner_engine, rule, facts=lambda payload: Facts(target=payload["note"]))
        with pytest.raises(errors.NoPolicy):
            unfit.ask({"note": "unknown"})
        assert unfit.ask({"note": "known"}).state == State.PENDING

    def test_for_a_kind_that_there_is_not_is_refused(self, one: Office) -> None:
        who = actor.operator(one.asker)
        with pytest.raises(errors.NoPolicy), transaction(who):
            service.submit("test.nothing", {}, reason="x", maker=who.id, actor=who)

    def test_needs_the_permission_to_ask(self, one: Office) -> None:
        for role in (Role.TREASURY, Role.ADMIN, Role.AUDITOR):
            with pytest.raises(errors.NotAllowedToAsk):
                one.ask(by=operator(role))

    def test_is_tried_dry(self, one: Office) -> None:
        with pytest.raises(governed.Unwilling):
            one.ask({"impossible": True})
        one.ask()
        assert one.deeds.done == []

    @pytest.mark.parametrize("reason", ["", " ", "x" * 501])
    def test_needs_a_reason(self, one: Office, reason: str) -> None:
        who = actor.operator(one.asker)
        with pytest.raises(errors.ReasonMissing), transaction(who):
            service.submit(one.kind, {}, reason=reason, maker=who.id, actor=who)

    def test_keeps_what_the_policy_said_then(self, one: Office, owner_engine: Engine) -> None:
        before = one.ask()
        governed.set_policy(owner_engine, one.kind, Rule((TREASURY, ADMIN), DAY))
        assert [leg.roles for leg in one.now(before).request.needs] == [("treasury",)]
        assert len(one.ask().needs) == 2


class TestAgreeing:
    def test_has_it_carried_out_once(self, one: Office, work_off: Callable[..., int]) -> None:
        asked = one.ask({"note": "mine"})
        assert one.approve(asked, voter := operator(Role.TREASURY)) is State.APPROVED
        assert one.deeds.done == []
        work_off()
        assert [(deed.request_id, deed.payload, deed.voters) for deed in one.deeds.done] == [
            (asked.id, {"note": "mine"}, (voter,))
        ]
        assert (one.state(asked), one.now(asked).request.result) == (State.EXECUTED, "done 1")
        assert carry_out(asked) is None
        assert len(one.deeds.done) == 1

    def test_is_not_the_makers(self, one: Office, owner_engine: Engine) -> None:
        asked = one.ask()
        with pytest.raises(errors.OwnRequest):
            one.approve(asked, one.asker)
        governed.set_roles(owner_engine, one.asker, Role.TREASURY)
        with pytest.raises(errors.OwnRequest):
            one.approve(asked, one.asker)
        with pytest.raises(errors.OwnRequest):
            one.deny(asked, one.asker)

    def test_needs_the_role(self, one: Office) -> None:
        asked = one.ask()
        for role in (Role.ADMIN, Role.SUPPORT, Role.FINANCE):
            with pytest.raises(errors.NotYourLeg):
                one.approve(asked, operator(role))
            with pytest.raises(errors.NotYourLeg):
                one.deny(asked, operator(role))

    def test_needs_as_many_as_were_asked_for(self, two: Office) -> None:
        asked, first = two.ask(), operator(Role.TREASURY)
        assert two.approve(asked, first) is State.PENDING
        with pytest.raises(errors.VotedAlready):
            two.approve(asked, first)
        assert two.approve(asked, operator(Role.TREASURY)) is State.APPROVED

    def test_fills_one_leg_a_person(self, legs: Office) -> None:
        asked, manager = legs.ask(), operator(Role.COMPLIANCE_MANAGER)
        assert legs.approve(asked, manager) is State.PENDING
        assert legs.now(asked).filled == [1, 0]
        with pytest.raises(errors.VotedAlready):
            legs.approve(asked, manager)
        with pytest.raises(errors.NotYourLeg):
            legs.approve(asked, operator(Role.TREASURY))
        assert legs.approve(asked, operator(Role.COMPLIANCE_MANAGER)) is State.APPROVED

    def test_is_to_what_was_shown(self, one: Office) -> None:
        asked = one.ask()
        with pytest.raises(errors.ContentChanged):
            one.approve(asked, operator(Role.TREASURY), shown="0" * 64)

    def test_is_not_for_whom_it_is_about(self, one: Office) -> None:
        about = operator(Role.TREASURY)
        asked = one.ask(target=f"operator:{about}")
        with pytest.raises(errors.Related):
            one.approve(asked, about)
        with pytest.raises(errors.Related):
            one.deny(asked, about)
        with pytest.raises(errors.Related):
            one.ask(target=f"operator:{one.asker}")

    def test_is_not_for_a_customer_whom_it_is_about(self, one: Office) -> None:
        customer, other = people.customer(), people.customer()
        with transaction(people.COMMAND):
            me = identity.hire("Me", email=customer.email, password=people.PASSWORD, roles=[Role.TREASURY])
        one.deeds.touches = {customer.id}
        asked = one.ask()
        with pytest.raises(errors.Related):
            one.approve(asked, me)
        one.deeds.touches = {other.id}
        assert one.approve(asked, me) is State.APPROVED
        one.deeds.touches = {customer.id}  # found out before it is carried out
        carry_out(asked)
        assert one.state(asked) == State.FAILED
        assert one.deeds.done == []

    def test_comes_too_late_when_the_time_is_over(self, one: Office) -> None:
        asked = one.ask()
        with clock.at(asked.expires_at), pytest.raises(errors.TooLate):
            one.approve(asked, operator(Role.TREASURY))


class TestTwoAtOnce:
    def test_count_once_each_and_carry_out_once(self, app: Flask, two: Office, work_off: Callable[..., int]) -> None:
        for _ in range(4):
            asked, done = two.ask(), len(two.deeds.done)
            voters = [operator(Role.TREASURY) for _ in range(2)]
            answers = at_once(app, [partial(two.approve, asked, voter) for voter in voters])
            assert sorted(answers) == [State.APPROVED, State.PENDING]
            assert two.now(asked).filled == [2]
            work_off()
            assert len(two.deeds.done) == done + 1

    def test_of_one_person_are_one(self, app: Flask, two: Office) -> None:
        asked, voter = two.ask(), operator(Role.TREASURY)
        answers = at_once(app, [partial(two.approve, asked, voter)] * 4)
        assert sum(answer is State.PENDING for answer in answers) == 1
        assert sum(isinstance(answer, errors.VotedAlready) for answer in answers) == 3
        assert two.now(asked).filled == [1]

    def test_of_more_than_are_needed_are_refused(self, app: Flask, one: Office, work_off: Callable[..., int]) -> None:
        asked = one.ask()
        answers = at_once(app, [partial(one.approve, asked, operator(Role.TREASURY)) for _ in range(4)])
        assert sum(answer is State.APPROVED for answer in answers) == 1
        assert sum(isinstance(answer, Refusal) for answer in answers) == 3
        work_off()
        assert len(one.deeds.done) == 1

    def test_tasks_carry_it_out_once(self, app: Flask, one: Office) -> None:
        asked = one.ask()
        one.approve(asked, operator(Role.TREASURY))
        leave()
        assert at_once(app, [partial(carry_out, asked)] * 4) == [None] * 4
        assert len(one.deeds.done) == 1


class TestSayingNo:
    def test_ends_it_whoever_agreed(self, two: Office) -> None:
        asked = two.ask()
        two.approve(asked, operator(Role.TREASURY))
        two.deny(asked, operator(Role.TREASURY), reason="Not this month.")
        assert two.state(asked) == State.DENIED
        assert machine.history(asked.id)[-1].reason == "Not this month."
        with pytest.raises(IllegalMove):
            two.approve(asked, operator(Role.TREASURY))

    def test_needs_a_reason(self, one: Office) -> None:
        with pytest.raises(errors.ReasonMissing):
            one.deny(one.ask(), operator(Role.TREASURY), reason=" ")

    def test_is_the_makers_by_taking_it_back(self, one: Office) -> None:
        asked, other = one.ask(), operator(Role.FINANCE)
        with pytest.raises(errors.NotYourRequest), transaction(actor.operator(other)):
            service.cancel(asked.id, operator_id=other, actor=actor.operator(other))
        with transaction(actor.operator(one.asker)):
            service.cancel(asked.id, operator_id=one.asker, actor=actor.operator(one.asker))
        assert one.state(asked) == State.CANCELLED
        with pytest.raises(NotFound), transaction(actor.operator(one.asker)):
            service.cancel("grq_nothing", operator_id=one.asker, actor=actor.operator(one.asker))


class TestTime:
    def test_ends_what_nobody_decided(self, one: Office, work_off: Callable[..., int]) -> None:
        asked, fresh = one.ask(), one.ask()
        with clock.at(asked.expires_at - timedelta(seconds=1)), transaction(governed.SYSTEM):
            service.expire(actor=governed.SYSTEM)
        assert one.state(asked) == State.PENDING
        with clock.at(asked.expires_at), transaction(governed.SYSTEM):
            service.expire(actor=governed.SYSTEM)
        assert one.state(asked) == State.EXPIRED
        assert fresh.expires_at >= asked.expires_at

    def test_ends_nothing_that_somebody_ended_meanwhile(self, app: Flask, one: Office, owner_engine: Engine) -> None:
        """Whoever sweeps has seen it pending, and waits for who takes it back."""
        asked = one.ask()
        leave()

        def sweep() -> int:
            with app.app_context(), clock.at(asked.expires_at), transaction(governed.SYSTEM):
                return service.expire(actor=governed.SYSTEM)

        with ThreadPoolExecutor(1) as thread:
            with owner_engine.begin() as connection:
                connection.execute(
                    text("SELECT set_config('bursar.actor', :who, true)"), {"who": str(actor.operator(one.asker))}
                )
                ended = "UPDATE approval_requests SET state = 'cancelled', ended_at = now() WHERE id = :id"
                connection.execute(text(ended), {"id": asked.id})
                swept = thread.submit(sweep)
                until_it_waits(connection, swept)
                assert not swept.done()
            swept.result(timeout=20)
        assert one.state(asked) == State.CANCELLED

    def test_of_cooling_off_is_waited_for(self, inside: Flask, owner_engine: Engine) -> None:
        slow = governed.office(owner_engine, Rule((TREASURY,), DAY, delay=timedelta(seconds=3)))
        asked, denied = slow.ask(), slow.ask()
        for each in (asked, denied):
            slow.approve(each, operator(Role.TREASURY))
        left = carry_out(asked)
        assert isinstance(left, timedelta)
        assert timedelta(0) < left <= timedelta(seconds=3)
        assert slow.deeds.done == []
        slow.deny(denied, operator(Role.TREASURY))
        assert slow.state(denied) == State.DENIED
        governed.cool_off(asked)
        carry_out(asked)
        carry_out(denied)
        assert [deed.request_id for deed in slow.deeds.done] == [asked.id]


class TestBeforeItIsCarriedOut:
    def test_a_lost_role_voids_the_vote(self, two: Office, owner_engine: Engine, work_off: Callable[..., int]) -> None:
        asked, demoted = two.ask(), operator(Role.TREASURY)
        two.approve(asked, demoted)
        two.approve(asked, operator(Role.TREASURY))
        governed.set_roles(owner_engine, demoted, Role.SUPPORT)
        work_off()
        assert two.deeds.done == []
        assert two.state(asked) == State.PENDING
        assert "lost the role" in machine.history(asked.id)[-1].reason
        assert [cast.voided for cast in two.now(asked).votes] == ["lost the role", None]
        governed.set_roles(owner_engine, demoted, Role.TREASURY)
        with pytest.raises(errors.VotedAlready):
            two.approve(asked, demoted)
        two.approve(asked, operator(Role.TREASURY))
        work_off()
        assert len(two.deeds.done) == 1

    def test_a_lost_role_is_seen_at_the_next_vote(self, two: Office, owner_engine: Engine) -> None:
        asked, demoted = two.ask(), operator(Role.TREASURY)
        two.approve(asked, demoted)
        governed.set_roles(owner_engine, demoted, Role.SUPPORT)
        assert two.approve(asked, operator(Role.TREASURY)) is State.PENDING
        assert two.now(asked).filled == [1]

    def test_a_maker_who_lost_the_role_fails_it(self, one: Office, owner_engine: Engine) -> None:
        asked = one.ask()
        one.approve(asked, operator(Role.TREASURY))
        governed.set_roles(owner_engine, one.asker, Role.SUPPORT)
        carry_out(asked)
        assert (one.state(asked), one.deeds.done) == (State.FAILED, [])

    def test_an_edited_content_fails_it(self, one: Office, owner_engine: Engine) -> None:
        """Whoever owns the database and takes its guard away is noticed here."""
        asked = one.ask({"note": "five"})
        one.approve(asked, operator(Role.TREASURY))
        edit(owner_engine, asked.id)
        carry_out(asked)
        assert (one.state(asked), one.deeds.done) == (State.FAILED, [])
        assert one.now(asked).request.result == errors.ContentChanged.message

    def test_a_stricter_policy_fails_it(self, one: Office, owner_engine: Engine) -> None:
        asked = one.ask()
        one.approve(asked, operator(Role.TREASURY))
        governed.set_policy(owner_engine, one.kind, Rule((TREASURY, ADMIN), DAY))
        carry_out(asked)
        assert (one.state(asked), one.deeds.done) == (State.FAILED, [])

    def test_a_policy_that_is_slower_now_fails_it_and_a_faster_one_does_not(
        self, one: Office, owner_engine: Engine
    ) -> None:
        for now, then, state in ((1, 0, State.FAILED), (0, 1, State.EXECUTED)):
            governed.set_policy(owner_engine, one.kind, Rule((TREASURY,), DAY, timedelta(seconds=then)))
            asked = one.ask()
            one.approve(asked, operator(Role.TREASURY))
            governed.cool_off(asked)
            governed.set_policy(owner_engine, one.kind, Rule((TREASURY,), DAY, timedelta(seconds=now)))
            carry_out(asked)
            assert one.state(asked) == state

    def test_what_was_agreed_to_long_ago_is_not_done_any_more(self, one: Office) -> None:
        asked = one.ask()
        one.approve(asked, operator(Role.TREASURY))
        with clock.at(clock.now() + DAY + timedelta(seconds=1)):
            carry_out(asked)
        assert (one.state(asked), one.deeds.done) == (State.FAILED, [])

    def test_a_fault_of_ours_is_said_in_the_end(self, one: Office, work_off: Callable[..., int]) -> None:
        """Something else than a refusal: tried as often as any task, then failed, and it can be tried again."""
        asked = one.ask()
        one.approve(asked, operator(Role.TREASURY))
        one.deeds.breaks = True
        for hours in range(1, 12):
            work_off(timedelta(hours=hours))
        assert one.state(asked) == State.APPROVED
        work_off(timedelta(hours=13))
        assert (one.state(asked), one.now(asked).request.result) == (State.FAILED, flows.BROKEN)
        one.deeds.breaks = False
        retry(asked, one.asker)
        work_off()
        assert one.state(asked) == State.EXECUTED

    def test_what_is_not_approved_does_not_fail(self, one: Office) -> None:
        asked = one.ask()
        with transaction(governed.SYSTEM):
            service.note_failure(asked.id, words="x", actor=governed.SYSTEM)
        assert one.state(asked) == State.PENDING

    def test_a_refusal_is_said_and_can_be_tried_again(self, one: Office, work_off: Callable[..., int]) -> None:
        asked, voter = one.ask(), operator(Role.TREASURY)
        one.approve(asked, voter)
        one.deeds.refuses = True
        work_off()
        assert (one.state(asked), one.now(asked).request.result) == (State.FAILED, "Not while it rains.")
        one.deeds.refuses = False
        with pytest.raises(errors.NotYourLeg), transaction(actor.operator(stranger := operator(Role.SUPPORT))):
            service.retry(asked.id, operator_id=stranger, actor=actor.operator(stranger))
        with transaction(actor.operator(voter)):
            service.retry(asked.id, operator_id=voter, actor=actor.operator(voter))
        work_off()
        assert one.state(asked) == State.EXECUTED
        assert len(one.deeds.done) == 1


class TestWhatFailed:
    @pytest.fixture
    def failed(self, one: Office) -> Request:
        asked = one.ask()
        one.approve(asked, operator(Role.TREASURY))
        one.deeds.refuses = True
        carry_out(asked)
        assert one.state(asked) == State.FAILED
        one.deeds.refuses = False
        return asked

    def test_can_be_denied(self, one: Office, failed: Request) -> None:
        other = operator(Role.TREASURY)
        assert one.now(failed).stoppable_by(other, [Role.TREASURY])
        one.deny(failed, other)
        assert one.state(failed) == State.DENIED
        with pytest.raises(IllegalMove):
            retry(failed, one.asker)

    def test_is_not_agreed_to_again(self, one: Office, failed: Request) -> None:
        with pytest.raises(errors.TooLate):
            one.approve(failed, operator(Role.TREASURY))

    def test_is_tried_again_while_it_is_fresh(self, one: Office, failed: Request) -> None:
        until = one.now(failed).request.retry_until
        with clock.at(until), pytest.raises(errors.TooLate):
            retry(failed, one.asker)
        with clock.at(until - timedelta(seconds=1)):
            retry(failed, one.asker)
        assert one.state(failed) == State.APPROVED

    def test_is_not_tried_again_once_a_voter_lost_the_role(
        self, one: Office, failed: Request, owner_engine: Engine
    ) -> None:
        governed.set_roles(owner_engine, one.now(failed).votes[0].vote.voter, Role.SUPPORT)
        with pytest.raises(errors.PolicyChanged):
            retry(failed, one.asker)

    def test_is_not_tried_again_by_whom_it_is_about(self, one: Office, failed: Request) -> None:
        customer = people.customer()
        with transaction(people.COMMAND):
            me = identity.hire("Me", email=customer.email, password=people.PASSWORD, roles=[Role.TREASURY])
        one.deeds.touches = {customer.id}
        with pytest.raises(errors.Related):
            retry(failed, me)

    def test_ends_with_its_time(self, one: Office, failed: Request) -> None:
        until = one.now(failed).request.retry_until
        for at, state in ((until - timedelta(seconds=1), State.FAILED), (until, State.EXPIRED)):
            with clock.at(at), transaction(governed.SYSTEM):
                service.expire(actor=governed.SYSTEM)
            assert one.state(failed) == state


def retry(asked: Request, by: str) -> None:
    """Have it tried again."""
    with transaction(actor.operator(by)):
        service.retry(asked.id, operator_id=by, actor=actor.operator(by))


class TestTheInbox:
    def test_shows_what_one_can_still_fill(self, two: Office) -> None:
        asked, voter, other = two.ask(), operator(Role.TREASURY), operator(Role.TREASURY)
        assert asked.id in mine(voter, Role.TREASURY)
        assert asked.id not in mine(two.asker, Role.TREASURY)
        assert asked.id not in mine(voter, Role.ADMIN)
        two.approve(asked, voter)
        assert asked.id not in mine(voter, Role.TREASURY)
        assert asked.id in mine(other, Role.TREASURY)

    def test_is_read_a_page_at_a_time_the_first_to_expire_first(self, one: Office) -> None:
        voter = operator(Role.TREASURY)
        asked = [one.ask().id for _ in range(7)]
        seen = mine(voter, Role.TREASURY)
        assert [each for each in seen if each in asked] == asked
        leave()
        assert queries.needing_count_for_operators(voter, roles=["treasury"]) == len(seen)

    def test_leaves_out_what_is_about_oneself_and_counts_a_void_vote_as_none(
        self, one: Office, owner_engine: Engine
    ) -> None:
        voter, lost = operator(Role.TREASURY), operator(Role.TREASURY)
        about = one.ask(target=f"operator:{voter}")
        assert about.id not in mine(voter, Role.TREASURY)
        assert about.id in mine(lost, Role.TREASURY)
        agreed = one.ask()
        one.approve(agreed, lost)
        governed.set_roles(owner_engine, lost, Role.SUPPORT)
        carry_out(agreed)
        assert one.state(agreed) == State.PENDING
        assert agreed.id in mine(voter, Role.TREASURY)


def mine(operator_id: str, role: Role) -> list[str]:
    """What needs this person, three at a time."""
    leave()
    found: list[str] = []
    while True:
        after = found[-1] if found else None
        page = queries.needing_for_operators(operator_id, roles=[str(role)], after=after, limit=3)
        found += [standing.request.id for standing in page]
        if len(page) < 3:
            return found


def edit(engine: Engine, request_id: str) -> None:
    """Change the content behind the guards' back, hash and all."""
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:tamper', true)"))
        connection.execute(text("ALTER TABLE approval_requests DISABLE TRIGGER moves"))
        connection.execute(
            text(
                """UPDATE approval_requests SET payload = '{"note": "five million"}',"""
                """ payload_hash = payload_hash('{"note": "five million"}') WHERE id = :id"""
            ),
            {"id": request_id},
        )
        connection.execute(text("ALTER TABLE approval_requests ENABLE ALWAYS TRIGGER moves"))
