"""Another name or birth date is proved anew: what registers said of the one before says nothing of it."""

from datetime import date

import pytest
from flask import Flask

from app.applications import queries, rules, service, standing
from app.applications.errors import BadAnswers
from app.applications.rules import About, Step
from app.core.db import transaction
from app.customers.rules import Tier
from app.identification.rules import Given
from tests.makers import applicants, identities, people
from tests.makers.applicants import PROFILE
from tests.makers.people import Customer

NEW = PROFILE | {"last_name": "Eze"}


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer(tier=Tier.T1)


@pytest.mark.parametrize(
    ("tier", "shown", "steps"),
    [
        (Tier.T1, {Step.BVN}, (Step.PROFILE, Step.BVN, Step.DOCUMENT)),
        (Tier.T1, {Step.NIN}, (Step.PROFILE, Step.NIN, Step.DOCUMENT)),
        (Tier.T3, {Step.BVN, Step.NIN}, (Step.PROFILE, Step.BVN, Step.NIN, Step.DOCUMENT)),
    ],
)
def test_a_new_name_is_looked_up_and_stands_in_a_document(
    tier: Tier, shown: set[Step], steps: tuple[Step, ...]
) -> None:
    assert rules.asked(About.NAME, wanted=tier, shown=shown) == steps


def test_a_review_looks_numbers_up_again() -> None:
    assert {Step.BVN, Step.NIN} <= set(rules.asked(About.REVIEW, wanted=Tier.T2, shown=set()))


def test_the_document_of_a_new_name_is_asked_about_in_the_first_tier_too(owner: Customer) -> None:
    application = applicants.begin(owner, Tier.T1, about=About.NAME)
    assert "The step “document” is not done." in queries.blockers_for_operators(application, tier=Tier.T1)


def test_an_address_brings_no_new_name(owner: Customer) -> None:
    fill(owner, applicants.begin(owner, Tier.T1, about=About.NAME).id, PROFILE)
    with transaction(owner.actor):
        service.abandon(queries.all_of(owner=owner.id)[0].id, owner=owner.id, actor=owner.actor)
    application_id = applicants.begin(owner, Tier.T1, about=About.ADDRESS).id
    with pytest.raises(BadAnswers) as refused:
        fill(owner, application_id, NEW)
    assert set(refused.value.facts["fields"]) == {"last_name"}
    fill(owner, application_id, PROFILE | {"street": "1 Broad Street"})


def test_what_came_to_nothing_is_not_who_they_are(owner: Customer) -> None:
    first = applicants.begin(owner, Tier.T2, about=About.REVIEW).id
    fill(owner, first, PROFILE)
    with transaction(owner.actor):
        approved = service.locked(first)
        approved.state, approved.decided_tier, approved.screening = rules.State.APPROVED, Tier.T2, "clear"
    second = applicants.begin(owner, Tier.T2, about=About.NAME).id
    fill(owner, second, NEW)
    assert queries.latest_answers(Step.PROFILE, owner=owner.id)["last_name"] == "Eze"
    with transaction(owner.actor):
        service.abandon(second, owner=owner.id, actor=owner.actor)
    assert queries.latest_answers(Step.PROFILE, owner=owner.id)["last_name"] == "Obi"


def test_a_check_of_the_name_before_does_not_count(owner: Customer) -> None:
    before = Given("Ada Obi", birth_date=date.fromisoformat(PROFILE["born"]))
    application = applicants.begin(owner, Tier.T2, about=About.NAME)
    fill(owner, application.id, PROFILE)
    identities.ask(owner, identities.number(identities.ECHO), given=before)
    standing.refresh(application)
    assert application.identity == "asked"
    fill(owner, application.id, NEW)
    standing.refresh(application)
    assert application.identity == "none"


def fill(owner: Customer, application_id: str, profile: dict[str, str]) -> None:
    with transaction(owner.actor):
        service.fill(application_id, Step.PROFILE, profile, owner=owner.id, actor=owner.actor)
