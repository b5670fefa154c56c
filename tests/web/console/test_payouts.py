"""The console's pages of payouts: whose they are and where they go, the case about one, and what may be done."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.cases import service as cases
from app.core import actor, clock
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.payments import payout_flows, rules
from app.withdrawals import flows, service
from app.withdrawals.models import Withdrawal
from tests.makers import browse, leaving
from tests.makers.sandbox import SandboxProcess
from tests.web.console.conftest import Visitor

pytestmark = pytest.mark.usefixtures("inside")

SYSTEM = actor.system("test")


def sent(app: Flask, sandbox: SandboxProcess, *, outcome: str) -> Withdrawal:
    """A withdrawal whose first attempt came to this end at Paystack."""
    owner, account = leaving.rich(app, sandbox, amount=5_000)
    asked, paystack = leaving.approved(owner, account, 1_000), app.extensions["clients"].paystack
    sandbox.knobs(transfer_outcome=outcome)
    flows.send(asked.id, paystack=paystack, actor=SYSTEM)
    sandbox.flush(early=True)
    leave()
    payout_flows.ask(asked.payout_id, paystack=paystack, actor=SYSTEM)
    return leaving.now(asked)


@pytest.mark.parametrize(("outcome", "view"), [("success", "paid"), ("failed", "ended")])
def test_each_attempt_says_whose_it_is_and_where_it_goes(
    app: Flask, sandbox: SandboxProcess, visitor: Visitor, outcome: str, view: str
) -> None:
    one = sent(app, sandbox, outcome=outcome)
    client = visitor(Role.AUDITOR)
    (row,) = re.findall(
        rf'<tr>(?:(?!</tr>).)*/console/payouts/{one.payout_id}".*?</tr>', listing(client, view), re.DOTALL
    )
    page = client.get(f"/console/payouts/{one.payout_id}").text
    assert f'href="/console/customers/{one.customer_id}"' in page
    name = re.search(rf'href="/console/customers/{one.customer_id}">([^<]+)<', page)
    assert name
    assert name[1] in row
    assert "••••••" in row  # the account number is masked
    assert "••••••" in page


def listing(client: FlaskClient, view: str) -> str:
    """The first page of a view, which is where the newest stands."""
    return client.get(f"/console/payouts?view={view}").text


def test_it_leads_to_the_case_about_it_for_those_who_may_read_that(
    app: Flask, sandbox: SandboxProcess, visitor: Visitor
) -> None:
    one = sent(app, sandbox, outcome="success")
    with transaction(SYSTEM):
        ours, theirs = (
            cases.open(kind, one.payout_id, owner=owner, words="It stands.", actor=SYSTEM)
            for kind, owner in (("tested", Role.TREASURY), ("tested_too", Role.COMPLIANCE_OFFICER))
        )
    page = visitor(Role.TREASURY).get(f"/console/payouts/{one.payout_id}").text
    assert f'href="/console/cases/{ours}"' in page
    assert f"/console/cases/{theirs}" not in page


def test_sending_anew_asks_once_more_and_only_those_who_may(
    app: Flask, sandbox: SandboxProcess, visitor: Visitor
) -> None:
    one = sent(app, sandbox, outcome="failed")
    with transaction(SYSTEM):
        service.fail(one.payout_id, actor=SYSTEM)
    place = f"/console/payouts/{one.payout_id}"
    form = re.search(rf'<form[^>]*action="{place}/send-anew"[^>]*>', visitor(Role.TREASURY).get(place).text)
    assert form
    assert "₦1,000.00 go to" in form[0]
    assert f'action="{place}' not in visitor(Role.AUDITOR).get(place).text


def test_its_end_is_asked_for_by_finance_once_it_has_hung_for_a_day(
    app: Flask, sandbox: SandboxProcess, visitor: Visitor
) -> None:
    one = sent(app, sandbox, outcome="pending-forever")
    finance, treasury, place = visitor(Role.FINANCE), visitor(Role.TREASURY), f"/console/payouts/{one.payout_id}"
    form = f'action="{place}/mark"'
    assert form not in finance.get(place).text
    with clock.at(clock.now() - rules.MARK_AFTER):
        old = sent(app, sandbox, outcome="pending-forever")
    place, form = place.replace(one.payout_id, old.payout_id), form.replace(one.payout_id, old.payout_id)
    assert form in finance.get(place).text
    assert form not in treasury.get(place).text
    found = {"mark": "failed", "evidence": "Too short.", "proof": "", "fee": ""}
    answer = browse.send(finance, f"{place}/mark", form_at=place, **found)
    assert answer.status_code == 422
    assert 'id="mark"' in answer.text
    assert ">Too short.</textarea>" in answer.text
    found["evidence"] = "Its bank wrote on Monday that nothing came."
    asked = browse.send(finance, f"{place}/mark", form_at=place, **found)
    for client in (finance, treasury):
        page = client.get(place).text
        assert form not in page
        assert f'href="{asked.location}"' in page
