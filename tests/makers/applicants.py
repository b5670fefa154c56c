"""People who apply for a tier, and who look at what they sent."""

from collections.abc import Callable, Iterable
from datetime import date

from flask import current_app

from app.applications import answers, decisions, looking, past, queries, review, rules, service
from app.applications.models import Application
from app.applications.rules import About, Step, Subject
from app.core import actor
from app.core.db import transaction
from app.core.permissions import Role
from app.customers.rules import Tier
from app.governance import queries as approvals
from app.governance import service as governance
from app.identification.rules import Given, Kind
from app.screening import deciding as lists
from tests.makers import governed, identities, listed, papers, people
from tests.makers.people import Customer

PROFILE = {
    "first_name": "Ada",
    "middle_name": "",
    "last_name": "Obi",
    "born": "1990-05-17",
    "country": "NG",
    "street": "12 Marina",
    "city": "Lagos",
    "region": "Lagos",
    "occupation": "Nurse",
    "pep": "no",
}
GIVEN: dict[Step, dict[str, str]] = {
    Step.PROFILE: PROFILE,
    Step.DOCUMENT: {"kind": "passport", "number": "A01234567", "expires_on": "2031-01-01"},
    Step.ADDRESS: {"kind": "utility", "issued_on": ""},
    Step.FUNDS: {"kind": "salary", "story": "A hospital pays me every month."},
    Step.COMPANY: {"name": "Obi Foods Ltd", "number": "RC123456", "registered_on": "2015-03-02", "business": "Food"},
    Step.PEOPLE: {"name_0": "Ada Obi", "role_0": "director", "born_0": "1990-05-17", "share_0": "60"},
}
SLOTS: dict[Step, tuple[str, ...]] = {
    Step.SELFIE: ("selfie",),
    Step.DOCUMENT: ("front", "back"),
    Step.ADDRESS: ("proof",),
    Step.FUNDS: ("evidence",),
    Step.COMPANY: ("certificate",),
}
NUMBERS = {Step.BVN: Kind.BVN, Step.NIN: Kind.NIN, Step.BANK: Kind.BANK_ACCOUNT, Step.COMPANY: Kind.COMPANY}


def document_of(owner: Customer, slot: str) -> str:
    """A file for a slot, checked: its id."""
    return papers.taken(owner, app=current_app, purpose=rules.PURPOSES[slot])


def who(owner: Customer) -> Given:
    """What registers are told of a customer: what they said of themselves."""
    said = queries.latest_answers(Step.PROFILE, owner=owner.id) or PROFILE
    return Given(answers.full_name(said), birth_date=date.fromisoformat(said["born"]))


def begin(
    owner: Customer, wanted: Tier = Tier.T2, *, about: About = About.TIER, subject: Subject = Subject.PERSON
) -> Application:
    """Open an application."""
    with transaction(owner.actor):
        return service.begin(owner.id, wanted=wanted, about=about, subject=subject, actor=owner.actor)


def do(owner: Customer, application_id: str, steps: Iterable[Step], *, today: str, **profile: str) -> None:
    """Do these steps: answers, the profile's other than usual if wanted, and a file in each slot."""
    for step in steps:
        files = {slot: document_of(owner, slot) for slot in SLOTS.get(step, ())}
        with transaction(owner.actor):
            if step is Step.CONTACT:
                service.prove(application_id, step, facts={"codes": "confirmed"}, owner=owner.id, actor=owner.actor)
            for slot, document_id in files.items():
                service.attach(application_id, step, slot, document_id=document_id, owner=owner.id, actor=owner.actor)
            if step in GIVEN:
                other = {Step.PROFILE: profile, Step.ADDRESS: {"issued_on": today}}
                given = GIVEN[step] | other.get(step, {})
                service.fill(application_id, step, given, owner=owner.id, actor=owner.actor)
            if step in NUMBERS:
                check_id = identities.answered(owner, NUMBERS[step], given=who(owner))
                if step in GIVEN:
                    service.note_check(application_id, step, check_id, owner=owner.id)
                else:
                    facts = {"check": check_id}
                    service.prove(application_id, step, facts=facts, owner=owner.id, actor=owner.actor)


def submitted(
    owner: Customer | None = None,
    wanted: Tier = Tier.T2,
    *,
    today: str,
    screening: str = "clear",
    subject: Subject = Subject.PERSON,
    about: About = About.TIER,
) -> Application:
    """An application that was handed in, by somebody who stands so with the lists."""
    applicant = owner or people.customer(tier=Tier.T0)
    application = begin(applicant, wanted, subject=subject, about=about)
    return handed_in(applicant, application, today=today, screening=screening)


def handed_in(
    owner: Customer, application: Application, *, today: str, screening: str = "clear", **profile: str
) -> Application:
    """Do all steps of a draft, say these things in the profile, and hand it in: as it is then."""
    steps = [Step(each.row.step) for each in queries.steps(application.id, owner=owner.id)]
    do(owner, application.id, steps, today=today, **profile)
    with transaction(owner.actor):
        service.submit(application.id, owner=owner.id, actor=owner.actor)
    STANDINGS[screening](owner)
    with transaction(actor.system("test")):
        looking.note(service.locked(application.id))
    return queries.one_for_operators(application.id)


def held_against_lists(owner: Customer) -> None:
    """Search the lists for them: their name is like no other."""
    listed.one_at_least()
    listed.screened(listed.subject(f"{listed.word()} {listed.word()}", owner))


def cleared(owner: Customer) -> None:
    """A hit that somebody said is somebody else."""
    who = actor.operator(officer())
    hit_id = listed.open_hit(owner, born="")
    with transaction(who):
        lists.clear(hit_id, reason="Born elsewhere.", shown=listed.content(hit_id), operator_id=who.id, actor=who)


STANDINGS: dict[str, Callable[[Customer], object]] = {
    "clear": held_against_lists,
    "open": listed.open_hit,
    "cleared": cleared,
    "unscreened": lambda _owner: None,
}


def officer() -> str:
    """A compliance officer: their id."""
    return people.operator(Role.COMPLIANCE_OFFICER)[0]


def senior() -> str:
    """A compliance manager: their id."""
    return people.operator(Role.COMPLIANCE_MANAGER)[0]


def answer_all(application: Application, operator_id: str, said: str = "yes") -> None:
    """Answer the whole check-list."""
    who = actor.operator(operator_id)
    with transaction(who):
        for item in queries.checklist_for_operators(queries.one_for_operators(application.id)):
            review.answer(application.id, item.code, said, operator_id=operator_id, actor=who)


def answered(application: Application) -> Application:
    """Have the whole check-list answered by somebody who lets go of it."""
    holder = officer()
    answer_all(application, holder)
    with transaction(who := actor.operator(holder)):
        review.let_go(application.id, operator_id=holder, actor=who)
    return application


def decided(application: Application, tier: Tier) -> Application:
    """Have this tier given, by two where it takes two: as it is then."""
    holder = officer()
    who = actor.operator(holder)
    answer_all(application, holder)
    two = past.needs_two(queries.one_for_operators(application.id), tier=tier, operator_id=holder)
    with transaction(who):
        if two:
            asked = decisions.propose_tier(application.id, tier=tier, reason="x", operator_id=holder, actor=who)
        else:
            review.approve(application.id, tier=tier, operator_id=holder, actor=who)
    if two:
        agreed(asked.id)
    return queries.one_for_operators(application.id)


def refused(application: Application, code: str = "forged") -> Application:
    """Have it refused for good: as it is then."""
    holder = officer()
    with transaction(who := actor.operator(holder)):
        asked = decisions.propose_refusal(application.id, code=code, reason="x", operator_id=holder, actor=who)
    agreed(asked.id)
    return queries.one_for_operators(application.id)


def agreed(request_id: str) -> None:
    """Have a manager agree, and have it carried out."""
    asked, second = approvals.one_for_operators(request_id).request, senior()
    with transaction(who := actor.operator(second)):
        governance.approve(request_id, operator_id=second, shown=asked.payload_hash, actor=who)
    governed.carry_out(asked)
