"""What customers have to go over because we ask for it does not vanish, and a no to it stops what goes out."""

from datetime import timedelta

import pytest
from flask import Flask

from app.applications import again, decisions, errors, queries, review, rules, service
from app.applications.models import Application
from app.applications.rules import About, State, StepState
from app.core import actor, clock, outbox
from app.core.db import leave, rows, transaction
from app.customers.rules import Tier
from app.governance import service as governance
from app.restrictions import queries as restrictions
from app.restrictions.rules import Kind, Way
from jobs import applications as jobs
from jobs.work import Work
from tests.makers import applicants, governed, people
from tests.makers.people import Customer

pytestmark = pytest.mark.usefixtures("inside")

SYSTEM = actor.system("test")
PHONE = [str(step) for step in rules.OF_A_PHONE]


def under_way(owner: Customer) -> Application:
    leave()
    found = queries.open_one(owner=owner.id)
    assert found is not None
    return found


def opened(about: About) -> tuple[Customer, Application]:
    """Somebody who was asked to go over this."""
    owner = people.customer(tier=Tier.T2)
    with transaction(SYSTEM):
        service.reopen(owner.id, about=about, actor=SYSTEM)
    return owner, under_way(owner)


def another_phone(owner: Customer) -> None:
    with transaction(SYSTEM):
        again.after_phone_change(owner.id, actor=SYSTEM)


def take_back(owner: Customer, application: Application) -> None:
    with transaction(owner.actor):
        service.abandon(application.id, owner=owner.id, actor=owner.actor)


def sent_back(application: Application) -> list[str]:
    leave()
    steps = queries.steps_for_operators(application.id)
    return [each.row.step for each in steps if each.row.state == StepState.AGAIN]


def hear(app: Flask, application: Application, cause: str) -> None:
    """The job that hears of it."""
    leave()
    jobs.restrict(Work(cause, application.id, {}, app.extensions["clients"], SYSTEM))
    leave()


def refused(application: Application) -> None:
    """Refused for good, by two."""
    holder, second = applicants.officer(), applicants.senior()
    with transaction(who := actor.operator(holder)):
        asked = decisions.propose_refusal(application.id, code="forged", reason="x", operator_id=holder, actor=who)
    with transaction(who := actor.operator(second)):
        governance.approve(asked.id, operator_id=second, shown=asked.payload_hash, actor=who)
    governed.carry_out(asked)


class TestWhatWeAskFor:
    @pytest.mark.parametrize("about", rules.ASKED_BY_US)
    def test_is_not_taken_back_and_stops_what_goes_out_when_it_lies(self, app: Flask, about: About) -> None:
        owner, application = opened(about)
        with pytest.raises(errors.NotYoursToEnd):
            take_back(owner, application)
        with clock.at(clock.now() + rules.ABANDONED_AFTER + timedelta(days=1)), transaction(SYSTEM):
            service.abandon_forgotten(actor=SYSTEM, limit=10_000)
            again.note_overdue(actor=SYSTEM, limit=10_000)
        with clock.at(clock.now() + rules.ABANDONED_AFTER + timedelta(days=2)), transaction(SYSTEM):
            again.note_overdue(actor=SYSTEM, limit=10_000)
        assert under_way(owner).overdue_at is not None
        told = [line.what for line in queries.story_for_operators(application.id)]
        assert told.count("overdue") == 1
        hear(app, application, f"overdue {application.id}")
        hear(app, application, f"overdue {application.id}")
        (placed,) = restrictions.active_for_operators(owner.id)
        known = restrictions.one_for_operators(placed.id)
        assert (known.kind, known.reason.code) == (Kind.NO_DEBIT, "identity_check")
        assert "overdue" in known.note

    def test_a_review_waits_for_a_draft_and_not_for_ever(self) -> None:
        owner, holder = people.customer(tier=Tier.T0), applicants.officer()
        application = applicants.submitted(owner, today=f"{clock.now():%Y-%m-%d}", wanted=Tier.T1)
        applicants.answer_all(application, holder)
        with transaction(who := actor.operator(holder)):
            review.approve(application.id, tier=Tier.T1, operator_id=holder, actor=who)
        draft = applicants.begin(owner)
        leave()
        due = queries.one_for_operators(application.id).review_due_at
        assert due is not None
        for late, about in ((timedelta(0), About.TIER), (rules.OVERDUE_AFTER[About.REVIEW], About.REVIEW)):
            with clock.at(due + late), transaction(SYSTEM):
                service.open_reviews(actor=SYSTEM, limit=1000)
            assert under_way(owner).about == about
        assert queries.one_for_operators(draft.id).state == State.ABANDONED

    @pytest.mark.parametrize("about", [About.TIER, About.NAME])
    def test_a_no_to_what_holds_already_stops_what_goes_out(self, app: Flask, about: About) -> None:
        owner = people.customer(tier=Tier.T1 if about is About.TIER else Tier.T2)
        application = applicants.begin(owner, about=about)
        steps = [each.step for each in queries.steps(application.id, owner=owner.id)]
        applicants.do(owner, application.id, steps, today=f"{clock.now():%Y-%m-%d}")
        with transaction(owner.actor):
            service.submit(application.id, owner=owner.id, actor=owner.actor)
        refused(application)
        leave()
        news = rows("SELECT id FROM outbox WHERE name = 'applications.rejected' ORDER BY id DESC LIMIT 1")
        assert outbox.read(news[0].id).facts["application_id"] == application.id
        hear(app, application, f"refused {application.id}")
        assert restrictions.stopped_for_operators(owner.id, way=Way.OUT) is (about is About.NAME)


class TestAnotherPhone:
    def test_is_gone_over_in_a_draft_and_outlives_it(self) -> None:
        owner = people.customer(tier=Tier.T2)
        draft = applicants.begin(owner, Tier.T3)
        another_phone(owner)
        assert sorted(sent_back(draft)) == PHONE
        take_back(owner, draft)
        assert under_way(owner).about == About.PHONE

    def test_sends_back_what_was_handed_in(self) -> None:
        owner = people.customer(tier=Tier.T0)
        application = applicants.submitted(owner, today=f"{clock.now():%Y-%m-%d}", wanted=Tier.T1)
        another_phone(owner)
        assert under_way(owner).state == State.WAITING
        assert sorted(sent_back(application)) == PHONE

    def test_of_what_others_decide_on_waits_for_them(self) -> None:
        owner, holder, second = people.customer(tier=Tier.T0), applicants.officer(), applicants.senior()
        application = applicants.submitted(owner, today=f"{clock.now():%Y-%m-%d}", wanted=Tier.T3)
        applicants.answer_all(application, holder)
        with transaction(who := actor.operator(holder)):
            asked = decisions.propose_tier(application.id, tier=Tier.T3, reason="x", operator_id=holder, actor=who)
        another_phone(owner)
        with transaction(who := actor.operator(second)):
            governance.approve(asked.id, operator_id=second, shown=asked.payload_hash, actor=who)
        governed.carry_out(asked)
        assert under_way(owner).state == State.PROPOSED
        with transaction(SYSTEM):
            decisions.take_up_again(application.id, asked.id)
        assert under_way(owner).state == State.WAITING
        assert sorted(sent_back(application)) == PHONE
