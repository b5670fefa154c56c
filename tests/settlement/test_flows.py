"""Settlement against the sandbox's own book, over HTTP: what it paid, what it kept, what it holds."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.clients.http import Silent, Unreadable
from app.clients.paystack import Charge, Paystack
from app.clients.paystack_answers import LedgerEntry
from app.core import clock
from app.core.db import db, leave
from app.core.money import NGN, Money
from app.payments import queries as payments
from app.payments import refund_flows
from app.payments.models import SuspenseItem
from app.payments.rules import DepositState
from app.settlement import flows, queries, working_days
from app.settlement.models import Settlement
from app.settlement.rules import SettlementState
from tests.makers import giving_back, people, settled
from tests.makers.people import naira
from tests.makers.sandbox import SECRET, SandboxProcess
from tests.makers.settled import BANK, CLEARING, FLOAT, SYSTEM


@pytest.fixture
def paystack(inside: Flask, sandbox: SandboxProcess) -> Paystack:
    """The client; what earlier tests were paid is settled and taken first."""
    client: Paystack = inside.extensions["clients"].paystack
    if sandbox.stream():
        sandbox.settle()
    flows.pull(paystack=client, actor=SYSTEM)
    leave()
    return client


def pull(paystack: Paystack) -> int:
    looked_at = flows.pull(paystack=paystack, actor=SYSTEM)
    leave()
    return looked_at


def ours(made: dict[str, Any]) -> Settlement:
    leave()
    return db.session.scalars(select(Settlement).where(Settlement.vendor_id == str(made["id"]))).one()


def test_what_it_paid_is_booked_and_what_we_never_heard_of_comes_with_it(
    inside: Flask, sandbox: SandboxProcess, paystack: Paystack
) -> None:
    owner = people.customer()
    people.paid_in(owner, naira(20_000), app=inside, sandbox=sandbox)
    unheard, reference = people.open_deposit(owner, naira(10_000), app=inside)
    sandbox.pay(reference)
    bank, stream = settled.booked(BANK), sandbox.stream()
    assert stream == 2_000_000 - 40_000 + 1_000_000 - 25_000
    (made,) = sandbox.settle()
    assert pull(paystack) == 1
    assert settled.booked(BANK) - bank == stream
    found = payments.deposit_for_system(deposit_id=unheard)
    assert found is not None
    assert found.state == DepositState.CREDITED
    assert {line.differs or line.came_late for line in queries.lines_for_operators(ours(made).id)} == {False}
    assert (pull(paystack), settled.booked(BANK) - bank) == (0, stream)


def test_one_that_is_only_announced_waits(inside: Flask, sandbox: SandboxProcess, paystack: Paystack) -> None:
    people.paid_in(people.customer(), naira(3_000), app=inside, sandbox=sandbox)
    sandbox.knobs(settlement_status="pending")
    (made,) = sandbox.settle()
    clearing = settled.booked(CLEARING)
    pull(paystack)
    assert (ours(made).state, settled.booked(CLEARING)) == (SettlementState.ANNOUNCED, clearing)
    sandbox.control("POST", f"settlements/{made['id']}/success")
    pull(paystack)
    assert ours(made).state == SettlementState.POSTED
    assert clearing - settled.booked(CLEARING) == int(made["total_amount"])


def test_a_silent_vendor_changes_nothing(inside: Flask) -> None:
    bank = settled.booked(BANK)
    with pytest.raises(Silent):
        pull(Paystack("http://127.0.0.1:1", secret_key="sk_test_nobody"))
    assert settled.booked(BANK) == bank


def test_what_is_late_is_noted_while_the_vendor_is_silent(inside: Flask) -> None:
    charges = [settled.charge(at=clock.now() - timedelta(days=20))]
    with pytest.raises(Silent):
        pull(Paystack("http://127.0.0.1:1", secret_key="sk_test_nobody"))
    due = working_days.due_on(clock.now() - timedelta(days=20))
    assert due in {day.due_on for day in queries.late_days_for_system()}
    settled.note(settled.told(charges), charges)


class SilentAbout(Paystack):
    """A vendor that does not say what one settlement is made of."""

    def __init__(self, url: str, settlement_id: str) -> None:
        super().__init__(url, secret_key=SECRET)
        self._settlement_id = settlement_id

    def settlement_charges(self, settlement_id: str) -> Iterator[Charge]:
        if settlement_id == self._settlement_id:
            raise Silent
        return super().settlement_charges(settlement_id)


def test_one_that_cannot_be_read_keeps_no_other_from_being_booked(
    inside: Flask, sandbox: SandboxProcess, paystack: Paystack
) -> None:
    made = []
    for _ in range(2):
        people.paid_in(people.customer(), naira(3_000), app=inside, sandbox=sandbox)
        made += sandbox.settle()
    with pytest.raises(Silent):
        pull(SilentAbout(sandbox.url, str(made[0]["id"])))
    assert ours(made[1]).state == SettlementState.POSTED
    assert pull(paystack) == 1
    assert ours(made[0]).state == SettlementState.POSTED


def test_a_top_up_is_booked_when_the_balance_shows_it(
    inside: Flask, sandbox: SandboxProcess, paystack: Paystack
) -> None:
    top_up_id, before = settled.top_up(Money(NGN, 12_345_600)), settled.booked(FLOAT)
    flows.read_float(paystack=paystack, actor=SYSTEM)
    assert settled.booked(FLOAT) == before  # agreed to is not sent
    sandbox.top_up(99_900)  # another amount is another one's
    sandbox.top_up(12_345_600)
    for _ in range(2):
        flows.read_float(paystack=paystack, actor=SYSTEM)
    assert settled.booked(FLOAT) - before == 12_345_600
    leave()
    assert top_up_id not in {one.id for one in queries.agreed_top_ups_for_system()}
    assert queries.readings_for_operators(limit=1)[0].theirs.units == sandbox.balance()


class Asked(Paystack):
    """A vendor that notes from when on its ledger was asked for."""

    since: datetime | None = None

    def balance_ledger(self, since: datetime | None = None, until: datetime | None = None) -> Iterator[LedgerEntry]:
        self.since = self.since or since  # (refunds are looked for after)
        return super().balance_ledger(since, until)


def test_a_top_up_that_waits_for_days_is_found_without_reading_them_again(
    inside: Flask, sandbox: SandboxProcess, paystack: Paystack
) -> None:
    with clock.at(clock.now() - timedelta(days=2)):
        top_up_id = settled.top_up(Money(NGN, 4_321_000))
    flows.read_float(paystack=paystack, actor=SYSTEM)
    sandbox.top_up(4_321_000)
    asked = Asked(sandbox.url, secret_key=SECRET)
    flows.read_float(paystack=asked, actor=SYSTEM)
    assert top_up_id not in {one.id for one in queries.agreed_top_ups_for_system()}
    assert asked.since is not None
    assert asked.since > clock.now() - timedelta(days=1)
    leave()


def test_what_a_refund_took_before_it_is_paid_is_no_difference(
    inside: Flask, sandbox: SandboxProcess, paystack: Paystack
) -> None:
    """Its charge was settled to our bank by then: the balance pays."""
    owner = people.customer()
    deposit_id = people.paid_in(owner, naira(4_000), app=inside, sandbox=sandbox)
    sandbox.settle()
    sandbox.knobs(refund_delay_seconds=86_400)
    flows.read_float(paystack=paystack, actor=SYSTEM)
    before = queries.readings_for_operators(limit=1)[0]
    held = sandbox.balance()
    refund = giving_back.asked(deposit_id.replace("_", "-"), naira(4_000))
    refund_flows.send(refund.id, paystack=paystack, actor=SYSTEM)
    flows.read_float(paystack=paystack, actor=SYSTEM)
    after = queries.readings_for_operators(limit=1)[0]
    assert held - sandbox.balance() == naira(4_000).units
    assert after.in_flight - before.in_flight == naira(4_000)
    assert after.unexplained == before.unexplained


def test_what_came_before_it_was_agreed_to_is_another_ones(
    inside: Flask, sandbox: SandboxProcess, paystack: Paystack
) -> None:
    settled.top_up(Money(NGN, 7_654_300))  # (waits, so that the lines since then are read)
    sandbox.top_up(7_654_400)
    with clock.at(clock.now() + timedelta(hours=1)):
        later = settled.top_up(Money(NGN, 7_654_400))
        before = settled.booked(FLOAT)
        flows.read_float(paystack=paystack, actor=SYSTEM)
        assert settled.booked(FLOAT) == before
    assert later in {one.id for one in queries.agreed_top_ups_for_system()}


class Mute(Paystack):
    """A vendor whose word about one charge cannot be had."""

    def __init__(self, url: str, reference: str, fault: Exception) -> None:
        super().__init__(url, secret_key=SECRET)
        self._reference, self._fault = reference, fault

    def find_charge(self, reference: str) -> Charge | None:
        if reference == self._reference:
            raise self._fault
        return super().find_charge(reference)


@pytest.mark.parametrize(("fault", "booked"), [(Unreadable(), True), (Silent(), False)])
def test_a_charge_that_cannot_be_looked_up_keeps_no_other_from_being_placed(
    inside: Flask, sandbox: SandboxProcess, paystack: Paystack, fault: Exception, *, booked: bool
) -> None:
    """The settlement is booked without one that nobody can read; while Paystack is away it waits."""
    unheard = [people.open_deposit(people.customer(), naira(3_000), app=inside) for _ in range(3)]
    for _, reference in unheard:
        sandbox.pay(reference)
    (made,) = sandbox.settle()
    odd = unheard[1][1]
    with pytest.raises(type(fault)):
        pull(Mute(sandbox.url, odd, fault))
    found = [payments.deposit_for_system(deposit_id=deposit_id) for deposit_id, _ in unheard]
    assert [each.state == DepositState.CREDITED for each in found if each] == [True, False, True]
    state = db.session.scalars(select(Settlement.state).where(Settlement.vendor_id == str(made["id"]))).one_or_none()
    assert state == (SettlementState.POSTED if booked else None)
    waits = db.session.scalars(select(SuspenseItem).where(SuspenseItem.cause == f"settled:{odd}")).all()
    assert len(waits) == booked
    leave()
    pull(paystack)
    assert ours(made).state == SettlementState.POSTED
