"""Withdrawals on their way out, for tests: approved by whoever their legs ask for, and a float that runs dry."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from app.clients.paystack import Paystack
from app.core import actor, ids
from app.core.db import leave, transaction
from app.core.permissions import Role
from app.payments import queries as payments
from app.payments.models import Payout
from app.withdrawals import queries, service
from app.withdrawals.models import Withdrawal
from tests.makers import people
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess

SYSTEM = actor.system("test")
TRANSFER_FEE = 50_00


def rich(app: Flask, sandbox: SandboxProcess, *, amount: int = 1_000_000) -> tuple[Customer, str]:
    """A customer with so many naira, and a bank account of theirs."""
    owner = people.customer(enrolled=True)
    people.paid_in(owner, naira(amount), app=app, sandbox=sandbox)
    account = people.bank_account(owner, app=app)
    leave()
    return owner, account


def approved(owner: Customer, account: str, amount: int) -> Withdrawal:
    """A withdrawal to which everybody agreed whom it asks for."""
    asked = people.asked_for(owner, naira(amount), account=account)
    for leg in asked.legs:
        voter = people.operator(Role(leg["roles"][0]))[0]
        with transaction(who := actor.operator(voter)):
            service.approve(asked.id, operator_id=voter, content_hash=asked.content_hash, owns=None, actor=who)
    return now(asked)


def now(withdrawal: Withdrawal) -> Withdrawal:
    """It, as it stands now."""
    leave()
    found = queries.one_for_operators(withdrawal.id)
    leave()
    return found


def payout(payout_id: str) -> Payout:
    """A payout as it stands now."""
    leave()
    found = payments.payout_for_system(payout_id)
    leave()
    assert found is not None
    return found


def transfers(sandbox: SandboxProcess, *withdrawals: Withdrawal) -> list[str]:
    """The references of all the transfers that the vendor made for these, in no order."""
    listed = sandbox.call("GET", "/transfer", params={"perPage": 100}).json()["data"]
    mine = {one.payout_id for one in withdrawals}
    return sorted(row["reference"] for row in listed if row["reference"].partition("-")[0] in mine)


@contextmanager
def dry(paystack: Paystack, sandbox: SandboxProcess) -> Iterator[None]:
    """The balance at the vendor is all but gone for the body, and topped up after it."""
    code = paystack.add_recipient(name="Ada Obi", account_number="0123456789", bank_code=people.ZENITH)
    spare = paystack.balance() - TRANSFER_FEE - 10_00
    paystack.transfer(amount=spare, recipient_code=code, reference=ids.new("dry"), reason="Elsewhere")
    try:
        yield
    finally:
        sandbox.top_up(spare)
