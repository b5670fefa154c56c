"""Work that waits on Paystack: it outlives its silence, and news that nobody could act on for a day is looked at."""

import json
from datetime import timedelta

import pytest
from flask import Flask

from app.clients.http import Silent
from app.core import clock, inbox
from app.core.db import leave, transaction
from app.payments import queries
from app.payments.rules import DepositState
from jobs import payments
from jobs.work import QUICK_TRIES, WHILE_AWAY, Work
from tests.makers import people
from tests.makers.paying import SYSTEM
from tests.makers.people import naira
from tests.makers.sandbox import SandboxProcess


def work(app: Flask, subject: str, *, tries: int) -> Work:
    return Work("test", subject, {}, app.extensions["clients"], SYSTEM, tries=tries)


@pytest.fixture
def paid(inside: Flask, sandbox: SandboxProcess) -> tuple[str, int]:
    """A deposit that was paid, and the news of it, while Paystack is away: the deposit's id, the message's."""
    deposit_id, reference = people.open_deposit(people.customer(), naira(1_000), app=inside)
    sandbox.pay(reference, channel="bank_transfer")
    body = json.dumps({"event": "charge.success", "data": {"reference": reference}}).encode()
    with transaction(SYSTEM):
        inbox_id = inbox.receive("paystack", external_id=f"test:{reference}", body=body)
    assert inbox_id is not None
    sandbox.knobs(down="503")
    return deposit_id, inbox_id


@pytest.mark.parametrize("what", ["watch", "news"])
def test_outlives_a_vendor_that_is_away(
    inside: Flask, sandbox: SandboxProcess, paid: tuple[str, int], what: str
) -> None:
    deposit_id, inbox_id = paid
    act, subject = (payments.watch_deposit, deposit_id) if what == "watch" else (payments.hear, str(inbox_id))
    assert act(work(inside, subject, tries=QUICK_TRIES)) == WHILE_AWAY
    sandbox.knobs(down="no")
    assert act(work(inside, subject, tries=1)) is None
    leave()
    found = queries.deposit_for_system(deposit_id=deposit_id)
    assert found is not None
    assert found.state == DepositState.CREDITED
    leave()


def test_of_news_that_waited_for_a_day_is_a_failure(inside: Flask, paid: tuple[str, int]) -> None:
    with clock.at(clock.now() + timedelta(days=2)), pytest.raises(Silent):
        payments.hear(work(inside, str(paid[1]), tries=QUICK_TRIES))
