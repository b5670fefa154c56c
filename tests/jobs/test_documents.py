"""The hourly sweep of documents: what is in no application goes, and what waits for long is told of."""

from datetime import timedelta

import pytest
from flask import Flask

from app.applications.rules import Step
from app.clients.virus import Scanner
from app.core import clock
from app.core.db import leave, rows
from app.core.permissions import Role
from app.customers.rules import Tier
from app.documents import flows, queries
from app.documents.rules import State
from jobs import documents, notifications
from jobs.work import Work
from tests.makers import applicants, papers, people
from tests.makers.people import Customer
from tests.makers.sandbox import free_port


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer(tier=Tier.T0)


def work_of(app: Flask, *, cause: str) -> Work:
    return Work(cause=cause, subject="", facts={}, clients=app.extensions["clients"], actor=papers.TEST)


def sweep(app: Flask, *, later: timedelta) -> None:
    with clock.at(clock.now() + later):
        documents.sweep(work_of(app, cause="test"))
    leave()


def test_what_is_in_no_application_goes_after_a_day(app: Flask, owner: Customer) -> None:
    application = applicants.begin(owner, Tier.T1)
    applicants.do(owner, application.id, [Step.SELFIE], today="")
    lost = papers.taken(owner, app=app, purpose="other")
    for hours, states in ((23, [State.READY, State.READY]), (25, [State.READY, State.DISCARDED])):
        sweep(app, later=timedelta(hours=hours))
        kept = sorted(queries.of_customer(owner=owner.id), key=lambda one: one.id == lost)
        assert [one.state for one in kept] == states
        leave()


def test_what_waits_for_long_is_told_of(app: Flask, owner: Customer) -> None:
    document_id = papers.sent(owner, app=app)
    away = Scanner(f"tcp://127.0.0.1:{free_port()}")
    flows.check(papers.store_of(app), document_id, scanner=away, actor=papers.TEST)
    people.operator(Role.AUDITOR)
    for hours in (5, 7):
        with clock.at(clock.now() + timedelta(hours=hours)):
            notifications.documents_waiting(work_of(app, cause=f"{document_id}-{hours}"))
    mails = rows("SELECT DISTINCT cause, subject FROM mails WHERE cause LIKE :cause", cause=f"{document_id}-%")
    assert {mail.cause.partition(":")[0] for mail in mails} == {f"{document_id}-7"}
    assert {mail.subject for mail in mails} == {"Documents wait to be checked"}
