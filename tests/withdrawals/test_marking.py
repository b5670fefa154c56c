"""A payout of which Paystack does not tell ends as two people say, and never against what Paystack says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError

from app.clients.http import Silent
from app.clients.paystack import Paystack, Transfer
from app.core import actor, clock, machine
from app.core.db import for_everyone, leave, rows, sqlstate, transaction
from app.core.money import NGN, Money
from app.core.permissions import Role
from app.governance import queries as governance_queries
from app.governance import service as governance
from app.governance.models import Request
from app.governance.rules import State as Asking
from app.ledger import balances, chart
from app.payments import errors, payout_flows, payout_queries, payouts, rules
from app.payments.rules import PayoutState
from app.withdrawals import flows, marking, service
from app.withdrawals import rows as withdrawals
from app.withdrawals.errors import Contradicted
from app.withdrawals.flows import Asked
from app.withdrawals.models import Withdrawal
from app.withdrawals.rules import MACHINE, State
from jobs import governance as work
from jobs import payments
from jobs.work import QUICK_TRIES, WHILE_AWAY, Work
from tests.makers import leaving, people
from tests.makers.people import naira
from tests.makers.sandbox import SandboxProcess

SYSTEM = actor.system("test")
NOWHERE = "http://127.0.0.1:9"
SHOWN = "Paystack's support wrote so on Monday at nine."
PAID = Asked("paid", SHOWN, proof="000013260722101500123456789012", fee=naira(50))
FAILED = Asked("failed", SHOWN)
LATER = rules.MARK_AFTER + timedelta(minutes=1)
Ask = Callable[..., Request]


class Says(Paystack):
    """Paystack as it answers the question how a transfer stands; None: it does not answer."""

    told: Transfer | None = None

    def find_transfer(self, reference: str) -> Transfer | None:
        if self.told is None:
            raise Silent
        return self.told


@pytest.fixture
def paystack(inside: Flask) -> Paystack:
    found: Paystack = inside.extensions["clients"].paystack
    return found


@pytest.fixture
def sent(inside: Flask, sandbox: SandboxProcess, paystack: Paystack) -> Withdrawal:
    """A withdrawal that Paystack has, and whose end it does not tell."""
    sandbox.knobs(transfer_outcome="pending-forever")
    asked = leaving.approved(*leaving.rich(inside, sandbox), 20_000)
    flows.send(asked.id, paystack=paystack, actor=SYSTEM)
    leave()
    return asked


@pytest.fixture
def ask(paystack: Paystack, sent: Withdrawal) -> Ask:
    """Finance asks, a day later."""

    def asking(asked: Asked, *, by: Paystack = paystack, after: timedelta = LATER) -> Request:
        maker = people.operator(Role.FINANCE)[0]
        leave()
        with clock.at(clock.now() + after):
            return flows.request_mark(sent.payout_id, asked, maker=maker, paystack=by, actor=actor.operator(maker))

    return asking


@pytest.fixture
def carry_out(inside: Flask) -> Callable[..., Request]:
    """Treasury agrees, and it is carried out, twice; what became of the request."""

    def carrying(asked: Request, *, by: Paystack | None = None) -> Request:
        leave()
        voter = people.operator(Role.TREASURY)[0]
        clients = inside.extensions["clients"]
        with clock.at(clock.now() + LATER):
            with transaction(who := actor.operator(voter)):
                governance.approve(asked.id, operator_id=voter, shown=asked.payload_hash, actor=who)
            leave()
            for _ in range(2):
                given = replace(clients, paystack=by) if by else clients
                work.execute(Work("test", asked.id, {}, given, SYSTEM))
                leave()
        found = governance_queries.one_for_operators(asked.id).request
        leave()
        return found

    return carrying


def state(withdrawal: Withdrawal) -> tuple[str, str]:
    found = leaving.now(withdrawal)
    return leaving.payout(found.attempt_id).state, found.state


def hear(withdrawal: Withdrawal) -> None:
    """What the news of a payout's end brings."""
    (found,) = rows(
        "SELECT name FROM outbox WHERE subject = :id AND name IN ('payments.payout_paid', 'payments.payout_failed')",
        id=withdrawal.payout_id,
    )
    leave()
    with transaction(SYSTEM):
        deed = service.settle if found.name == "payments.payout_paid" else service.fail
        deed(withdrawal.payout_id, actor=SYSTEM)
    leave()


def vendor_fees() -> Money:
    return balances.of(chart.house(chart.PAYSTACK_FEES, asset=NGN)).booked


def close_news(withdrawal: Withdrawal) -> None:
    with transaction(SYSTEM):
        rows(
            "UPDATE suspense_items SET state = 'resolved', note = 'x', resolved_at = now() WHERE reference = :id"
            " RETURNING id",
            id=withdrawal.payout_id,
        )
    leave()


def says(paystack: Paystack, sent: Withdrawal, **changed: object) -> Paystack:
    """Paystack, saying this of it."""
    found = Says(NOWHERE, secret_key="")
    found.told = Transfer(**vars(paystack.find_transfer(sent.payout_id)) | changed)
    return found


def test_that_it_was_paid_is_booked_as_if_the_vendor_had_said_so(
    sent: Withdrawal, ask: Ask, carry_out: Callable[..., Request]
) -> None:
    done = carry_out(ask(PAID))
    assert done.state == Asking.EXECUTED, done.result
    hear(sent)
    assert state(sent) == ("paid", "settled")
    payout = leaving.payout(sent.payout_id)
    assert (payout.fee, payout.session_id, payout.request_id) == (naira(50), PAID.proof, done.id)
    assert f"paid by hand, by {done.maker}, op_" in machine.history(payout.id)[-1].reason
    leave()


def test_that_it_failed_lets_its_money_go_back_unless_the_vendor_says_that_it_was_paid(
    paystack: Paystack, sandbox: SandboxProcess, sent: Withdrawal, ask: Ask, carry_out: Callable[..., Request]
) -> None:
    assert carry_out(ask(FAILED)).state == Asking.EXECUTED
    hear(sent)
    assert state(sent) == ("failed", "unpaid")
    with pytest.raises(Contradicted):
        flows.give_up(sent.id, owns=None, paystack=says(paystack, sent, status="success"), actor=SYSTEM)
    leave()
    close_news(sent)
    flows.give_up(sent.id, owns=None, paystack=paystack, actor=SYSTEM)  # (for Paystack it is still under way)
    assert state(sent) == ("failed", "failed")


@pytest.fixture
def unpaid(sandbox: SandboxProcess, paystack: Paystack, sent: Withdrawal) -> Withdrawal:
    """Paystack said that it failed, and by now it says otherwise."""
    sandbox.conclude(sent.payout_id, "fail")
    payout_flows.ask(sent.payout_id, paystack=paystack, actor=SYSTEM)
    hear(sent)
    return sent


@pytest.mark.parametrize("waits", ["unpaid", "approved", "requested"])
def test_what_counts_as_failed_and_was_paid_is_settled_by_two_from_wherever_it_waits(
    paystack: Paystack, unpaid: Withdrawal, ask: Ask, carry_out: Callable[..., Request], waits: str
) -> None:
    with transaction(SYSTEM):
        payouts.book_kept(unpaid.payout_id, kept=naira(10))
    before = vendor_fees()
    if waits != "unpaid":
        flows.retry(unpaid.id, owns=None, paystack=paystack, actor=SYSTEM)
    if waits == "requested":
        with transaction(SYSTEM):
            found = withdrawals.locked(unpaid.id)
            machine.move(found, State.REQUESTED, machine=MACHINE, actor=SYSTEM, reason=service.LAPSED)
    leave()
    with pytest.raises(errors.NotMarkable):  # (Paystack never said so)
        ask(PAID, by=Says(NOWHERE, secret_key=""))
    told = says(paystack, unpaid, status="success")
    for no in (
        lambda: flows.reject(unpaid.id, reason="No.", owns=None, paystack=told, actor=SYSTEM),
        lambda: flows.expire(unpaid.id, paystack=told, actor=SYSTEM),
        lambda: flows.retry(unpaid.id, owns=None, paystack=told, actor=SYSTEM),
        lambda: flows.cancel(unpaid.id, customer_id=unpaid.customer_id, paystack=told, actor=SYSTEM),
    ):
        leave()
        with pytest.raises(Contradicted):
            no()
    leave()
    done = carry_out(ask(PAID, by=told), by=told)
    assert done.state == Asking.EXECUTED, done.result
    assert state(unpaid) == ("paid", "settled")
    assert vendor_fees() - before == naira(40)  # (ten of them were booked as kept)
    leave()


def test_what_failed_and_is_under_way_for_the_vendor_is_on_record_and_ends_by_two(
    paystack: Paystack, unpaid: Withdrawal, ask: Ask, carry_out: Callable[..., Request]
) -> None:
    told = says(paystack, unpaid, status="pending")
    with clock.at(clock.now() + timedelta(minutes=2)), pytest.raises(Contradicted):
        flows.give_up(unpaid.id, owns=None, paystack=told, actor=SYSTEM)
    leave()
    assert payout_queries.told_otherwise_for_system(unpaid.payout_id) == {"pending"}
    leave()
    assert carry_out(ask(FAILED, by=told), by=told).state == Asking.EXECUTED
    close_news(unpaid)
    with clock.at(clock.now() + LATER * 3):
        flows.give_up(unpaid.id, owns=None, paystack=told, actor=SYSTEM)
    assert state(unpaid) == ("failed", "failed")


def test_nobody_says_otherwise_of_one_whose_money_went_back(paystack: Paystack, unpaid: Withdrawal, ask: Ask) -> None:
    flows.give_up(unpaid.id, owns=None, paystack=paystack, actor=SYSTEM)
    with pytest.raises(errors.NotMarkable, match="has ended"):
        ask(PAID, by=says(paystack, unpaid, status="success"))
    with pytest.raises(DBAPIError) as refused, for_everyone(), transaction(SYSTEM):
        rows("UPDATE payouts SET state = 'paid' WHERE id = :id RETURNING id", id=unpaid.payout_id)
    assert sqlstate(refused.value) == "BU005"
    leave()


def test_nobody_sends_anew_what_people_are_about_to_mark(
    inside: Flask, sandbox: SandboxProcess, paystack: Paystack, carry_out: Callable[..., Request]
) -> None:
    asked = leaving.approved(*leaving.rich(inside, sandbox), 20_000)
    with transaction(SYSTEM):
        service.begin_sending(asked.id, actor=SYSTEM)  # (and its worker died)
    leave()
    maker = people.operator(Role.FINANCE)[0]
    leave()
    with clock.at(clock.now() + LATER):
        standing = flows.request_mark(
            asked.payout_id, FAILED, maker=maker, paystack=paystack, actor=actor.operator(maker)
        )
        leave()
        assert flows.send(asked.id, paystack=paystack, actor=SYSTEM) is PayoutState.SENDING
        assert marking.pause_before(standing) == rules.CALL_OFF_AFTER
        assert sandbox.calls("/transfer", method="POST", reference=asked.payout_id) == 0
        leave()
        assert work.execute(Work("test", standing.id, {}, inside.extensions["clients"], SYSTEM))
    leave()
    with clock.at(clock.now() + LATER + rules.CALL_OFF_AFTER):
        assert marking.pause_before(standing) is None
    leave()


def test_money_that_was_not_put_back_becomes_a_case_although_nobody_can_read_the_ledger(
    inside: Flask, unpaid: Withdrawal
) -> None:
    clients = replace(inside.extensions["clients"], paystack=Says(NOWHERE, secret_key=""))
    reading = Work("test", unpaid.payout_id, {}, clients, SYSTEM, tries=QUICK_TRIES)
    for days in (2, 4):
        with clock.at(clock.now() + timedelta(days=days)):
            assert payments.read_kept(reading) == WHILE_AWAY
        found = rows("SELECT count(*) AS n FROM cases WHERE subject = :id", id=unpaid.payout_id)
        assert found[0].n == (days > 3)
        leave()


@pytest.mark.parametrize(("asked", "status"), [(PAID, "failed"), (FAILED, "success")])
def test_it_is_not_asked_for_nor_carried_out_against_what_the_vendor_says(
    paystack: Paystack,
    sent: Withdrawal,
    ask: Ask,
    carry_out: Callable[..., Request],
    asked: Asked,
    status: str,
) -> None:
    """Of another amount, so that what it says ends nothing by itself."""
    standing, other = ask(asked), says(paystack, sent, status=status, amount=1)
    with pytest.raises(errors.MarkDenied):
        ask(asked, by=other)
    done = carry_out(standing, by=other)
    assert (done.state, done.result) == (Asking.FAILED, errors.MarkDenied.message)
    with clock.at(clock.now() + LATER), transaction(SYSTEM):
        found = marking.found_now(sent.payout_id, mark=PayoutState(asked.mark), fee=asked.fee, proof=asked.proof)
        with pytest.raises(errors.MarkDenied):  # (also when it says nothing: what it said waits for somebody)
            payouts.check_marking(sent.payout_id, found)
    assert state(sent) == ("sent", "sending")


def test_amounts_that_contradict_and_silence_do_not_stop_it(
    paystack: Paystack, sent: Withdrawal, ask: Ask, carry_out: Callable[..., Request]
) -> None:
    asked = ask(PAID, by=says(paystack, sent, status="success", amount=1))
    assert carry_out(asked, by=Says(NOWHERE, secret_key="")).state == Asking.EXECUTED
    assert state(sent)[0] == "paid"


def test_what_the_vendor_says_in_the_last_moment_counts(
    sandbox: SandboxProcess, sent: Withdrawal, ask: Ask, carry_out: Callable[..., Request]
) -> None:
    asked = ask(FAILED)
    sandbox.conclude(sent.payout_id, "succeed")
    done = carry_out(asked)
    assert done.state == Asking.FAILED
    payout = leaving.payout(sent.payout_id)
    assert (payout.state, payout.request_id) == ("paid", None)


@pytest.mark.parametrize(
    "asked",
    [
        replace(PAID, mark="sent"),
        replace(PAID, evidence="They say so."),
        replace(PAID, proof="a phone call"),
        replace(PAID, fee=None),
        replace(PAID, fee=naira(20_000)),
    ],
)
def test_it_takes_evidence(ask: Ask, asked: Asked) -> None:
    with pytest.raises(errors.MarkIncomplete):
        ask(asked)


def test_it_is_for_old_ones_that_are_open_and_once(
    sandbox: SandboxProcess, paystack: Paystack, sent: Withdrawal, ask: Ask
) -> None:
    with pytest.raises(errors.NotMarkable):
        ask(FAILED, after=rules.MARK_AFTER - timedelta(minutes=1))
    ask(FAILED)
    with pytest.raises(errors.MarkAskedAlready):
        ask(PAID)
    found = marking.found_now(sent.payout_id, mark=PayoutState.FAILED, fee=None, proof="")
    leave()
    sandbox.conclude(sent.payout_id, "fail")
    payout_flows.ask(sent.payout_id, paystack=paystack, actor=SYSTEM)
    with clock.at(clock.now() + LATER), transaction(SYSTEM), pytest.raises(errors.NotMarkable):
        payouts.check_marking(sent.payout_id, found)


def test_the_database_asks_for_the_two(sent: Withdrawal, ask: Ask) -> None:
    asked = ask(FAILED)
    for request_id in ("grq_none", asked.id):  # (nobody agreed to it)
        leave()
        with pytest.raises(DBAPIError) as refused, for_everyone(), transaction(SYSTEM):
            rows(
                "UPDATE payouts SET state = 'failed', request_id = :by WHERE id = :id RETURNING id",
                by=request_id,
                id=sent.payout_id,
            )
        assert sqlstate(refused.value) == "BU005"
    assert state(sent) == ("sent", "sending")
