"""Reconciliation against the sandbox's own lists."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.clients.paystack import Paystack
from app.core import actor, clock
from app.core.db import leave, transaction
from app.core.money import NGN, Money
from app.payments import flows as rail
from app.payments import payout_flows
from app.payments import queries as deposits
from app.reconciliation import flows, queries, service
from app.reconciliation.models import ReconciliationLine
from app.reconciliation.rules import DEDUCTED, Ours, RunState, Theirs, Verdict, match
from app.settlement import flows as settling
from app.withdrawals import flows as withdrawals_flows
from app.withdrawals import service as withdrawals
from reports import receipts
from tests.makers import leaving, people, settled
from tests.makers.people import naira
from tests.makers.sandbox import SandboxProcess

SYSTEM = actor.system("test")


def run(paystack: Paystack) -> str:
    with transaction(SYSTEM):
        run_id = service.ask(actor=SYSTEM)
    flows.run(run_id, paystack=paystack, actor=SYSTEM)
    leave()
    return run_id


def line(run_id: str, reference: str) -> ReconciliationLine:
    lines = queries.lines_for_operators(run_id, verdicts=tuple(Verdict), limit=100_000)
    return next(one for one in lines if one.reference == reference)


def test_every_line_has_its_verdict(inside: Flask, sandbox: SandboxProcess) -> None:
    owner, paystack = people.customer(), inside.extensions["clients"].paystack
    sandbox.clock((clock.now() - timedelta(minutes=30)).isoformat())  # long enough ago to have been heard of
    _, credited = people.open_deposit(owner, naira(10_000), app=inside)
    sandbox.pay(credited)
    _, unheard = people.open_deposit(owner, naira(20_000), app=inside)
    sandbox.pay(unheard)
    deposit = deposits.deposit_for_system(reference=credited)
    assert deposit is not None
    rail.watch_deposit(deposit.id, paystack=paystack, actor=SYSTEM)
    first = run(paystack)
    assert (line(first, credited).verdict, line(first, credited).ours) == (Verdict.MATCHED, naira(9_750))
    assert (line(first, unheard).verdict, line(first, unheard).ours) == (Verdict.MISSING_HERE, None)

    late = deposits.deposit_for_system(reference=unheard)
    assert late is not None
    rail.watch_deposit(late.id, paystack=paystack, actor=SYSTEM)
    second = run(paystack)
    assert line(second, unheard).verdict == Verdict.MATCHED
    assert line(first, unheard).verdict == Verdict.MISSING_HERE  # a run stays as it was found


def test_a_silent_vendor_ends_the_run_with_the_reason(inside: Flask) -> None:
    run_id = run(Paystack("http://127.0.0.1:1", secret_key="sk_test_nobody"))
    found = queries.run_for_operators(run_id)
    assert found.state == RunState.FAILED
    assert "did not give its lists" in found.error


def test_while_one_runs_asking_again_is_the_same_run(inside: Flask) -> None:
    with transaction(SYSTEM):
        first = service.ask(actor=SYSTEM)
    with transaction(SYSTEM):
        assert service.ask(actor=SYSTEM) == first
        service.fail(first, error="ended by the test", actor=SYSTEM)


def test_what_was_paid_a_moment_ago_may_still_be_on_its_way(inside: Flask, sandbox: SandboxProcess) -> None:
    _, reference = people.open_deposit(people.customer(), naira(1_000), app=inside)
    sandbox.pay(reference)
    assert line(run(inside.extensions["clients"].paystack), reference).verdict == Verdict.IN_FLIGHT


def test_a_run_that_lost_its_worker_is_given_up_by_the_next(inside: Flask) -> None:
    with clock.at(clock.now() - timedelta(hours=1)), transaction(SYSTEM):
        lost = service.ask(actor=SYSTEM)
    with transaction(SYSTEM):
        fresh = service.ask(actor=SYSTEM)
        service.fail(fresh, error="ended by the test", actor=SYSTEM)
    leave()
    assert fresh != lost
    assert queries.run_for_operators(lost).state == RunState.FAILED


def test_settlements_and_top_ups_are_lines_of_their_own(inside: Flask, sandbox: SandboxProcess) -> None:
    paystack = inside.extensions["clients"].paystack
    people.paid_in(people.customer(), naira(10_000), app=inside, sandbox=sandbox)
    (made, *_) = sandbox.settle()
    settled.top_up(naira(23_456))
    sandbox.top_up(2_345_600)
    first = run(paystack)
    paid = f"settlement {made['id']}"
    assert (line(first, paid).verdict, line(first, paid).ours) == (Verdict.IN_FLIGHT, None)
    settling.pull(paystack=paystack, actor=SYSTEM)
    settling.read_float(paystack=paystack, actor=SYSTEM)
    second = run(paystack)
    assert (line(second, paid).verdict, line(second, paid).ours) == (
        Verdict.MATCHED,
        Money(NGN, -made["effective_amount"]),
    )
    lines = queries.lines_for_operators(second, verdicts=(Verdict.MATCHED,), limit=100_000)
    assert [one.ours for one in lines if one.kind == "top-up" and one.ours == naira(23_456)] == [naira(23_456)]


def test_what_was_tried_again_is_about_its_newest_attempt(
    inside: Flask, sandbox: SandboxProcess, work_off: Callable[..., int]
) -> None:
    owner, account = leaving.rich(inside, sandbox)
    asked = leaving.approved(owner, account, 20_000)
    for outcome in ("failed", "success"):
        sandbox.knobs(transfer_outcome=outcome)
        work_off()
        sandbox.flush()
        work_off(timedelta(minutes=5))
        if outcome == "failed":
            with transaction(SYSTEM):
                withdrawals.retry(asked.id, owns=None, actor=SYSTEM)
    second, found = f"{asked.payout_id}-2", run(inside.extensions["clients"].paystack)
    assert (line(found, second).theirs, line(found, second).ours) == (naira(-20_025), naira(-20_025))
    assert line(found, asked.payout_id).ours is None
    session = leaving.payout(second).session_id
    assert session
    assert ("Session at the banks", session) in receipts.of_movement(asked.id, customer_id=owner.id).lines


@pytest.mark.parametrize("end", ["fail", "reverse"])
def test_a_fee_that_was_kept_of_what_ended_unpaid_is_matched_once_it_is_booked(
    inside: Flask, sandbox: SandboxProcess, end: str
) -> None:
    paystack = inside.extensions["clients"].paystack
    owner, account = leaving.rich(inside, sandbox)
    sandbox.clock((clock.now() - timedelta(minutes=30)).isoformat())  # long enough ago to have been heard of
    sandbox.knobs(fee_returned=False, transfer_delay_seconds=600)
    asked = leaving.approved(owner, account, 20_000)
    withdrawals_flows.send(asked.id, paystack=paystack, actor=SYSTEM)
    for verb in ("succeed", "reverse") if end == "reverse" else ("fail",):
        sandbox.conclude(asked.payout_id, verb)
        payout_flows.ask(asked.payout_id, paystack=paystack, actor=SYSTEM)
    if end == "reverse":
        with transaction(SYSTEM):
            withdrawals.take_back(asked.payout_id, actor=SYSTEM)
    before = line(run(paystack), asked.payout_id)
    assert before.theirs == naira(-25)
    if end == "fail":  # (of what came back the fee is booked as taken from the beginning)
        assert (before.ours, before.verdict) == (None, Verdict.MISSING_HERE)
    payout_flows.read_kept(asked.payout_id, paystack=paystack, actor=SYSTEM)
    after = line(run(paystack), asked.payout_id)
    assert (after.theirs, after.ours, after.verdict) == (naira(-25), naira(-25), Verdict.MATCHED)


def test_what_refunds_took_is_compared_as_a_sum() -> None:
    moment = clock.now()
    ours = [Ours("payments.refund_paid", DEDUCTED, -500, 1, moment), Ours("disputes.lost", DEDUCTED, -300, 2, moment)]
    for told, verdict in ((-800, Verdict.MATCHED), (-500, Verdict.IN_FLIGHT), (-900, Verdict.AMOUNT_DIFFERS)):
        (found,) = match(ours, [Theirs("deductions", DEDUCTED, told, None)])
        assert found.verdict is verdict
