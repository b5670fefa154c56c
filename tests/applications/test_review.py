"""The review: one at a time has it in hand, nothing is approved unanswered, and what is grave takes two."""

import threading
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from app.applications import decisions, errors, queries, review, rules, service
from app.applications.models import Application, RoundRow, StepRow
from app.applications.rules import About, State, Step, StepState
from app.core import actor, clock
from app.core.db import db, for_everyone, leave, transaction
from app.core.errors import Refusal
from app.core.permissions import Role
from app.customers import queries as customers
from app.customers import service as customers_service
from app.customers.rules import Tier
from app.governance import queries as approvals
from app.governance import service as governance
from app.governance.errors import OwnRequest
from app.governance.rules import State as RequestState
from app.screening import deciding as screening
from tests.makers import applicants, governed, listed, people
from tests.makers.bare import act_as

pytestmark = pytest.mark.usefixtures("inside")

TODAY = date.today().isoformat()  # noqa: DTZ011


def now(application: Application) -> Application:
    leave()
    return queries.one_for_operators(application.id)


def claimed(operator_id: str, application: Application) -> Application:
    with transaction(who := actor.operator(operator_id)):
        return review.claim(application.id, operator_id=operator_id, actor=who)


class TestClaiming:
    def test_a_second_person_is_told_who_has_it(self) -> None:
        application = applicants.submitted(today=TODAY)
        first, second = applicants.officer(), applicants.officer()
        claimed(first, application)
        with pytest.raises(errors.ClaimedByAnother) as told:
            claimed(second, application)
        assert told.value.facts["by"] == "Bola Ade"
        assert now(application).claimed_by == first

    def test_a_lease_that_ends_frees_it(self) -> None:
        application = applicants.submitted(today=TODAY)
        first, second = applicants.officer(), applicants.officer()
        claimed(first, application)
        with clock.at(clock.now() + rules.LEASE + timedelta(seconds=1)):
            with transaction(actor.operator(first)):
                assert not review.stay(application.id, operator_id=first)
            claimed(second, application)
            assert now(application).claimed_by == second

    def test_a_sign_of_life_makes_it_last(self) -> None:
        application, holder = applicants.submitted(today=TODAY), applicants.officer()
        claimed(holder, application)
        with clock.at(clock.now() + rules.LEASE / 2), transaction(actor.operator(holder)):
            assert review.stay(application.id, operator_id=holder)
        with clock.at(clock.now() + rules.LEASE + timedelta(seconds=1)), pytest.raises(errors.ClaimedByAnother):
            claimed(applicants.officer(), application)

    def test_any_act_claims(self) -> None:
        application, holder = applicants.submitted(today=TODAY), applicants.officer()
        applicants.answer_all(application, holder)
        assert now(application).claimed_by == holder

    def test_next_gives_each_person_another_one(self) -> None:
        mine = [applicants.submitted(today=TODAY) for _ in range(2)]
        got = set()
        for _ in mine:
            person = applicants.officer()
            with transaction(who := actor.operator(person)):
                got.add(review.claim_next(queries.Queue(asked=""), operator_id=person, actor=who))
        assert None not in got
        assert len(got) == len(mine)

    def test_nobody_claims_their_own(self) -> None:
        officer_id, email = people.operator(Role.COMPLIANCE_OFFICER)
        owner = people.customer(email=email, tier=Tier.T0)
        application = applicants.submitted(owner, today=TODAY)
        with pytest.raises(errors.OwnApplication):
            claimed(officer_id, application)
        assert application.assigned_to != officer_id


class TestTwoAtTheSameInstant:
    def test_one_acts_and_the_other_sees_who_did(self, app: Flask) -> None:
        application = applicants.submitted(today=TODAY, wanted=Tier.T1)
        prepared = applicants.officer()
        applicants.answer_all(application, prepared)
        with transaction(actor.operator(prepared)):
            review.let_go(application.id, operator_id=prepared, actor=actor.operator(prepared))
        pair, start, outcomes = [applicants.officer(), applicants.officer()], threading.Barrier(2), []

        def press(operator_id: str) -> None:
            with app.app_context(), for_everyone():
                start.wait()
                try:
                    with transaction(who := actor.operator(operator_id)):
                        review.approve(application.id, tier=Tier.T1, operator_id=operator_id, actor=who)
                    outcomes.append((operator_id, ""))
                except Refusal as refusal:
                    outcomes.append((operator_id, refusal.code))

        threads = [threading.Thread(target=press, args=(one,)) for one in pair]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(code for _, code in outcomes) == ["", "not_under_review"]
        winner = next(one for one, code in outcomes if not code)
        assert now(application).decided_by == winner
        assert customers.tier(owner=application.customer_id) is Tier.T1


class TestApproving:
    def test_waits_for_every_answer(self) -> None:
        application, holder = applicants.submitted(today=TODAY), applicants.officer()
        with pytest.raises(errors.NotReady) as refusal, transaction(who := actor.operator(holder)):
            review.approve(application.id, tier=Tier.T2, operator_id=holder, actor=who)
        assert any("questions are not answered" in each for each in refusal.value.facts["blockers"])

    def test_a_no_stands_against_it(self) -> None:
        application, holder = applicants.submitted(today=TODAY), applicants.officer()
        applicants.answer_all(application, holder)
        with transaction(who := actor.operator(holder)):
            review.answer(application.id, "document_valid", "no", operator_id=holder, actor=who)
        with pytest.raises(errors.NotReady), transaction(who := actor.operator(holder)):
            review.approve(application.id, tier=Tier.T2, operator_id=holder, actor=who)

    def test_gives_the_tier(self) -> None:
        application, holder = applicants.submitted(today=TODAY), applicants.officer()
        applicants.answer_all(application, holder)
        with transaction(who := actor.operator(holder)):
            review.approve(application.id, tier=Tier.T2, operator_id=holder, actor=who)
        assert customers.tier(owner=application.customer_id) is Tier.T2
        assert now(application).state == State.APPROVED

    def test_the_database_raises_a_tier_by_an_approved_application_alone(self) -> None:
        owner = people.customer(tier=Tier.T0)
        application = applicants.submitted(owner, today=TODAY)
        for ground in (application.id, "app_none"):
            with pytest.raises(DBAPIError, match="rises by an application"), transaction(who := actor.system("test")):
                customers_service.set_tier(owner.id, Tier.T2, application_id=ground, actor=who)
        officer = applicants.officer()
        applicants.answer_all(application, officer)
        with transaction(who := actor.operator(officer)):
            review.approve(application.id, tier=Tier.T1, operator_id=officer, actor=who)
        with pytest.raises(DBAPIError), transaction(who):  # (neither more than was decided, nor a second time)
            customers_service.set_tier(owner.id, Tier.T2, application_id=application.id, actor=who)

    def test_a_lower_tier_rests_on_its_own_steps_alone(self) -> None:
        application, holder = applicants.submitted(today=TODAY), applicants.officer()
        with transaction(who := actor.operator(holder)):
            for item in queries.checklist_for_operators(application):
                if item.step in {*rules.needs(Tier.T1), Step.NIN}:
                    review.answer(application.id, item.code, "yes", operator_id=holder, actor=who)
            review.approve(application.id, tier=Tier.T1, operator_id=holder, actor=who)
        assert customers.tier(owner=application.customer_id) is Tier.T1

    @pytest.mark.parametrize("screening", ["unscreened", "open"])
    def test_what_the_lists_left_open_never_passes(self, screening: str) -> None:
        application, holder = applicants.submitted(today=TODAY, screening=screening), applicants.officer()
        applicants.answer_all(application, holder)
        with pytest.raises(errors.NeedsTwo), transaction(who := actor.operator(holder)):
            review.approve(application.id, tier=Tier.T2, operator_id=holder, actor=who)
        with pytest.raises(errors.NotReady), transaction(who := actor.operator(holder)):
            decisions.propose_tier(application.id, tier=Tier.T2, reason="x", operator_id=holder, actor=who)


class TestAskingAgain:
    def test_only_what_was_named_can_be_written(self) -> None:
        owner = people.customer(tier=Tier.T0)
        application, holder = applicants.submitted(owner, today=TODAY), applicants.officer()
        applicants.answer_all(application, holder)
        with transaction(who := actor.operator(holder)):
            review.ask_again(application.id, {Step.DOCUMENT: ("blurry", "")}, operator_id=holder, actor=who)
        states = {each.row.step: each.row.state for each in queries.steps(application.id, owner=owner.id)}
        assert [step for step, state in states.items() if state == StepState.AGAIN] == ["document"]
        with pytest.raises(errors.NotInYourHands):
            applicants.do(owner, application.id, [Step.PROFILE], today=TODAY)
        with pytest.raises(errors.StepsMissing), transaction(owner.actor):
            service.submit(application.id, owner=owner.id, actor=owner.actor)
        applicants.do(owner, application.id, [Step.DOCUMENT], today=TODAY)
        with transaction(owner.actor):
            service.submit(application.id, owner=owner.id, actor=owner.actor)
        unanswered = [item.step for item in queries.checklist_for_operators(now(application)) if not item.answer]
        assert set(unanswered) == {"document", "selfie"}  # (whose face was compared with the one before)
        assert now(application).round == 2
        of_document = select(RoundRow.round, RoundRow.answers_sealed).join(StepRow, StepRow.id == RoundRow.step_id)
        of_document = of_document.where(RoundRow.application_id == application.id, StepRow.step == Step.DOCUMENT)
        kept = {one.round: one.answers_sealed for one in db.session.execute(of_document)}
        assert set(kept) == {1, 2}
        assert kept[1] != kept[2]  # (what was said at first is there, and not what was written over it)

    def test_the_customer_reads_the_reason_and_no_name(self) -> None:
        owner = people.customer(tier=Tier.T0)
        application, holder = applicants.submitted(owner, today=TODAY), applicants.officer()
        with transaction(who := actor.operator(holder)):
            review.note(application.id, "Looks edited.", operator_id=holder, actor=who)
            review.ask_again(application.id, {Step.SELFIE: ("no_face", "")}, operator_id=holder, actor=who)
        told = queries.story(application.id, owner=owner.id)
        assert told[-1].what == "asked_again"
        assert "noted" not in {line.what for line in told}
        assert "without glasses" in queries.step(application.id, "selfie", owner=owner.id).row.again_words


class TestTwoPeople:
    def asked(
        self, wanted: Tier = Tier.T3, screening: str = "clear", owner: people.Customer | None = None
    ) -> tuple[Application, str, str]:
        application = applicants.submitted(owner, today=TODAY, wanted=wanted, screening=screening)
        holder = applicants.officer()
        applicants.answer_all(application, holder)
        with transaction(who := actor.operator(holder)):
            asked = decisions.propose_tier(
                application.id, tier=wanted, reason="All shown.", operator_id=holder, actor=who
            )
        return application, holder, asked.id

    def test_a_third_tier_takes_two(self) -> None:
        application, holder, request_id = self.asked()
        assert now(application).state == State.PROPOSED
        asked = approvals.one_for_operators(request_id).request
        with pytest.raises(OwnRequest), transaction(who := actor.operator(holder)):
            governance.approve(request_id, operator_id=holder, shown=asked.payload_hash, actor=who)
        second = applicants.senior()
        with transaction(who := actor.operator(second)):
            governance.approve(request_id, operator_id=second, shown=asked.payload_hash, actor=who)
        governed.carry_out(asked)
        assert customers.tier(owner=application.customer_id) is Tier.T3
        assert now(application).decided_by == holder

    def test_a_cleared_hit_takes_two(self) -> None:
        application, _, _ = self.asked(wanted=Tier.T2, screening="cleared")
        assert now(application).state == State.PROPOSED

    def test_who_cleared_the_hit_does_not_also_agree(self) -> None:
        owner, (second, third) = people.customer(tier=Tier.T0), (applicants.senior(), applicants.senior())
        hit_id = listed.open_hit(owner, born="")
        with transaction(who := actor.operator(second)):
            shown = listed.content(hit_id)
            screening.clear(hit_id, reason="Born elsewhere.", shown=shown, actor=who, operator_id=second)
        application, _, request_id = self.asked(owner=owner, wanted=Tier.T2, screening="cleared")
        asked = approvals.one_for_operators(request_id).request
        with transaction(who := actor.operator(second)):
            governance.approve(request_id, operator_id=second, shown=asked.payload_hash, actor=who)
        governed.carry_out(asked)
        assert now(application).state == State.PROPOSED
        assert approvals.one_for_operators(request_id).request.state == RequestState.FAILED
        assert "cleared a hit" in str(approvals.one_for_operators(request_id).request.result)
        application, _, request_id = self.asked(wanted=Tier.T2, screening="cleared")
        asked = approvals.one_for_operators(request_id).request
        with transaction(who := actor.operator(third)):
            governance.approve(request_id, operator_id=third, shown=asked.payload_hash, actor=who)
        governed.carry_out(asked)
        assert now(application).state == State.APPROVED

    def test_a_no_puts_it_back_under_review(self) -> None:
        application, _, request_id = self.asked()
        second = applicants.senior()
        with transaction(who := actor.operator(second)):
            governance.deny(request_id, operator_id=second, reason="Not enough.", actor=who)
        with transaction(actor.system("test")):
            decisions.take_up_again(application.id, request_id)
        assert now(application).state == State.SUBMITTED

    def test_refusing_for_good_takes_two(self) -> None:
        application, holder = applicants.submitted(today=TODAY), applicants.officer()
        with transaction(who := actor.operator(holder)):
            asked = decisions.propose_refusal(
                application.id, code="forged", reason="The number was edited.", operator_id=holder, actor=who
            )
        second = applicants.senior()
        with transaction(who := actor.operator(second)):
            governance.approve(asked.id, operator_id=second, shown=asked.payload_hash, actor=who)
        governed.carry_out(asked)
        assert now(application).state == State.REJECTED
        assert approvals.one_for_operators(asked.id).request.state == RequestState.EXECUTED

    @pytest.mark.parametrize("as_owner", [False, True])
    def test_the_database_wants_two_as_well(self, owner_engine: Engine, *, as_owner: bool) -> None:
        application = applicants.submitted(today=TODAY, wanted=Tier.T3)
        by_hand = text("UPDATE applications SET state = 'approved', decided_tier = 't3' WHERE id = :id")

        def write() -> None:
            if not as_owner:
                with transaction(actor.system("test")):
                    db.session.execute(by_hand, {"id": application.id})
                return
            with owner_engine.begin() as connection:
                act_as(connection, "system:test")
                connection.execute(by_hand, {"id": application.id})

        with pytest.raises(DBAPIError, match="two people approve"):
            write()


class TestReviews:
    def test_one_that_is_due_opens_again(self) -> None:
        application, holder = applicants.submitted(today=TODAY), applicants.officer()
        applicants.answer_all(application, holder)
        with transaction(who := actor.operator(holder)):
            review.approve(application.id, tier=Tier.T2, operator_id=holder, actor=who)
        due = now(application).review_due_at
        assert due is not None
        with clock.at(due - timedelta(seconds=1)), transaction(actor.system("test")):
            service.open_reviews(actor=actor.system("test"), limit=1000)
        assert queries.open_one(owner=application.customer_id) is None
        with clock.at(due), transaction(actor.system("test")):
            service.open_reviews(actor=actor.system("test"), limit=1000)
        opened = queries.open_one(owner=application.customer_id)
        assert opened is not None
        assert opened.about == About.REVIEW
