"""The step about a bank account: Paystack is asked whether it belongs to the BVN, and answers by event."""

from collections.abc import Callable

import pytest
from flask import Flask

from app.applications.rules import Step
from app.core import crypto
from app.core.db import leave, transaction
from app.customers.rules import Tier
from app.identification import queries
from app.identification.rules import SAID, Verdict
from app.payments import queries as payments
from tests.makers import applicants, browse, identities, people
from tests.makers.ear import Ear
from tests.makers.people import Customer
from tests.makers.sandbox import SECRET, SandboxProcess

ASKED = "Your bank is being asked"


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer(tier=Tier.T0)


def account_of(owner: Customer, app: Flask, sandbox: SandboxProcess) -> str:
    """A bank account in their own name: its id."""
    account = people.bank_account(owner, app=app)
    sandbox.name_account(payments.bank_account(account, customer_id=owner.id).account_number, "OBI ADA")
    leave()
    return account


def begun(owner: Customer) -> None:
    """They wrote down who they are."""
    application = applicants.begin(owner, Tier.T2)
    applicants.do(owner, application.id, [Step.PROFILE], today="")
    leave()


def test_has_the_account_proved_as_soon_as_the_bvn_is_known(
    app: Flask, owner: Customer, sandbox: SandboxProcess, work_off: Callable[..., int]
) -> None:
    begun(owner)
    visitor, account = app.test_client(), account_of(owner, app, sandbox)
    browse.sign_in(visitor, owner.email)
    fields = {"bvn": {"number": identities.number(identities.ECHO)}, "bank": {"account": account}}
    with Ear() as ear:
        sandbox.knobs(webhooks=True, webhook_url=ear.url)
        for step in ("bank", "bvn"):  # (the later of the two)
            assert browse.send(visitor, f"/verification/{step}", **fields[step]).status_code == 303
        assert ASKED in visitor.get("/verification/bank").text
        work_off()
        sandbox.flush(early=True)
        body = ear.heard[-1].body
        sandbox.knobs(webhooks=False, webhook_url=None)
    signature = {"x-paystack-signature": crypto.hmac_sha512(body, key=SECRET)}
    assert app.test_client().post("/callbacks/paystack", data=body, headers=signature).status_code == 200
    work_off()
    page = visitor.get("/verification/bank").text
    assert (ASKED in page, SAID[Verdict.MATCH] in page) == (False, True)
    again = browse.send(visitor, "/verification/bank", account=account)
    assert again.status_code == 303
    assert [one.kind for one in queries.of_customer(owner=owner.id)].count("bank_account") == 2  # its name, its BVN


def test_without_a_bvn_compares_the_name_alone(app: Flask, owner: Customer, sandbox: SandboxProcess) -> None:
    begun(owner)
    visitor, account = app.test_client(), account_of(owner, app, sandbox)
    browse.sign_in(visitor, owner.email)
    assert browse.send(visitor, "/verification/bank", account=account).status_code == 303
    assert queries.of_customer(owner=owner.id) == []
    with transaction(owner.actor):
        assert queries.bvn_for_system(owner.id) == ""
