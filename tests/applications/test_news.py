"""What happens after a decision, by the jobs: mails in the customer's words, and what comes back under review."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from app.applications import decisions, queries, review
from app.applications.rules import About, State, Step
from app.core import actor, clock
from app.core.db import leave, transaction
from app.customers.rules import Tier
from app.governance import service as governance
from app.notifications.queries import Letter
from tests.makers import applicants, mailbox, people
from tests.makers.people import Customer

pytestmark = pytest.mark.usefixtures("inside")

TODAY = date.today().isoformat()  # noqa: DTZ011
WorkOff = Callable[..., int]


def letter_to(owner: Customer, subject: str) -> Letter:
    return next(letter for letter in mailbox.letters_to(owner.email) if letter.subject == subject)


def test_what_is_asked_for_again_is_mailed_in_the_customers_words(work_off: WorkOff) -> None:
    owner, holder = people.customer(tier=Tier.T0), applicants.officer()
    application = applicants.submitted(owner, today=TODAY)
    with transaction(who := actor.operator(holder)):
        review.note(application.id, "Looks edited to me.", operator_id=holder, actor=who)
        review.ask_again(application.id, {Step.DOCUMENT: ("blurry", "")}, operator_id=holder, actor=who)
    work_off()
    letter = letter_to(owner, "We need something again to verify you")
    assert "Your identity document: We cannot read this picture." in letter.body
    assert "edited" not in letter.body
    assert "Bola" not in letter.body


def test_an_approval_is_mailed(work_off: WorkOff) -> None:
    owner, holder = people.customer(tier=Tier.T0), applicants.officer()
    application = applicants.submitted(owner, today=TODAY, wanted=Tier.T1)
    applicants.answer_all(application, holder)
    with transaction(who := actor.operator(holder)):
        review.approve(application.id, tier=Tier.T1, operator_id=holder, actor=who)
    work_off()
    assert "You are verified for tier 1" in mailbox.subjects_to(owner.email)


def test_a_no_to_the_second_tier_puts_it_back(work_off: WorkOff) -> None:
    application, holder, second = applicants.submitted(today=TODAY), applicants.officer(), applicants.senior()
    with transaction(who := actor.operator(holder)):
        asked = decisions.propose_refusal(
            application.id, code="forged", reason="Edited.", operator_id=holder, actor=who
        )
    with transaction(who := actor.operator(second)):
        governance.deny(asked.id, operator_id=second, reason="It is a scan.", actor=who)
    work_off()
    leave()
    assert queries.one_for_operators(application.id).state == State.SUBMITTED


def test_a_refusal_is_mailed_without_what_was_found(work_off: WorkOff) -> None:
    owner, holder, second = people.customer(tier=Tier.T0), applicants.officer(), applicants.senior()
    application = applicants.submitted(owner, today=TODAY)
    with transaction(who := actor.operator(holder)):
        asked = decisions.propose_refusal(
            application.id, code="listed", reason="Confirmed.", operator_id=holder, actor=who
        )
    with transaction(who := actor.operator(second)):
        governance.approve(asked.id, operator_id=second, shown=asked.payload_hash, actor=who)
    work_off()
    letter = letter_to(owner, "About your verification")
    assert "We could not verify your details" in letter.body
    assert "list" not in letter.body


def test_another_phone_is_gone_over(work_off: WorkOff) -> None:
    owner = people.customer(tier=Tier.T2, enrolled=True)
    with clock.at(clock.now() + timedelta(hours=1)):  # (codes do not follow one another at once)
        people.waiting_number(owner.login_id, people.phone_number())
        people.confirm_phone(owner.login_id)
    work_off()
    opened = queries.open_one(owner=owner.id)
    assert opened is not None
    assert opened.about == About.PHONE
    assert "Please go over your details" in mailbox.subjects_to(owner.email)
