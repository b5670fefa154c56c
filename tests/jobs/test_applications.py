"""Applications hear what they rest on: lists, registers, files, decisions that came to nothing."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask

from app.applications import decisions, queries, review, rules, service
from app.applications.models import Application
from app.applications.rules import State, Step, StepState
from app.core import actor, clock
from app.core.db import leave, transaction
from app.customers.rules import Tier
from app.governance import queries as approvals
from app.governance import service as governance
from tests.makers import applicants, listed, papers, people

pytestmark = pytest.mark.usefixtures("inside")

WorkOff = Callable[..., int]
TODAY = date.today().isoformat()  # noqa: DTZ011


def now(application: Application) -> Application:
    leave()
    return queries.one_for_operators(application.id)


def test_what_was_handed_in_is_held_against_the_lists(work_off: WorkOff) -> None:
    listed.open_hit()  # (there is a list, and somebody else on it)
    application = applicants.submitted(today=TODAY, screening="unscreened")
    leave()
    work_off()
    assert now(application).screening == "clear"
    assert now(application).identity == "match"


def test_a_hit_is_on_the_application_at_once(work_off: WorkOff) -> None:
    owner = people.customer(tier=Tier.T0)
    application = applicants.submitted(owner, today=TODAY)
    listed.open_hit(owner)
    work_off()
    assert now(application).screening == "open"


def test_a_file_that_is_none_has_to_be_sent_again(app: Flask, work_off: WorkOff) -> None:
    owner = people.customer(tier=Tier.T0)
    application = applicants.begin(owner, Tier.T1)
    steps = [Step(each.row.step) for each in queries.steps(application.id, owner=owner.id)]
    applicants.do(owner, application.id, steps, today=TODAY)
    paper = papers.sent(owner, app=app, body=b"\xff\xd8\xff\xe0 no picture", name="face.jpg", purpose="selfie")
    with transaction(owner.actor):
        service.attach(application.id, Step.SELFIE, "selfie", document_id=paper, owner=owner.id, actor=owner.actor)
        service.submit(application.id, owner=owner.id, actor=owner.actor)
    work_off()
    work_off()  # the check, then what follows from it
    assert now(application).state == State.WAITING
    assert queries.step(application.id, Step.SELFIE, owner=owner.id).row.state == StepState.AGAIN


def test_a_no_puts_it_back_under_review(work_off: WorkOff) -> None:
    application, holder, second = applicants.submitted(today=TODAY), applicants.officer(), applicants.senior()
    leave()
    with transaction(who := actor.operator(holder)):
        asked = decisions.propose_refusal(
            application.id, code="risk", reason="Too much.", operator_id=holder, actor=who
        )
    with transaction(who := actor.operator(second)):
        governance.deny(asked.id, operator_id=second, reason="Look again.", actor=who)
    work_off()
    assert approvals.one_for_operators(asked.id).request.state == "denied"
    assert now(application).state == State.SUBMITTED


def test_a_claim_that_ran_out_is_written_down() -> None:
    application, holder = applicants.submitted(today=TODAY), applicants.officer()
    leave()
    with transaction(who := actor.operator(holder)):
        review.claim(application.id, operator_id=holder, actor=who)
    with clock.at(clock.now() + rules.LEASE + timedelta(seconds=1)):
        while True:
            with transaction(actor.system("test")):
                ended = review.end_claims(actor=actor.system("test"))
            if not ended:
                break
    assert now(application).claimed_by is None
    assert queries.story_for_operators(application.id)[-1].what == "claim_ended"
