"""What a decision rests on in each round: looked into, read, answered as it is, and by numbers that are theirs."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError

from app.applications import errors, looking, queries, review, service, standing
from app.applications.models import Application
from app.applications.rules import State, Step
from app.core import actor, machine
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.customers.rules import Tier
from app.documents import service as documents
from app.identification import queries as identification
from app.identification import service as numbers
from app.identification.rules import Kind, Verdict
from app.screening import queries as screening
from jobs import applications as jobs
from jobs.work import Work
from tests.makers import applicants, identities, listed, papers, people
from tests.makers.people import Customer

pytestmark = pytest.mark.usefixtures("inside")

TODAY = date.today().isoformat()  # noqa: DTZ011
SYSTEM = actor.system("test")


def now(application: Application) -> Application:
    leave()
    return queries.one_for_operators(application.id)


def approve(application: Application, holder: str, tier: Tier = Tier.T1) -> None:
    with transaction(who := actor.operator(holder)):
        review.approve(application.id, tier=tier, operator_id=holder, actor=who)


def blockers(application: Application, tier: Tier = Tier.T1) -> str:
    leave()
    return " ".join(queries.blockers_for_operators(queries.one_for_operators(application.id), tier=tier))


def send_back(application: Application, holder: str, *steps: Step) -> None:
    with transaction(who := actor.operator(holder)):
        asked = dict.fromkeys(steps, ("partial", ""))
        review.ask_again(application.id, asked, operator_id=holder, actor=who)


def profile(owner: Customer, application: Application, **other: str) -> None:
    with transaction(owner.actor):
        given = applicants.PROFILE | other
        service.fill(application.id, Step.PROFILE, given, owner=owner.id, actor=owner.actor)


def submit(owner: Customer, application: Application) -> None:
    with transaction(owner.actor):
        service.submit(application.id, owner=owner.id, actor=owner.actor)


def look_into(application: Application) -> None:
    with transaction(SYSTEM):
        looking.look_into(application.id, actor=SYSTEM)


def unanswered(application: Application) -> set[str]:
    return {item.step for item in queries.checklist_for_operators(now(application)) if not item.answer}


def listed_name() -> str:
    """A name that is on a list by now."""
    hit_id = listed.open_hit()
    return str(screening.hit_for_operators(hit_id).entry.names[0])


class TestLookingInto:
    def test_a_round_that_was_not_looked_into_is_not_approved(self) -> None:
        owner, holder = people.customer(tier=Tier.T0), applicants.officer()
        application = applicants.submitted(owner, today=TODAY, wanted=Tier.T1)
        send_back(application, holder, Step.PROFILE)
        profile(owner, application, occupation="Doctor")
        submit(owner, application)
        applicants.answer_all(application, holder)
        with pytest.raises(errors.NotReady):
            approve(application, holder)
        assert "held against the lists since" in blockers(application)
        with pytest.raises(DBAPIError, match="is not looked into"), transaction(SYSTEM):
            rows("UPDATE applications SET state = 'approved', decided_tier = 't1' WHERE id = :id", id=application.id)
        leave()
        look_into(application)
        approve(application, holder)
        assert now(application).state == State.APPROVED

    def test_a_hit_that_comes_after_the_decision_is_kept(self) -> None:
        owner, holder, (first, last) = people.customer(tier=Tier.T0), applicants.officer(), listed_name().split()
        named = {"first_name": first, "last_name": last, "born": "1961-04-12"}
        application = applicants.handed_in(owner, applicants.begin(owner, Tier.T1), today=TODAY, **named)
        applicants.answer_all(application, holder)
        approve(application, holder)
        look_into(application)
        assert now(application).screening == "clear"  # (as it was when it was decided)
        assert screening.state_for_system(owner.id) == "hits"

    def test_news_of_what_is_decided_by_now_changes_nothing(self) -> None:
        owner, holder = people.customer(tier=Tier.T0), applicants.officer()
        application = applicants.submitted(owner, today=TODAY, wanted=Tier.T1)
        applicants.answer_all(application, holder)
        approve(application, holder)
        listed.open_hit(owner)
        with transaction(SYSTEM):
            standing.refresh_open(owner.id)
        assert now(application).screening == "clear"

    def test_they_fall_to_whoever_has_least_to_do(self) -> None:
        for _ in range(2):
            people.operator(Role.COMPLIANCE_OFFICER)
        pair = [applicants.submitted(today=TODAY, wanted=Tier.T1) for _ in range(2)]
        assert None not in (given := [now(each).assigned_to for each in pair])
        assert given[0] != given[1]


class TestAnswers:
    def test_another_name_voids_what_was_compared_with_it(self) -> None:
        owner, holder = people.customer(tier=Tier.T0), applicants.officer()
        application = applicants.submitted(owner, today=TODAY)
        applicants.answer_all(application, holder)
        send_back(application, holder, Step.PROFILE)
        profile(owner, application, last_name="Eze")
        applicants.do(owner, application.id, [Step.BVN, Step.NIN], today=TODAY)
        submit(owner, application)
        assert unanswered(application) == {"profile", "bvn", "nin", "bank", "document"}

    def test_a_file_that_was_none_voids_what_was_said_of_it(self, app: Flask) -> None:
        owner, holder = people.customer(tier=Tier.T0), applicants.officer()
        application, paper = handed_in_unread(owner, app)
        applicants.answer_all(application, holder)
        refuse(paper)
        assert now(application).state == State.WAITING
        assert unanswered(application) == {"selfie"}
        story = [(one.old_state, one.new_state) for one in machine.history(step_of(application, Step.SELFIE).id)]
        assert story == [(None, "open"), ("open", "done"), ("done", "again")]


def handed_in_unread(owner: Customer, app: Flask) -> tuple[Application, str]:
    """An application for the first tier whose picture was not checked yet, and that."""
    application = applicants.begin(owner, Tier.T1)
    applicants.do(owner, application.id, (Step.CONTACT, Step.PROFILE, Step.BVN), today=TODAY)
    paper = papers.sent(owner, app=app, purpose="selfie")
    with transaction(owner.actor):
        service.attach(application.id, Step.SELFIE, "selfie", document_id=paper, owner=owner.id, actor=owner.actor)
    submit(owner, application)
    applicants.held_against_lists(owner)
    look_into(application)
    return application, paper


def refuse(paper: str) -> None:
    with transaction(SYSTEM):
        documents.refuse(paper, reason="unreadable", actor=SYSTEM)
        service.refuse_file(paper)


def step_of(application: Application, step: Step) -> Any:
    return next(each.row for each in queries.steps_for_operators(application.id) if each.step == step)


class TestFiles:
    def test_one_that_was_not_checked_stands_against_it(self, app: Flask) -> None:
        application, _ = handed_in_unread(people.customer(tier=Tier.T0), app)
        holder = applicants.officer()
        applicants.answer_all(application, holder)
        with pytest.raises(errors.NotReady):
            approve(application, holder)
        assert "A file of the step “selfie” has not been checked." in blockers(application)

    def test_one_that_was_refused_is_not_put_into_a_slot(self, app: Flask) -> None:
        owner = people.customer(tier=Tier.T0)
        application, paper = applicants.begin(owner, Tier.T1), papers.sent(owner, app=app, purpose="selfie")
        refuse(paper)
        with pytest.raises(errors.FileRefused, match="could not read"), transaction(owner.actor):
            service.attach(application.id, Step.SELFIE, "selfie", document_id=paper, owner=owner.id, actor=owner.actor)


class TestRegisters:
    def with_bvn(self, verdict: Verdict, *, shared: bool = False) -> Application:
        """Handed in for the first tier, its number answered so."""
        owner = people.customer(tier=Tier.T0)
        application = applicants.begin(owner, Tier.T1)
        applicants.do(owner, application.id, (Step.CONTACT, Step.PROFILE, Step.SELFIE), today=TODAY)
        with transaction(owner.actor):
            facts = {"check": identities.answered(owner, Kind.BVN, verdict, shared=shared, given=applicants.who(owner))}
            service.prove(application.id, Step.BVN, facts=facts, owner=owner.id, actor=owner.actor)
        with transaction(owner.actor):  # (another number, which the step does not name)
            identities.answered(owner, Kind.BVN)
        submit(owner, application)
        applicants.held_against_lists(owner)
        look_into(application)
        return now(application)

    @pytest.mark.parametrize(
        ("verdict", "shared", "said"),
        [(Verdict.NOT_FOUND, False, "mismatch"), (Verdict.REVIEW, True, "shared")],
    )
    def test_a_no_and_a_number_of_another_take_two(self, verdict: Verdict, said: str, *, shared: bool) -> None:
        application, holder = self.with_bvn(verdict, shared=shared), applicants.officer()
        assert application.identity == said
        applicants.answer_all(application, holder)
        with pytest.raises(errors.NeedsTwo):
            approve(application, holder)
        with pytest.raises(DBAPIError, match="two people approve"), transaction(SYSTEM):
            rows("UPDATE applications SET state = 'approved', decided_tier = 't1' WHERE id = :id", id=application.id)

    def test_a_step_that_names_no_check_waits(self) -> None:
        owner = people.customer(tier=Tier.T0)
        application = applicants.submitted(owner, today=TODAY, wanted=Tier.T1)
        send_back(application, applicants.officer(), Step.BVN)
        with transaction(owner.actor):
            service.prove(application.id, Step.BVN, facts={"check": "idc_none"}, owner=owner.id, actor=owner.actor)
        submit(owner, application)
        look_into(application)
        assert now(application).identity == "asked"
        assert "A registry has not answered yet." in blockers(application)

    def test_a_bank_account_is_compared_with_the_profile(self, app: Flask) -> None:
        owner = people.customer(tier=Tier.T0)
        account = people.bank_account(owner, app=app)
        application = applicants.begin(owner)
        every = {each.step for each in queries.steps(application.id, owner=owner.id)}
        applicants.do(owner, application.id, every - {Step.BANK}, today=TODAY)
        with transaction(owner.actor):
            facts = {"account": account}
            service.prove(application.id, Step.BANK, facts=facts, owner=owner.id, actor=owner.actor)
        profile(owner, application, middle_name="Uzoamaka")
        applicants.do(owner, application.id, [Step.BVN, Step.NIN], today=TODAY)
        submit(owner, application)
        leave()
        jobs.look_into(Work("one", application.id, {}, app.extensions["clients"], SYSTEM))
        (compared,) = [one for one in identification.of_customer_for_operators(owner.id) if one.kind == "bank_account"]
        assert compared.given["name"] == "Ada Uzoamaka Obi"

    def test_one_that_waits_is_another_when_the_name_is(self) -> None:
        owner, number = people.customer(), identities.number(identities.ECHO)
        first = identities.ask(owner, number)
        assert identities.ask(owner, number) == first
        assert identities.ask(owner, number, given=numbers.Given("Ada Eze", identities.BORN)) != first
