"""Another name or birth date is proved anew: what registers said of the one before says nothing of it."""

import pytest
from flask import Flask

from app.applications import queries, rules, service, standing
from app.applications.errors import BadAnswers
from app.applications.rules import About, Step
from app.core import clock
from app.core.db import transaction
from app.customers.rules import Tier
from tests.makers import applicants, people
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


@pytest.fixture
def approved(inside: Flask) -> Customer:
    """A customer who was shown to be Ada Obi."""
    owner = people.customer(tier=Tier.T0)
    applicants.decided(applicants.submitted(owner, Tier.T1, today=clock.now().date().isoformat()), Tier.T1)
    return owner


def test_an_address_brings_no_new_name(approved: Customer) -> None:
    application_id = applicants.begin(approved, Tier.T1, about=About.ADDRESS).id
    with pytest.raises(BadAnswers) as refused:
        fill(approved, application_id, NEW)
    assert set(refused.value.facts["fields"]) == {"last_name"}
    fill(approved, application_id, PROFILE | {"street": "1 Broad Street"})


def test_a_check_of_the_name_before_does_not_count(approved: Customer) -> None:
    application = applicants.begin(approved, Tier.T1, about=About.NAME)
    applicants.do(approved, application.id, [Step.PROFILE, Step.BVN], today="")
    standing.refresh(application)
    assert application.identity == "match"
    fill(approved, application.id, NEW)
    standing.refresh(application)
    assert application.identity == "asked"


def fill(owner: Customer, application_id: str, profile: dict[str, str]) -> None:
    with transaction(owner.actor):
        service.fill(application_id, Step.PROFILE, profile, owner=owner.id, actor=owner.actor)
