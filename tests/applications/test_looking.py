"""Whom an application names to the lists: with every number they gave, and known again in another place."""

import pytest
from flask import Flask

from app.applications import looking, queries, service
from app.applications.models import Application
from app.applications.rules import Step, Subject
from app.core.db import leave, rows, transaction
from app.customers.rules import Tier
from app.identification import service as identification
from app.identification.rules import Given, Kind
from tests.makers import applicants, listed, people

ADA = ("Ada Obi", "1990-05-17")
BAYO = ("Bayo Ade", "1970-02-01")


@pytest.fixture
def owner(inside: Flask) -> people.Customer:
    return people.customer(tier=Tier.T0)


@pytest.fixture
def business(owner: people.Customer) -> Application:
    return applicants.begin(owner, Tier.T3_PLUS, subject=Subject.BUSINESS)


def name(owner: people.Customer, business: Application, *named: tuple[str, str]) -> None:
    """Write these people into the form."""
    given: dict[str, str] = {}
    for place, (who, born) in enumerate(named):
        given |= {f"name_{place}": who, f"role_{place}": "director", f"born_{place}": born, f"share_{place}": ""}
    with transaction(owner.actor):
        service.fill(business.id, Step.PEOPLE, given, owner=owner.id, actor=owner.actor)


def refs(owner: people.Customer) -> dict[str, str]:
    found = looking.people_of(owner.id, business=True)
    leave()
    return {one.name: one.ref for one in found}


def test_numbers_that_registers_were_asked_for_are_compared(owner: people.Customer) -> None:
    application = applicants.begin(owner, Tier.T1)
    applicants.do(owner, application.id, [Step.PROFILE], today="")
    with transaction(owner.actor):
        for kind, number in ((Kind.BVN, "22123456789"), (Kind.NIN, "12345678901")):
            identification.ask(owner.id, kind=kind, number=number, given=Given("Ada Obi"), actor=owner.actor)
    (subject,) = looking.people_of(owner.id, business=False)
    leave()
    assert set(subject.identifiers) == {("bvn", "22123456789"), ("nin", "12345678901")}


def test_people_are_the_same_in_another_place(owner: people.Customer, business: Application) -> None:
    name(owner, business, ADA, BAYO)
    before = refs(owner)
    name(owner, business, BAYO, ("OBI, Ada", ADA[1]))
    after = refs(owner)
    assert (after["OBI, Ada"], after["Bayo Ade"]) == (before["Ada Obi"], before["Bayo Ade"])


def test_who_is_not_named_any_more_holds_nobody_up(owner: people.Customer, business: Application) -> None:
    listed.one_at_least()
    for named in ((ADA, BAYO), (ADA,)):
        name(owner, business, *named)
        with transaction(listed.SYSTEM):
            looking.look_into(business.id, actor=listed.SYSTEM)
    kept = rows(
        "SELECT names[1] AS name FROM screening_subjects WHERE customer_id = :o AND retired_at IS NULL", o=owner.id
    )
    assert [row.name for row in kept] == ["Ada Obi"]
    assert queries.one_for_operators(business.id).screening == "clear"
    leave()


@pytest.mark.parametrize("number", ["RC123456", "rc 123456", "123456"])
def test_a_company_is_known_by_its_number_however_it_is_written(number: str) -> None:
    assert looking.lists.bare_identifier(number) == "123456"
