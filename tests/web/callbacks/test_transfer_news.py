"""The vendor's own news of transfers through its door: each has its effect, told twice, late and out of order."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.clients.http import Silent
from app.clients.paystack import Paystack
from app.core import actor, clock, crypto
from app.core.db import leave, rows, transaction
from app.payments import payout_queries
from app.payments import queries as payments
from app.payments.rules import SuspenseState
from app.withdrawals import flows, service
from app.withdrawals.models import Withdrawal
from jobs.payments import HEARD_WITHIN, hear
from jobs.work import QUICK_TRIES, WHILE_AWAY, Work
from tests.makers import leaving
from tests.makers.sandbox import SECRET, SandboxProcess

RECORDED = Path(__file__).parents[2] / "vectors" / "paystack"
SYSTEM = actor.system("test")
SOON = timedelta(seconds=1)  # before anybody would ask by the clock
ENDS = {"success": "succeed", "failed": "fail", "reversed": "reverse"}


@pytest.fixture
def paystack(inside: Flask) -> Paystack:
    found: Paystack = inside.extensions["clients"].paystack
    return found


@pytest.fixture
def sent(inside: Flask, sandbox: SandboxProcess, paystack: Paystack) -> Withdrawal:
    """A withdrawal that the vendor has, and whose end nobody knows."""
    sandbox.knobs(transfer_outcome="pending-forever")
    asked = leaving.approved(*leaving.rich(inside, sandbox), 20_000)
    flows.send(asked.id, paystack=paystack, actor=SYSTEM)
    leave()
    return asked


def deliver(client: FlaskClient, word: str, reference: str, *, amount: int = 2_000_000) -> None:
    """The recorded event of this word, about a transfer of ours."""
    recorded: dict[str, Any] = json.loads((RECORDED / f"transfer.{word}.json").read_text())
    recorded["data"] |= {"reference": reference, "amount": amount}
    body = json.dumps(recorded).encode()
    headers = {"x-paystack-signature": crypto.hmac_sha512(body, key=SECRET)}
    answer = client.post("/callbacks/paystack", data=body, headers=headers, content_type="application/json")
    assert answer.status_code == 200


def state(withdrawal: Withdrawal) -> tuple[str, str]:
    found = leaving.now(withdrawal)
    return leaving.payout(found.attempt_id).state, found.state


@pytest.mark.parametrize(
    ("word", "ends"),
    [("success", ("paid", "settled")), ("failed", ("failed", "unpaid")), ("reversed", ("failed", "unpaid"))],
)
def test_has_its_effect_once(
    client: FlaskClient,
    sandbox: SandboxProcess,
    sent: Withdrawal,
    work_off: Callable[..., int],
    word: str,
    ends: tuple[str, str],
) -> None:
    sandbox.conclude(sent.payout_id, ENDS[word])
    for _ in range(2):
        deliver(client, word, sent.payout_id)
        work_off(SOON)
        assert state(sent) == ends


def test_of_a_return_after_the_payment_takes_it_back_in_whatever_order_it_is_told(
    client: FlaskClient, sandbox: SandboxProcess, sent: Withdrawal, work_off: Callable[..., int]
) -> None:
    sandbox.conclude(sent.payout_id, "succeed")
    deliver(client, "success", sent.payout_id)
    work_off(SOON)
    sandbox.conclude(sent.payout_id, "reverse")
    for word in ("reversed", "success", "failed"):
        deliver(client, word, sent.payout_id)
        work_off(SOON)
        assert state(sent) == ("reversed", "returned"), word


@pytest.mark.parametrize("word", list(ENDS))
def test_is_only_a_hint(client: FlaskClient, sent: Withdrawal, work_off: Callable[..., int], word: str) -> None:
    """The vendor, asked, says that it is pending: an event that says otherwise, or lies, moves nothing."""
    deliver(client, word, sent.payout_id, amount=1)
    work_off(SOON)
    assert state(sent) == ("sent", "sending")


def test_of_what_the_vendor_does_not_show_yet_waits_and_stops_nothing(
    client: FlaskClient, inside: Flask, sandbox: SandboxProcess
) -> None:
    asked = leaving.approved(*leaving.rich(inside, sandbox), 20_000)
    with transaction(SYSTEM):
        service.begin_sending(asked.id, actor=SYSTEM)  # (what is on its way to the vendor is not there yet)
    deliver(client, "success", asked.payout_id)
    (news,) = rows("SELECT max(id)::text AS id FROM inbox")
    leave()
    work = Work("test", news.id, {}, inside.extensions["clients"], SYSTEM, tries=QUICK_TRIES)
    with pytest.raises(Silent):
        hear(replace(work, tries=1))
    assert hear(work) == WHILE_AWAY
    assert not contradicted(asked)
    with clock.at(clock.now() + HEARD_WITHIN + SOON):
        assert hear(work) is None  # (nor does it wait for ever)
    assert contradicted(asked)


def contradicted(withdrawal: Withdrawal) -> bool:
    leave()
    found = payout_queries.contradicted_for_system([withdrawal.payout_id])
    leave()
    return found


def test_of_a_transfer_that_is_not_ours_is_for_somebody_to_look_at(
    client: FlaskClient, inside: Flask, work_off: Callable[..., int]
) -> None:
    deliver(client, "success", "acv_9ee55786-2323-4760-98e2-6380c9cb3f68")
    work_off(SOON)
    leave()
    items = payments.suspense_for_operators(state=SuspenseState.OPEN, limit=5)
    assert any(one.reference.startswith("acv_9ee55786") for one in items)
    leave()
