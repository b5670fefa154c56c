"""What is looked up about an application that was handed in, or ended: the people whom it names, on the lists."""

import hashlib
from typing import Any

from app.applications import answers, due, queries, rules, service, standing
from app.applications.models import Application
from app.applications.rules import State, Step, Subject
from app.core.actor import Actor
from app.core.db import db
from app.identification import names
from app.identification import queries as identification
from app.identification import rules as registers
from app.screening import queries as screened
from app.screening import rules as lists
from app.screening import service as screening


def look_into(application_id: str, *, actor: Actor) -> None:
    """Hold everybody whom it names against the lists, and note how they stand.

    Whoever decides waits for this, or has decided: a hit is kept then as well. Of one that was refused or given up,
    those whom the answers name that still hold; what was found is decided first.
    """
    application = service.locked(application_id)
    over = application.state in {State.REJECTED, State.ABANDONED}
    if over and screened.state_for_system(application.customer_id) in {lists.Standing.HITS, lists.Standing.MATCH}:
        return
    business = application.subject == Subject.BUSINESS
    people = people_of(application.customer_id, business=business)
    for one in people:
        screening.screen(one, actor=actor)
    if business:
        behind, named = _behind(application.customer_id), {one.ref for one in people}
        screening.retire(application.customer_id, refs_begin=behind, named=named, actor=actor)
    if application.state in rules.OPEN:
        note(application)


def note(application: Application) -> None:
    """Write down that this round was looked into, how they stand, and who takes it up: whoever has least to do."""
    standing.refresh(application)
    application.looked_into = application.round
    if application.state == State.SUBMITTED and application.assigned_to is None:
        application.assigned_to = due.least_loaded_for_system(customer_id=application.customer_id)
    db.session.flush()


def account_of(application_id: str) -> tuple[str, str]:
    """The bank account that it names, and the name that this should be in; nothing for what there is not."""
    steps = {each.step: each.answers for each in queries.steps_for_operators(application_id)}
    customer_id = queries.one_for_operators(application_id).customer_id
    return str(steps.get(Step.BANK, {}).get("account", "")), name_of(customer_id)


def name_of(customer_id: str) -> str:
    """What a customer said their name is; nothing while they did not."""
    profile = queries.latest_answers(Step.PROFILE, owner=customer_id)
    return answers.full_name(profile) if profile else ""


def people_of(customer_id: str, *, business: bool) -> list[lists.Subject]:
    """The customer, and with a business also the company and everybody who was named."""
    profile = queries.latest_answers(Step.PROFILE, owner=customer_id)
    found = [_person(customer_id, profile)] if profile else []
    if not business:
        return found
    company = queries.latest_answers(Step.COMPANY, owner=customer_id)
    if company:
        register = registers.Kind.COMPANY
        number = ((str(register), registers.canonical(register, company["number"]) or company["number"]),)
        ref = f"company:{customer_id}"
        organisation = lists.Kind.ORGANISATION
        found.append(lists.Subject(ref, customer_id, organisation, company["name"], identifiers=number))
    named = queries.latest_answers(Step.PEOPLE, owner=customer_id).get("people", [])
    return found + list({one.ref: one for one in (_named(customer_id, each) for each in named)}.values())


def _named(customer_id: str, person: dict[str, Any]) -> lists.Subject:
    """Somebody behind a business, known by name and birth: whoever is named in another place is still the same."""
    who = " ".join((*sorted(names.words(person["name"])), person["born"]))
    ref = _behind(customer_id) + hashlib.sha256(who.encode()).hexdigest()[:16]
    return lists.Subject(ref, customer_id, lists.Kind.PERSON, person["name"], born=person["born"])


def _behind(customer_id: str) -> str:
    return f"person:{customer_id}:"


def _person(customer_id: str, profile: dict[str, Any]) -> lists.Subject:
    document = queries.latest_answers(Step.DOCUMENT, owner=customer_id)
    numbers = identification.numbers_for_system(customer_id, kinds=(registers.Kind.BVN, registers.Kind.NIN))
    if document:
        numbers.append((document["kind"], document["number"]))
    return lists.Subject(
        f"customer:{customer_id}",
        customer_id,
        lists.Kind.PERSON,
        answers.full_name(profile),
        born=profile["born"],
        countries=(profile["country"].lower(),),
        identifiers=tuple(numbers),
    )
