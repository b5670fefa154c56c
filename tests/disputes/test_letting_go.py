"""Letting go of a dispute whose end is not told: Paystack is asked before the request, before the deed, and after.

Against the sandbox over real HTTP.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.clients.paystack import Paystack
from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.core.permissions import Role
from app.disputes import errors, flows, queries, rules
from app.disputes.models import Dispute
from app.disputes.rules import State
from app.governance.models import Request
from app.payments import flows as payments
from tests.makers import giving_back, people
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess

SYSTEM = actor.system("test")
_LONG_AFTER = "UPDATE tasks SET due_at = due_at + interval '9 days' WHERE kind = 'disputes.watch' RETURNING id"
LATER = timedelta(days=5)  # long past the day it was due


@pytest.fixture
def paystack(inside: Flask, sandbox: SandboxProcess) -> Paystack:
    found: Paystack = inside.extensions["clients"].paystack
    return found


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer()


@pytest.fixture
def opened(owner: Customer, inside: Flask, paystack: Paystack, sandbox: SandboxProcess) -> Dispute:
    """A dispute of a deposit of NGN 50,000, as it was heard of first."""
    deposit_id, reference = people.open_deposit(owner, naira(50_000), app=inside)
    sandbox.pay(reference)
    payments.watch_deposit(deposit_id, paystack=paystack, actor=SYSTEM)
    leave()
    sandbox.dispute(reference)
    flows.sweep(paystack=paystack, actor=SYSTEM)
    leave()
    (found,) = queries.of_charge_for_operators(reference)
    leave()
    return found


def ask(dispute_id: str, paystack: Paystack) -> Request:
    leave()
    maker = people.operator(Role.FINANCE)[0]
    return flows.request_letting_go(
        dispute_id, reason="It is archived.", maker=maker, paystack=paystack, actor=actor.operator(maker)
    )


def state(dispute_id: str) -> str:
    leave()
    found = queries.one_for_system(dispute_id).state
    leave()
    return found


def test_one_that_ended_at_paystack_is_not_asked_for(
    owner: Customer, opened: Dispute, paystack: Paystack, sandbox: SandboxProcess
) -> None:
    sandbox.end_dispute(opened.vendor_id, "auto-accept")
    with clock.at(clock.now() + LATER), pytest.raises(errors.DisputeEnded):
        ask(opened.id, paystack)
    assert (state(opened.id), owner.balance().booked) == (State.LOST, naira(0))


def test_nor_is_one_while_paystack_says_nothing(opened: Dispute, paystack: Paystack, sandbox: SandboxProcess) -> None:
    sandbox.knobs(down="503")
    with clock.at(clock.now() + LATER), pytest.raises(errors.NotTold):
        ask(opened.id, paystack)
    assert giving_back.pending(f"dispute:{opened.id}") == 0


def test_what_ends_between_the_vote_and_the_deed_is_not_let_go(
    owner: Customer, opened: Dispute, paystack: Paystack, sandbox: SandboxProcess, work_off: Callable[..., int]
) -> None:
    """The sweep and the watch have not come by since: whoever carries it out asks."""
    work_off()
    with clock.at(clock.now() + LATER):
        giving_back.vote(ask(opened.id, paystack))
        sandbox.end_dispute(opened.vendor_id, "auto-accept")
        with transaction(SYSTEM):
            assert rows(_LONG_AFTER)
        work_off()
    assert (state(opened.id), owner.balance().booked) == (State.LOST, naira(0))


def test_an_end_against_it_is_found_without_a_webhook_and_seen_once(
    opened: Dispute, paystack: Paystack, sandbox: SandboxProcess
) -> None:
    with clock.at(clock.now() + LATER):
        giving_back.agree(ask(opened.id, paystack))
        assert state(opened.id) == State.WON
        assert flows.watch(opened.id, paystack=paystack, actor=SYSTEM) == rules.LET_GO_WATCHED_EVERY
        assert flows.sweep(paystack=paystack, actor=SYSTEM) == 0  # it is told as it was
        sandbox.end_dispute(opened.vendor_id, "auto-accept")
        for _ in range(2):
            flows.sweep(paystack=paystack, actor=SYSTEM)
            assert flows.watch(opened.id, paystack=paystack, actor=SYSTEM) is None
    assert state(opened.id) == State.WON
    (item,) = rows("SELECT cause FROM suspense_items WHERE cause LIKE :cause", cause=f"{opened.id}:%")
    assert item.cause == f"{opened.id}:resolved:auto-accepted"


def test_one_that_paystack_ended_so_is_asked_about_no_more(
    opened: Dispute, paystack: Paystack, sandbox: SandboxProcess
) -> None:
    sandbox.end_dispute(opened.vendor_id, "decline")
    flows.sweep(paystack=paystack, actor=SYSTEM)
    sandbox.knobs(down="503")
    assert flows.watch(opened.id, paystack=paystack, actor=SYSTEM) is None
