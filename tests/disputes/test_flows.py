"""Disputes against the sandbox over real HTTP: what its events do, and what is found when they never come."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.clients.http import Silent
from app.clients.paystack import Charge, Paystack
from app.clients.paystack_answers import Dispute as Told
from app.clients.paystack_answers import LedgerEntry
from app.core import actor, clock, inbox
from app.core.db import db, leave, transaction
from app.core.money import NGN
from app.disputes import flows, queries
from app.disputes.models import Dispute
from app.disputes.rules import State
from app.ledger import balances, chart
from app.payments import flows as payments
from app.payments.errors import LedgerNotReadYet
from app.payments.models import SuspenseItem
from tests.makers import books, people
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SECRET, SandboxProcess
from tests.web.callbacks.test_paystack import deliver

SYSTEM = actor.system("test")


@pytest.fixture
def paystack(inside: Flask, sandbox: SandboxProcess) -> Paystack:
    found: Paystack = inside.extensions["clients"].paystack
    return found


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer()


@pytest.fixture
def charge(owner: Customer, inside: Flask, sandbox: SandboxProcess) -> str:
    """A deposit of NGN 50,000: its reference."""
    deposit_id, reference = people.open_deposit(owner, naira(50_000), app=inside)
    sandbox.pay(reference)
    payments.watch_deposit(deposit_id, paystack=inside.extensions["clients"].paystack, actor=SYSTEM)
    leave()
    return reference


class SilentAbout(Paystack):
    """A vendor that does not answer about one charge."""

    def __init__(self, url: str, reference: str) -> None:
        super().__init__(url, secret_key=SECRET)
        self._reference = reference

    def find_charge(self, reference: str) -> Charge | None:
        if reference == self._reference:
            raise Silent
        return super().find_charge(reference)


class Greedy(Paystack):
    """A vendor that takes a thousand naira more than the charge was."""

    def find_dispute(self, dispute_id: str) -> Told | None:
        told = super().find_dispute(dispute_id)
        return replace(told, refund_amount=(told.refund_amount or 0) + 1_000_00) if told else None


class Long(Paystack):
    """A vendor whose ledger is longer than one run reads."""

    def balance_ledger(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[LedgerEntry]:
        raise LedgerNotReadYet


def of(charge: str) -> Dispute:
    leave()
    (found,) = queries.of_charge_for_operators(charge)
    leave()
    return found


def pockets() -> tuple[int, int]:
    """What Paystack has to settle to us, and our balance there, as we booked them."""
    codes = (chart.house(each, asset=NGN) for each in (chart.PAYSTACK_CLEARING, chart.PAYSTACK))
    found = [balances.of(code).booked.units for code in codes]
    leave()
    return found[0], found[1]


def hear(body: bytes, paystack: Paystack) -> flows.Heard | None:
    with transaction(SYSTEM):
        inbox_id = inbox.receive("paystack", external_id=books.fresh("event"), body=body)
    assert inbox_id is not None
    leave()
    return flows.hear(inbox_id, paystack=paystack, actor=SYSTEM)


def event(name: str, dispute_id: str, charge: str) -> bytes:
    facts = {"id": int(dispute_id), "transaction": {"reference": charge}}
    return json.dumps({"event": f"charge.dispute.{name}", "data": facts}).encode()


class TestHear:
    def test_from_its_opening_to_its_loss(
        self, owner: Customer, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        dispute_id = str(sandbox.dispute(charge)["id"])
        heard = hear(event("create", dispute_id, charge), paystack)
        assert heard == flows.Heard("charge.dispute.create", charge, "dispute open")
        opened = of(charge)
        assert (opened.state, opened.held, opened.customer_id) == (State.OPEN, naira(50_000), owner.id)
        assert opened.due_at is not None
        assert opened.messages[0]["text"] == "Customer complained about debit without value"
        before, theirs = pockets(), sandbox.balance()
        sandbox.end_dispute(dispute_id, "auto-accept")
        for name in ("resolve", "create", "resolve"):
            hear(event(name, dispute_id, charge), paystack)
        ended = of(charge)
        assert (ended.state, ended.resolution, ended.lost) == (State.LOST, "auto-accepted", naira(50_000))
        assert owner.balance().booked == naira(0)
        after, taken = pockets(), theirs - sandbox.balance()
        assert (before[0] - after[0], before[1] - after[1]) == (naira(50_000).units - taken, taken)

    def test_one_that_was_declined_costs_nothing(
        self, owner: Customer, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        dispute_id = str(sandbox.dispute(charge)["id"])
        hear(event("create", dispute_id, charge), paystack)
        sandbox.end_dispute(dispute_id, "decline")
        hear(event("resolve", dispute_id, charge), paystack)
        assert of(charge).state == State.WON
        assert owner.balance().available == naira(50_000)

    def test_one_that_was_declined_with_nothing_to_pay_back_ends_too(
        self, owner: Customer, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        dispute_id = str(sandbox.dispute(charge)["id"])
        hear(event("create", dispute_id, charge), paystack)
        assert sandbox.end_dispute(dispute_id, "decline", amount=0)["refund_amount"] == 0
        hear(event("resolve", dispute_id, charge), paystack)
        assert of(charge).state == State.WON
        assert owner.balance().available == naira(50_000)

    def test_one_that_was_lost_for_nothing_is_for_people(
        self, owner: Customer, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        dispute_id = str(sandbox.dispute(charge)["id"])
        hear(event("create", dispute_id, charge), paystack)
        sandbox.end_dispute(dispute_id, "accept", amount=0)
        heard = hear(event("resolve", dispute_id, charge), paystack)
        assert heard is not None
        assert (heard.placed, of(charge).state, owner.balance().booked) == (False, State.OPEN, naira(50_000))

    def test_one_that_was_lost_is_booked_when_the_ledger_is_read_and_then_no_more_is_read(
        self, owner: Customer, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        dispute_id, busy = str(sandbox.dispute(charge)["id"]), Long(sandbox.url, secret_key=SECRET)
        hear(event("create", dispute_id, charge), paystack)
        sandbox.end_dispute(dispute_id, "accept")
        with pytest.raises(Silent):  # (for which the work is done again, however often)
            hear(event("resolve", dispute_id, charge), busy)
        assert (of(charge).state, owner.balance().booked) == (State.OPEN, naira(50_000))
        hear(event("resolve", dispute_id, charge), paystack)
        assert (of(charge).state, owner.balance().booked) == (State.LOST, naira(0))
        hear(event("resolve", dispute_id, charge), busy)

    def test_more_than_the_charge_is_asked_about_and_not_booked(
        self, owner: Customer, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        dispute_id = str(sandbox.dispute(charge)["id"])
        hear(event("create", dispute_id, charge), paystack)
        sandbox.end_dispute(dispute_id, "accept")
        losses = balances.of(chart.house(chart.DISPUTE_LOSSES, asset=NGN)).booked
        for _ in range(2):
            hear(event("resolve", dispute_id, charge), Greedy(sandbox.url, secret_key=SECRET))
        assert (of(charge).state, of(charge).lost, owner.balance().booked) == (State.LOST, naira(50_000), naira(0))
        assert balances.of(chart.house(chart.DISPUTE_LOSSES, asset=NGN)).booked == losses
        (item,) = db.session.scalars(select(SuspenseItem).where(SuspenseItem.reference == charge)).all()
        assert (item.amount, item.journal_id) == (naira(1_000), None)
        leave()

    def test_a_refund_made_beside_one_that_was_won_is_booked(
        self, owner: Customer, charge: str, paystack: Paystack, sandbox: SandboxProcess, work_off: Callable[..., int]
    ) -> None:
        """It counted as the dispute's while that lasted; the dispute took nothing, so it is a refund by itself."""
        dispute_id = str(sandbox.dispute(charge)["id"])
        hear(event("create", dispute_id, charge), paystack)
        paystack.refund(charge, amount=2_000_000, note="made at the desk")
        assert payments.refund_flows.hear(charge, paystack=paystack, actor=SYSTEM) == ("the refund of a dispute", True)
        sandbox.end_dispute(dispute_id, "decline")
        hear(event("resolve", dispute_id, charge), paystack)
        work_off()
        assert owner.balance().booked == naira(30_000)

    def test_what_the_message_says_is_only_a_hint(
        self, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        dispute_id = str(sandbox.dispute(charge, amount=1_000_00)["id"])
        hear(event("resolve", dispute_id, "another-reference-0001"), paystack)
        assert (of(charge).state, of(charge).amount) == (State.OPEN, naira(1_000))

    @pytest.mark.parametrize(
        "body", [b"nonsense", b'{"event": "charge.success", "data": {"id": 1}}', b"[]", b'{"event": []}']
    )
    def test_other_messages_are_others_to_hear(self, body: bytes, paystack: Paystack) -> None:
        assert hear(body, paystack) is None

    def test_one_that_paystack_does_not_know_is_for_people(self, paystack: Paystack) -> None:
        heard = hear(event("create", "999999999", "no-such-charge-0001"), paystack)
        assert heard is not None
        assert not heard.placed

    def test_a_charge_that_was_not_heard_of_yet_is_booked_first(
        self, owner: Customer, inside: Flask, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        _, reference = people.open_deposit(owner, naira(3_000), app=inside)
        sandbox.pay(reference)
        dispute_id = str(sandbox.dispute(reference)["id"])
        hear(event("create", dispute_id, reference), paystack)
        assert of(reference).held == naira(3_000)
        assert owner.balance().booked == naira(3_000)


class TestWithoutWebhooks:
    def test_the_sweep_finds_one_and_the_watch_its_end(
        self, owner: Customer, charge: str, paystack: Paystack, sandbox: SandboxProcess, work_off: Callable[..., int]
    ) -> None:
        dispute_id = str(sandbox.dispute(charge)["id"])
        found = flows.sweep(paystack=paystack, actor=SYSTEM)  # (and what other tests left)
        assert flows.sweep(paystack=paystack, actor=SYSTEM) <= found - 1
        assert of(charge).state == State.OPEN
        sandbox.end_dispute(dispute_id, "accept")
        work_off()
        assert of(charge).state == State.LOST
        assert owner.balance().booked == naira(0)

    def test_the_sweep_ends_one_whose_watch_was_given_up(
        self, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        dispute_id = str(sandbox.dispute(charge)["id"])
        flows.sweep(paystack=paystack, actor=SYSTEM)
        assert of(charge).state == State.OPEN
        sandbox.end_dispute(dispute_id, "accept")
        flows.sweep(paystack=paystack, actor=SYSTEM)
        assert of(charge).state == State.LOST

    def test_one_that_cannot_be_applied_keeps_no_other_from_it(
        self, owner: Customer, inside: Flask, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        """The newest is applied first, and of its charge Paystack says nothing."""
        _, other = people.open_deposit(owner, naira(3_000), app=inside)
        sandbox.pay(other)
        sandbox.dispute(charge)
        sandbox.dispute(other)
        with pytest.raises(Silent):
            flows.sweep(paystack=SilentAbout(sandbox.url, other), actor=SYSTEM)
        assert of(charge).state == State.OPEN

    def test_people_are_warned_while_paystack_is_silent(
        self, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        sandbox.dispute(charge)
        flows.sweep(paystack=paystack, actor=SYSTEM)
        found = of(charge)
        assert found.due_at is not None
        sandbox.knobs(down="503")
        with clock.at(found.due_at - timedelta(hours=3)), pytest.raises(Silent):
            flows.watch(found.id, paystack=paystack, actor=SYSTEM)
        assert of(charge).warned == 1

    def test_what_our_balance_paid_is_taken_from_our_balance(
        self, owner: Customer, charge: str, paystack: Paystack, sandbox: SandboxProcess
    ) -> None:
        """The charge was settled to our bank by then: Paystack takes the rest out of the balance."""
        sandbox.top_up(100_000_00)
        sandbox.settle()
        before, theirs = pockets(), sandbox.balance()
        dispute_id = str(sandbox.dispute(charge)["id"])
        sandbox.end_dispute(dispute_id, "accept")
        hear(event("resolve", dispute_id, charge), paystack)
        taken = theirs - sandbox.balance()
        assert taken == naira(50_000).units
        assert pockets() == (before[0], before[1] - taken)


def test_each_event_is_heard_through_the_door(
    charge: str, client: FlaskClient, sandbox: SandboxProcess, work_off: Callable[..., int]
) -> None:
    dispute_id = str(sandbox.dispute(charge)["id"])
    assert deliver(client, event("create", dispute_id, charge)) == 200
    work_off()
    assert of(charge).state == State.OPEN
    sandbox.end_dispute(dispute_id, "decline")
    assert deliver(client, event("resolve", dispute_id, charge)) == 200
    work_off()
    assert of(charge).state == State.WON
