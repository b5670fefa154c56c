"""What is looked up about an application that was handed in: the people whom it names, on the lists."""

from typing import Any

from app.applications import answers, queries, standing
from app.applications.rules import Step, Subject
from app.core.actor import Actor
from app.screening import rules as lists
from app.screening import service as screening


def look_into(application_id: str, *, actor: Actor) -> None:
    """Hold everybody whom it names against the lists, and note how they stand."""
    application = queries.one_for_operators(application_id)
    for one in people_of(application.customer_id, business=application.subject == Subject.BUSINESS):
        screening.screen(one, actor=actor)
    standing.refresh(application)


def people_of(customer_id: str, *, business: bool) -> list[lists.Subject]:
    """The customer, and with a business also the company and everybody who was named."""
    profile = queries.latest_answers(Step.PROFILE, owner=customer_id)
    found = [_person(customer_id, profile)] if profile else []
    if not business:
        return found
    company = queries.latest_answers(Step.COMPANY, owner=customer_id)
    if company:
        number = (("registration", company["number"]),)
        ref = f"company:{customer_id}"
        organisation = lists.Kind.ORGANISATION
        found.append(lists.Subject(ref, customer_id, organisation, company["name"], identifiers=number))
    named = queries.latest_answers(Step.PEOPLE, owner=customer_id).get("people", [])
    return found + [
        lists.Subject(f"person:{customer_id}:{place}", customer_id, lists.Kind.PERSON, each["name"], born=each["born"])
        for place, each in enumerate(named)
    ]


def _person(customer_id: str, profile: dict[str, Any]) -> lists.Subject:
    document = queries.latest_answers(Step.DOCUMENT, owner=customer_id)
    numbers = ((document["kind"], document["number"]),) if document else ()
    return lists.Subject(
        f"customer:{customer_id}",
        customer_id,
        lists.Kind.PERSON,
        answers.full_name(profile),
        born=profile["born"],
        countries=(profile["country"].lower(),),
        identifiers=numbers,
    )
