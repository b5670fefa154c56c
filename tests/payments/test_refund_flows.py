"""Refunds against the sandbox over real HTTP: sent once whatever happens to the answer, watched to their end."""

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.clients.http import Silent
from app.clients.paystack import Paystack
from app.clients.paystack_answers import Refund as Told
from app.core import actor, clock
from app.core.db import db, leave, transaction
from app.core.money import NGN
from app.ledger import balances, chart
from app.payments import flows as payments
from app.payments import refund_flows as flows
from app.payments import refund_queries as queries
from app.payments import refund_rules, refunds
from app.payments.models import SuspenseItem
from app.payments.refund_models import Refund
from app.payments.refund_rules import RefundState
from tests.makers import giving_back, people
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SECRET, SandboxProcess
from tests.web.callbacks.test_paystack import deliver

SYSTEM = actor.system("test")
WORTH = naira(20_000)


@pytest.fixture
def paystack(inside: Flask, sandbox: SandboxProcess) -> Paystack:
    """The vendor, who takes a day over each refund unless it is told."""
    sandbox.knobs(refund_delay_seconds=86_400)
    found: Paystack = inside.extensions["clients"].paystack
    return found


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer()


@pytest.fixture
def charge(owner: Customer, inside: Flask, paystack: Paystack, sandbox: SandboxProcess) -> str:
    """A deposit of NGN 50,000, paid by transfer: its reference."""
    deposit_id, reference = people.open_deposit(owner, naira(50_000), app=inside)
    sandbox.pay(reference, channel="bank_transfer")
    payments.watch_deposit(deposit_id, paystack=paystack, actor=SYSTEM)
    leave()
    return reference


@pytest.fixture
def asked(charge: str) -> Refund:
    return giving_back.asked(charge, WORTH)


def now(refund: Refund) -> Refund:
    leave()
    found = queries.refund_for_system(refund.id)
    leave()
    return found


def made(sandbox: SandboxProcess, reference: str) -> list[dict[str, Any]]:
    """The refunds of a charge in the vendor's own book."""
    found: list[dict[str, Any]] = sandbox.call("GET", "/refund", params={"transaction": reference}).json()["data"]
    return found


def clearing() -> int:
    found = balances.of(chart.house(chart.PAYSTACK_CLEARING, asset=NGN)).booked.units
    leave()
    return found


class InDollars(Paystack):
    """A vendor that speaks of dollars."""

    def refunds(self, reference: str) -> list[Told]:
        return [replace(each, currency="USD") for each in super().refunds(reference)]


class TestSend:
    def test_it_is_sent_and_paid(
        self, asked: Refund, charge: str, paystack: Paystack, sandbox: SandboxProcess, work_off: Callable[..., int]
    ) -> None:
        before = clearing()
        work_off()
        (theirs,) = made(sandbox, charge)
        assert now(asked).state == RefundState.SENT
        assert now(asked).vendor_id == str(theirs["id"])
        sandbox.refund(theirs["id"], "process")
        work_off(timedelta(minutes=2))
        assert now(asked).state == RefundState.PROCESSED
        assert before - clearing() == WORTH.units

    @pytest.mark.parametrize("trouble", ["drop", "error_after"])
    def test_an_answer_that_was_lost_is_looked_up_and_not_asked_for_again(
        self, asked: Refund, charge: str, paystack: Paystack, sandbox: SandboxProcess, trouble: str
    ) -> None:
        sandbox.knobs(answer=trouble, answer_times=1, answer_to="/refund")
        with pytest.raises(Silent):
            flows.send(asked.id, paystack=paystack, actor=SYSTEM)
        assert now(asked).state == RefundState.ASKED
        assert flows.send(asked.id, paystack=paystack, actor=SYSTEM) is None
        assert now(asked).state == RefundState.SENT
        assert len(made(sandbox, charge)) == 1

    def test_one_that_never_arrived_waits_until_the_call_must_be_over(
        self, asked: Refund, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        sandbox.knobs(answer="refuse", answer_times=1, answer_to="/refund")
        with pytest.raises(Silent):
            flows.send(asked.id, paystack=paystack, actor=SYSTEM)
        assert flows.send(asked.id, paystack=paystack, actor=SYSTEM) == refund_rules.CALL_LASTS
        assert made(sandbox, charge) == []
        with clock.at(clock.now() + refund_rules.CALL_LASTS):
            assert flows.send(asked.id, paystack=paystack, actor=SYSTEM) is None
        assert len(made(sandbox, charge)) == 1

    def test_a_no_for_good_gives_the_money_back(
        self, owner: Customer, asked: Refund, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        answer = sandbox.call("POST", "/refund", json={"transaction": charge, "amount": "4500000"})
        assert answer.ok, answer.text  # (made at Paystack: too little is left for ours)
        flows.send(asked.id, paystack=paystack, actor=SYSTEM)
        assert now(asked).state == RefundState.FAILED
        assert owner.balance().booked == naira(50_000)


class TestHear:
    def test_the_webhook_may_come_before_the_answer(
        self, asked: Refund, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        with transaction(SYSTEM):
            assert refunds.begin_try(asked.id)
        told = paystack.refund(charge, amount=WORTH.units, note="x")
        assert flows.hear(charge, paystack=paystack, actor=SYSTEM) == ("refund sent", True)
        assert now(asked).vendor_id == told.id
        assert len(queries.of_charge_for_operators(charge)) == 1

    def test_what_was_made_there_is_written_down_here(
        self, owner: Customer, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        made_there = sandbox.call("POST", "/refund", json={"transaction": charge, "amount": 4_500_000}).json()["data"]
        for _ in range(2):
            assert flows.hear(charge, paystack=paystack, actor=SYSTEM) == ("refund sent", True)
        (found,) = queries.of_charge_for_operators(charge)
        assert (found.origin, found.vendor_id) == ("told", str(made_there["id"]))
        assert owner.balance().booked == naira(5_000)
        sandbox.refund(made_there["id"], "fail")
        flows.hear(charge, paystack=paystack, actor=SYSTEM)
        assert owner.balance().booked == naira(50_000)

    def test_one_that_nobody_knows_is_for_people(self, paystack: Paystack) -> None:
        assert not flows.hear("nobody-knows-this-0001", paystack=paystack, actor=SYSTEM)[1]

    def test_two_of_one_amount_are_two(
        self, app: Flask, owner: Customer, charge: str, paystack: Paystack, sandbox: SandboxProcess,
        client: FlaskClient, work_off: Callable[..., int],
    ) -> None:  # fmt: skip
        body = json.dumps(
            {"event": "refund.pending", "data": {"transaction_reference": charge, "amount": "100000"}}
        ).encode()
        for left in (49_000, 48_000):
            sandbox.call("POST", "/refund", json={"transaction": charge, "amount": 100_000})
            assert deliver(client, body) == 200
            assert deliver(client, body) == 200
            work_off()
            assert owner.balance().booked == naira(left)


class TestSweep:
    def test_one_in_another_currency_takes_nothing(
        self, owner: Customer, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        paystack.refund(charge, amount=WORTH.units, note="made at the desk")
        words, placed = flows.hear(charge, paystack=InDollars(sandbox.url, secret_key=SECRET), actor=SYSTEM)
        assert ("USD" in words, placed, owner.balance().booked) == (True, False, naira(50_000))

    def test_what_was_made_there_and_never_told_is_found(
        self, owner: Customer, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        sandbox.call("POST", "/refund", json={"transaction": charge, "amount": 1_000_000})
        assert flows.sweep(paystack=paystack, actor=SYSTEM) >= 1
        (found,) = queries.of_charge_for_operators(charge)
        assert (found.origin, found.amount, found.state) == ("told", naira(10_000), RefundState.SENT)
        assert owner.balance().booked == naira(40_000)
        flows.sweep(paystack=paystack, actor=SYSTEM)
        assert owner.balance().booked == naira(40_000)

    def test_one_of_a_charge_that_nobody_has_waits_in_suspense_once(
        self, app: Flask, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        reference = f"till-{secrets.token_hex(6)}"
        sandbox.call(
            "POST", "/transaction/initialize",
            json={"email": "a@b.example", "amount": 500_000, "reference": reference, "currency": "NGN"},
        )  # fmt: skip
        sandbox.pay(reference)
        told = paystack.refund(reference, amount=500_000, note="x")
        for _ in range(2):
            flows.sweep(paystack=paystack, actor=SYSTEM)
        items = select(SuspenseItem).where(SuspenseItem.cause == f"refund:{told.id}")
        (item,) = db.session.scalars(items).all()
        assert (item.reference, item.journal_id) == (reference, None)
        leave()


class TestRedirect:
    @pytest.fixture
    def stuck(self, asked: Refund, charge: str, paystack: Paystack, sandbox: SandboxProcess) -> Refund:
        """A refund that needs attention, for which two people named an account."""
        payments.refresh_banks(paystack=paystack, actor=SYSTEM)
        flows.send(asked.id, paystack=paystack, actor=SYSTEM)
        sandbox.refund(made(sandbox, charge)[0]["id"], "needs-attention")
        flows.hear(charge, paystack=paystack, actor=SYSTEM)
        giving_back.agree(giving_back.ask_redirect(asked.id))
        return now(asked)

    def test_it_goes_to_the_account_that_two_people_named(
        self, stuck: Refund, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        for _ in range(2):
            flows.redirect(stuck.id, paystack=paystack, actor=SYSTEM)
        assert now(stuck).state == RefundState.SENT
        assert made(sandbox, charge)[0]["status"] == "processing"

    def test_an_answer_that_was_lost_is_looked_up(
        self, stuck: Refund, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        sandbox.knobs(answer="drop", answer_times=1)
        with pytest.raises(Silent):
            flows.redirect(stuck.id, paystack=paystack, actor=SYSTEM)
        assert now(stuck).state == RefundState.REDIRECTING
        flows.redirect(stuck.id, paystack=paystack, actor=SYSTEM)
        assert now(stuck).state == RefundState.SENT

    def test_one_that_paystack_does_not_see_is_tried_again(self, owner: Customer, paystack: Paystack) -> None:
        refund_id = giving_back.stuck()
        giving_back.agree(giving_back.ask_redirect(refund_id))
        leave()
        assert flows.redirect(refund_id, paystack=paystack, actor=SYSTEM) == refund_rules.CALL_LASTS
