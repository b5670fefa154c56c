"""Payouts: what becomes of an attempt whatever Paystack says or leaves unsaid, alone and many in one call."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.clients.paystack import Paystack, Transfer
from app.clients.paystack_refusals import InvalidKey
from app.core import actor, clock, ids
from app.core.db import for_everyone, leave, rows, sqlstate, transaction
from app.core.permissions import Role
from app.payments import errors, payout_flows, payout_queries, payouts, queries, rules
from app.payments.rules import PayoutState, SuspenseState
from app.restrictions.errors import Restricted
from app.risk import queries as risk
from app.risk.errors import SwitchedOff
from app.withdrawals import flows, service
from app.withdrawals.errors import Contradicted
from app.withdrawals.models import Withdrawal
from app.withdrawals.rules import State
from jobs import withdrawals
from jobs.work import QUICK_TRIES, WHILE_AWAY, Work
from tests.makers import leaving, people, restricted, switched
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess

SYSTEM = actor.system("test")
LATER = timedelta(minutes=3)
HELD_UP = 3600  # seconds: until a test says how a transfer ends
Approve = Callable[[int], Withdrawal]
WorkOff = Callable[..., int]


@pytest.fixture
def paystack(inside: Flask) -> Paystack:
    found: Paystack = inside.extensions["clients"].paystack
    return found


@pytest.fixture
def owner(inside: Flask, sandbox: SandboxProcess) -> tuple[Customer, str]:
    for scope in {one.scope for one in risk.switches_off_for_operators()}:
        switched.all_on(scope)
    with clock.at(clock.now() + rules.CALL_OFF_AFTER), transaction(SYSTEM):
        for waiting in payout_queries.list_for_operators({PayoutState.AWAITING_FLOAT}):
            payouts.call_off(waiting.id, reason="Of another test.", actor=SYSTEM)
    return leaving.rich(inside, sandbox)


@pytest.fixture
def approve(owner: tuple[Customer, str]) -> Approve:
    return lambda amount: leaving.approved(*owner, amount)


def send(withdrawal: Withdrawal, paystack: Paystack) -> PayoutState | None:
    leave()
    return flows.send(withdrawal.id, paystack=paystack, actor=SYSTEM)


def told(event: str, subject: str) -> int:
    found = rows(
        "SELECT count(*) AS n FROM outbox WHERE name = :name AND subject = :subject", name=event, subject=subject
    )
    leave()
    return int(found[0].n)


def state(withdrawal: Withdrawal) -> tuple[str, str]:
    found = leaving.now(withdrawal)
    return leaving.payout(found.attempt_id).state, found.state


def booked(withdrawal: Withdrawal) -> tuple[int, int]:
    """What a withdrawal and its payout moved on our balance at Paystack, and as its fees."""
    found = rows(
        "SELECT a.code, sum(e.amount) AS units FROM ledger.entries e JOIN ledger.journals j ON j.id = e.journal_id"
        " JOIN ledger.accounts a ON a.id = e.account_id WHERE j.ref IN (:one, :other) GROUP BY a.code",
        one=withdrawal.id,
        other=withdrawal.payout_id,
    )
    leave()
    units = {row.code: int(row.units) for row in found}
    return units.get("asset:paystack:NGN", 0), units.get("expense:paystack_fees:NGN", 0)


class TestACode:
    @pytest.fixture
    def waiting(self, sandbox: SandboxProcess, paystack: Paystack, approve: Approve) -> Withdrawal:
        sandbox.knobs(transfer_outcome="otp")
        asked = approve(20_000)
        assert send(asked, paystack) is PayoutState.AWAITING_OTP
        assert told("payments.payout_needs_otp", asked.payout_id) == 1
        assert told("payments.payout_sent", asked.payout_id) == 1  # it is watched
        sandbox.knobs(transfer_outcome="success")
        return asked

    def test_lets_it_go(
        self, sandbox: SandboxProcess, paystack: Paystack, waiting: Withdrawal, work_off: WorkOff
    ) -> None:
        payout_flows.send_code_again(waiting.payout_id, paystack=paystack, actor=SYSTEM)
        payout_flows.confirm(waiting.payout_id, code="123456", paystack=paystack, actor=SYSTEM)
        sandbox.flush()
        work_off(LATER)
        assert state(waiting) == ("paid", "settled")
        assert told("payments.payout_needs_otp", waiting.payout_id) == 1
        leave()
        with pytest.raises(errors.NoCodeWanted):
            payout_flows.confirm(waiting.payout_id, code="123456", paystack=paystack, actor=SYSTEM)

    def test_that_is_wrong_ends_it_as_the_vendor_says(
        self, paystack: Paystack, waiting: Withdrawal, work_off: WorkOff
    ) -> None:
        found = payout_flows.confirm(waiting.payout_id, code="000000", paystack=paystack, actor=SYSTEM)
        assert found is PayoutState.FAILED
        work_off()
        assert state(waiting) == ("failed", "unpaid")

    def test_that_nobody_types_ends_it_without_a_webhook(
        self, sandbox: SandboxProcess, waiting: Withdrawal, work_off: WorkOff
    ) -> None:
        sandbox.conclude(waiting.payout_id, "abandon")
        work_off(LATER)
        assert state(waiting) == ("failed", "unpaid")
        assert leaving.payout(waiting.payout_id).vendor_status == "abandoned"

    def test_is_not_typed_while_something_stops_it(
        self, sandbox: SandboxProcess, paystack: Paystack, owner: tuple[Customer, str], waiting: Withdrawal
    ) -> None:
        before = sandbox.calls("/transfer/finalize_transfer")
        type_it = partial(flows.confirm, waiting.payout_id, code="123456", paystack=paystack, actor=SYSTEM)
        with switched.stopped("rail:bank"), pytest.raises(SwitchedOff):
            type_it()
        restricted.placed(owner[0], restricted.Kind.NO_DEBIT)
        leave()
        with pytest.raises(Restricted):
            type_it()
        assert sandbox.calls("/transfer/finalize_transfer") == before

    def test_that_is_none_is_not_sent_to_the_vendor(
        self, sandbox: SandboxProcess, paystack: Paystack, waiting: Withdrawal
    ) -> None:
        before = sandbox.calls("/transfer/finalize_transfer")
        for code in ("", "12", "abcdef", "12345678901"):
            with pytest.raises(errors.BadCode):
                payout_flows.confirm(waiting.payout_id, code=code, paystack=paystack, actor=SYSTEM)
        assert sandbox.calls("/transfer/finalize_transfer") == before


class TestAFloatThatRunsDry:
    def test_makes_it_wait_and_a_top_up_sends_it_once(
        self, sandbox: SandboxProcess, paystack: Paystack, approve: Approve, work_off: WorkOff
    ) -> None:
        first, second = approve(20_000), approve(30_000)
        with leaving.dry(paystack, sandbox):
            work_off()
            assert state(first) == state(second) == ("awaiting_float", "sending")
            assert leaving.transfers(sandbox, first, second) == []
            work_off(timedelta(minutes=10))
            assert told("payments.payout_lacks_float", first.payout_id) == 1  # (looked at again, told of once)
        work_off(timedelta(minutes=20))
        sandbox.flush()
        work_off(timedelta(minutes=40))
        assert state(first) == state(second) == ("paid", "settled")
        assert leaving.transfers(sandbox, first, second) == sorted([first.payout_id, second.payout_id])

    def test_what_waited_counts_as_leaving_when_it_is_taken_up(self, inside: Flask, approve: Approve) -> None:
        asked, hour, leaves = approve(20_000), timedelta(hours=1), payout_queries.outflow_for_system
        then = clock.now() + timedelta(days=300)
        for at in (then, then + hour):
            with clock.at(at), transaction(SYSTEM):
                if at == then:
                    payouts.begin(asked.payout_id, amount=asked.amount, recipient_code="RCP_x", actor=SYSTEM)
                else:
                    assert payouts.take_up(asked.payout_id, actor=SYSTEM)
                    assert leaves(since=at - hour / 4, until=at) == asked.amount.units
                payouts.lack_float(asked.payout_id, actor=SYSTEM)
                assert leaves(since=at - hour / 4, until=at) == 0
            assert told("payments.payout_lacks_float", asked.payout_id) == 1 + (at > then)
        with clock.at(then + hour + timedelta(minutes=2)), transaction(SYSTEM):
            payouts.take_up(asked.payout_id, actor=SYSTEM)
            payouts.lack_float(asked.payout_id, actor=SYSTEM)
            payouts.take_up(asked.payout_id, actor=SYSTEM)
            payouts.refuse(asked.payout_id, reason="The end of a test.", actor=SYSTEM)
        assert told("payments.payout_lacks_float", asked.payout_id) == 2  # (once an hour)

    def test_is_told_of_once_for_all_that_wait(
        self, sandbox: SandboxProcess, paystack: Paystack, approve: Approve, work_off: WorkOff
    ) -> None:
        people.operator(Role.FINANCE)
        first, second = approve(20_000), approve(30_000)
        with leaving.dry(paystack, sandbox):
            work_off()
            leave()
            letters = "SELECT count(*) AS n FROM mails WHERE cause LIKE 'alerts.payout_lacks_float:' || :id || '%'"
            assert [bool(rows(letters, id=one.payout_id)[0].n) for one in (first, second)] == [True, False]
            leave()

    def test_can_be_called_off_when_nobody_can_be_sending_it(
        self, sandbox: SandboxProcess, paystack: Paystack, approve: Approve, work_off: WorkOff
    ) -> None:
        asked = approve(20_000)
        with leaving.dry(paystack, sandbox):
            assert send(asked, paystack) is PayoutState.AWAITING_FLOAT
            for reason, refusal in (("Not today.", errors.NotCallable), (" ", errors.CallOffReasonMissing)):
                with pytest.raises(refusal):
                    payout_flows.call_off(asked.payout_id, reason=reason, paystack=paystack, actor=SYSTEM)
                leave()
            with clock.at(clock.now() + rules.CALL_OFF_AFTER):
                payout_flows.call_off(asked.payout_id, reason="Not today.", paystack=paystack, actor=SYSTEM)
        work_off(LATER)
        assert state(asked) == ("failed", "unpaid")
        assert leaving.transfers(sandbox, asked) == []

    def test_is_not_called_off_when_the_vendor_has_it(
        self, sandbox: SandboxProcess, paystack: Paystack, approve: Approve
    ) -> None:
        sandbox.knobs(transfer_outcome="pending-forever")
        asked = approve(20_000)
        with leaving.dry(paystack, sandbox):
            assert send(asked, paystack) is PayoutState.AWAITING_FLOAT
        code = leaving.payout(asked.payout_id).recipient_code  # as if an earlier call had come through all the same
        paystack.transfer(amount=2_000_000, recipient_code=code, reference=asked.payout_id, reason="Withdrawal")
        with clock.at(clock.now() + rules.CALL_OFF_AFTER), pytest.raises(errors.NotCallable):
            payout_flows.call_off(asked.payout_id, reason="Not today.", paystack=paystack, actor=SYSTEM)
        assert leaving.payout(asked.payout_id).state == PayoutState.SENT


class TestAnUnknownAnswer:
    @pytest.mark.parametrize("answer", ["drop", "error_after", "refuse"])
    def test_is_asked_for_and_sent_again_under_the_same_reference_alone(
        self, sandbox: SandboxProcess, paystack: Paystack, approve: Approve, answer: str
    ) -> None:
        """`drop` and `error_after`: it was done; `refuse`: it was not. From here they look the same."""
        sandbox.knobs(transfer_outcome="pending-forever")
        asked = approve(20_000)
        sandbox.knobs(answer=answer, answer_times=1)
        with pytest.raises(Exception, match="Look before"):
            send(asked, paystack)
        there = leaving.transfers(sandbox, asked)
        found = send(asked, paystack)  # right after: what is not found may only not be seen yet
        assert found is (PayoutState.SENT if there else PayoutState.SENDING)
        assert leaving.transfers(sandbox, asked) == there
        with clock.at(clock.now() + rules.RESEND_AFTER):
            assert send(asked, paystack) is PayoutState.SENT
        assert leaving.transfers(sandbox, asked) == [asked.payout_id]

    def test_of_two_workers_at_once_one_transfer_comes(
        self, app: Flask, sandbox: SandboxProcess, paystack: Paystack, approve: Approve
    ) -> None:
        """The first is slow enough that its task was given to another."""
        sandbox.knobs(transfer_outcome="pending-forever")
        asked = approve(20_000)
        with transaction(SYSTEM):
            service.begin_sending(asked.id, actor=SYSTEM)
        leave()
        with clock.at(clock.now() + rules.RESEND_AFTER):
            moment = clock.now()

        def work() -> None:
            with app.app_context(), for_everyone(), clock.at(moment):
                send(asked, paystack)

        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert leaving.transfers(sandbox, asked) == [asked.payout_id]
        assert leaving.payout(asked.payout_id).state == PayoutState.SENT


class TestWhatPaystackSays:
    def test_of_an_end_is_kept_and_an_earlier_trouble_is_not(self, approve: Approve) -> None:
        asked = approve(20_000)
        with transaction(SYSTEM):
            service.begin_sending(asked.id, actor=SYSTEM)
            payouts.lack_float(asked.payout_id, actor=SYSTEM)
        told_now = Transfer(
            asked.payout_id, "failed", 2_000_000, None, "NGN", "TRF_1", None, reason="Closed\x00 account"
        )
        with transaction(SYSTEM):
            payouts.record(asked.payout_id, transfer=told_now, actor=SYSTEM)
        assert leaving.payout(asked.payout_id).vendor_words == "Closed  account"

    def test_that_is_not_what_was_asked_for_moves_nothing_and_is_not_asked_for_in_a_hurry(
        self, inside: Flask, sandbox: SandboxProcess, paystack: Paystack, approve: Approve
    ) -> None:
        sandbox.knobs(transfer_outcome="pending-forever")
        asked = approve(20_000)
        code = paystack.add_recipient(name="Ada Obi", account_number="0123456789", bank_code=people.ZENITH)
        paystack.transfer(amount=1_000_000, recipient_code=code, reference=asked.payout_id, reason="Another")
        leave()
        for later, pause in ((0, 5), (60, 20), (600, 120)):
            with clock.at(clock.now() + timedelta(seconds=later)):
                work = Work("test", asked.id, {}, inside.extensions["clients"], SYSTEM)
                assert withdrawals.send(work) == timedelta(seconds=pause)
        assert state(asked) == ("sending", "sending")
        assert payout_queries.contradicted_for_system([asked.payout_id])

    def test_when_it_refuses_is_on_its_page_and_the_work_goes_on(
        self, inside: Flask, sandbox: SandboxProcess, approve: Approve
    ) -> None:
        asked, clients = approve(20_000), inside.extensions["clients"]
        wrong = replace(clients, paystack=Paystack(sandbox.url, secret_key="sk_test_wrong"))
        leave()
        with pytest.raises(InvalidKey):
            withdrawals.send(Work("test", asked.id, {}, wrong, SYSTEM, tries=QUICK_TRIES - 1))
        assert leaving.payout(asked.payout_id).vendor_words == "Paystack refused: Invalid key"
        assert withdrawals.send(Work("test", asked.id, {}, wrong, SYSTEM, tries=QUICK_TRIES)) == WHILE_AWAY


class TestAttempts:
    @pytest.mark.parametrize("end", ["fail", "abandon", "block", "reject"])
    def test_every_end_without_payment_is_found_by_asking(
        self, sandbox: SandboxProcess, paystack: Paystack, approve: Approve, work_off: WorkOff, end: str
    ) -> None:
        sandbox.knobs(transfer_outcome={"block": "blocked", "reject": "rejected", "abandon": "otp"}.get(end, "failed"))
        asked = approve(20_000)
        work_off()
        if end == "abandon":
            sandbox.conclude(asked.payout_id, end)
        sandbox.flush(early=True)
        work_off(LATER)
        assert state(asked) == ("failed", "unpaid")

    def test_a_new_one_has_a_reference_of_its_own_and_only_after_a_failure(
        self, sandbox: SandboxProcess, paystack: Paystack, approve: Approve, work_off: WorkOff
    ) -> None:
        asked = approve(20_000)
        sandbox.knobs(transfer_outcome="failed")
        assert send(asked, paystack) is PayoutState.SENT
        second = f"{asked.payout_id}-2"
        with pytest.raises(IntegrityError), transaction(SYSTEM):
            payouts.begin(second, amount=asked.amount, recipient_code="RCP_x", actor=SYSTEM)
        sandbox.flush()
        work_off(LATER)
        assert state(asked) == ("failed", "unpaid")
        sandbox.knobs(transfer_outcome="success")
        treasurer = actor.operator(people.operator(Role.TREASURY)[0])
        with transaction(treasurer):
            service.retry(asked.id, owns=None, actor=treasurer)
        work_off()
        sandbox.flush()
        work_off(LATER)
        assert state(asked) == ("paid", "settled")
        assert leaving.transfers(sandbox, asked) == [asked.payout_id, second]
        leave()
        assert [one.state for one in payout_queries.attempts_for_operators(second)] == ["failed", "paid"]

    def test_one_that_was_paid_after_it_failed_is_for_somebody_to_look_at(
        self, sandbox: SandboxProcess, paystack: Paystack, approve: Approve, work_off: WorkOff
    ) -> None:
        asked = approve(20_000)
        sandbox.knobs(transfer_outcome="failed")
        work_off()
        sandbox.flush()
        work_off(LATER)
        found = paystack.find_transfer(asked.payout_id)
        assert found is not None
        for status in ("pending", "success"):
            with transaction(SYSTEM):
                payouts.record(asked.payout_id, transfer=type(found)(**vars(found) | {"status": status}), actor=SYSTEM)
        assert state(asked) == ("failed", "unpaid")
        leave()
        items = queries.suspense_for_operators(state=SuspenseState.OPEN)
        assert [one.event for one in items if one.reference == asked.payout_id] == ["transfer.success"]

    @pytest.mark.parametrize("says", ["success", "pending"])
    def test_none_follows_one_that_may_have_been_paid_after_all(
        self, sandbox: SandboxProcess, paystack: Paystack, approve: Approve, work_off: WorkOff, says: str
    ) -> None:
        """The news that it failed was wrong, and nobody has told us yet."""
        sandbox.knobs(transfer_delay_seconds=HELD_UP)
        asked = approve(20_000)
        send(asked, paystack)
        sandbox.knobs(transfer_delay_seconds=0)
        found = Transfer(**vars(paystack.find_transfer(asked.payout_id)) | {"status": "failed"})
        with transaction(SYSTEM):
            payouts.record(asked.payout_id, transfer=found, actor=SYSTEM)
            service.fail(asked.payout_id, actor=SYSTEM)
        if says == "success":
            sandbox.conclude(asked.payout_id, "succeed")
        cancel = partial(flows.cancel, customer_id=asked.customer_id)
        for give_up in (flows.give_up_old, partial(flows.give_up, owns=None), cancel):
            leave()
            with pytest.raises(Contradicted):
                give_up(asked.id, paystack=paystack, actor=SYSTEM)
        assert payout_queries.contradicted_for_system([asked.payout_id]) is (says == "success")
        leave()
        if says == "pending":  # (nothing in suspense keeps treasury from trying again)
            with transaction(SYSTEM):
                service.retry(asked.id, owns=None, actor=SYSTEM)
            with pytest.raises(Contradicted):
                send(asked, paystack)
            assert flows.send_many([asked.id], paystack=paystack, actor=SYSTEM) == 0
        assert leaving.transfers(sandbox, asked) == [asked.payout_id]
        assert leaving.now(asked).state == (State.APPROVED if says == "pending" else State.UNPAID)

    def test_what_comes_back_after_it_was_paid_is_the_customers_and_staff_are_told(
        self,
        sandbox: SandboxProcess,
        paystack: Paystack,
        owner: tuple[Customer, str],
        approve: Approve,
        work_off: WorkOff,
    ) -> None:
        people.operator(Role.TREASURY)
        leave()
        before = owner[0].balance().available
        leave()
        asked = approve(20_000)
        work_off()
        sandbox.flush()
        work_off(LATER)
        sandbox.conclude(asked.payout_id, "reverse")
        payout_flows.ask(asked.payout_id, paystack=paystack, actor=SYSTEM)
        work_off(LATER)
        assert state(asked) == ("reversed", "returned")
        assert owner[0].balance().available == before
        leave()
        letters = "SELECT count(*) AS n FROM mails WHERE cause LIKE 'alerts.payout_reversed:' || :id || '%'"
        assert rows(letters, id=asked.payout_id)[0].n
        opened = "SELECT owner, state, customer_id FROM cases WHERE kind = 'reversed_payout' AND subject = :id"
        (case,) = rows(opened, id=asked.payout_id)
        assert (case.owner, case.state, case.customer_id) == ("treasury", "open", owner[0].id)
        paid = Transfer(asked.payout_id, "success", 2_000_000, 1_000, "NGN", "TRF_1", None)
        with clock.at(clock.now() + 2 * rules.NEWS_LASTS), transaction(SYSTEM):
            payouts.record(asked.payout_id, transfer=paid, actor=SYSTEM)
        assert payout_queries.contradicted_for_system([asked.payout_id])
        leave()


class TestWhatItCostAllTheSame:
    """Whether Paystack keeps its fee for what did not reach a bank is read in its ledger."""

    @pytest.mark.parametrize("kept", [0, 25_00])
    @pytest.mark.parametrize("end", ["fail", "reverse"])
    def test_is_booked_as_its_ledger_says(
        self, sandbox: SandboxProcess, paystack: Paystack, approve: Approve, work_off: WorkOff, end: str, kept: int
    ) -> None:
        asked = approve(20_000)
        sandbox.knobs(fee_returned=not kept, transfer_delay_seconds=HELD_UP)
        send(asked, paystack)
        for verb in ("succeed", "reverse") if end == "reverse" else ("fail",):
            sandbox.conclude(asked.payout_id, verb)
            payout_flows.ask(asked.payout_id, paystack=paystack, actor=SYSTEM)
        work_off(LATER)
        sandbox.knobs(fee_returned=True, transfer_delay_seconds=0)
        for _ in range(2):  # (and once)
            assert booked(asked) == (-kept, kept)
            assert payout_flows.read_kept(asked.payout_id, paystack=paystack, actor=SYSTEM) is None
        assert leaving.payout(asked.payout_id).kept_units == kept
        leave()

    def test_waits_until_the_ledger_shows_the_money_put_back(
        self, sandbox: SandboxProcess, paystack: Paystack, approve: Approve
    ) -> None:
        asked = approve(20_000)
        sandbox.knobs(transfer_delay_seconds=HELD_UP)
        send(asked, paystack)
        sandbox.knobs(transfer_delay_seconds=0)
        found = paystack.find_transfer(asked.payout_id)
        assert found is not None
        with transaction(SYSTEM):  # (the news is there before the ledger says so)
            payouts.record(asked.payout_id, transfer=type(found)(**vars(found) | {"status": "failed"}), actor=SYSTEM)
        assert payout_flows.read_kept(asked.payout_id, paystack=paystack, actor=SYSTEM) is not None
        assert leaving.payout(asked.payout_id).kept_units is None
        leave()
        sandbox.conclude(asked.payout_id, "fail")
        assert payout_flows.read_kept(asked.payout_id, paystack=paystack, actor=SYSTEM) is None
        assert leaving.payout(asked.payout_id).kept_units == 0
        leave()


class TestManyAtOnce:
    BULK = "/transfer/bulk"

    def test_go_in_one_call(
        self, sandbox: SandboxProcess, approve: Approve, paystack: Paystack, work_off: WorkOff
    ) -> None:
        asked = [approve(20_000 + each) for each in range(3)]
        before = sandbox.calls(self.BULK), sandbox.calls("/transfer", method="POST")
        leave()
        assert flows.send_many([one.id for one in asked], paystack=paystack, actor=SYSTEM) == 3
        assert (sandbox.calls(self.BULK), sandbox.calls("/transfer", method="POST")) == (before[0] + 1, before[1])
        work_off()  # their own tasks find it done
        sandbox.flush()
        work_off(LATER)
        assert [state(one) for one in asked] == [("paid", "settled")] * 3
        assert leaving.transfers(sandbox, *asked) == sorted(one.payout_id for one in asked)

    @pytest.mark.parametrize("answer", ["drop", "error_after", "refuse"])
    def test_of_an_answer_that_is_lost_each_is_asked_for(
        self, sandbox: SandboxProcess, approve: Approve, paystack: Paystack, work_off: WorkOff, answer: str
    ) -> None:
        asked = [approve(20_000 + each) for each in range(2)]
        sandbox.knobs(answer=answer, answer_times=1)
        leave()
        flows.send_many([one.id for one in asked], paystack=paystack, actor=SYSTEM)
        assert [state(one) for one in asked] == [("sending", "sending")] * 2
        work_off(timedelta(minutes=1))
        sandbox.flush()
        work_off(timedelta(minutes=5))
        assert [state(one) for one in asked] == [("paid", "settled")] * 2
        assert leaving.transfers(sandbox, *asked) == sorted(one.payout_id for one in asked)

    def test_one_that_exists_already_keeps_no_other_back(
        self, sandbox: SandboxProcess, approve: Approve, paystack: Paystack
    ) -> None:
        sandbox.knobs(transfer_outcome="pending-forever")
        asked = [approve(20_000 + each) for each in range(2)]
        code = paystack.add_recipient(name="Ada Obi", account_number="0123456789", bank_code=people.ZENITH)
        reference = asked[0].payout_id
        paystack.transfer(amount=2_000_000, recipient_code=code, reference=reference, reason="Withdrawal")
        leave()
        flows.send_many([one.id for one in asked], paystack=paystack, actor=SYSTEM)
        assert [state(one)[0] for one in asked] == ["sent", "sent"]
        assert leaving.transfers(sandbox, *asked) == sorted(one.payout_id for one in asked)

    def test_go_one_by_one_where_the_vendor_wants_codes(
        self, sandbox: SandboxProcess, approve: Approve, paystack: Paystack
    ) -> None:
        asked = [approve(20_000 + each) for each in range(2)]
        sandbox.knobs(transfer_outcome="otp")
        leave()
        flows.send_many([one.id for one in asked], paystack=paystack, actor=SYSTEM)
        assert [state(one)[0] for one in asked] == ["awaiting_otp", "awaiting_otp"]

    def test_who_has_one_already_and_the_clock_send_it_once(
        self, sandbox: SandboxProcess, approve: Approve, paystack: Paystack
    ) -> None:
        sandbox.knobs(transfer_outcome="pending-forever")
        first, second = approve(20_000), approve(20_001)
        assert send(first, paystack) is PayoutState.SENT
        assert flows.send_many([first.id, second.id], paystack=paystack, actor=SYSTEM) == 1
        assert send(second, paystack) is PayoutState.SENT
        assert leaving.transfers(sandbox, first, second) == sorted([first.payout_id, second.payout_id])


class TestASwitch:
    def test_lets_nothing_go_and_then_what_waited_together(
        self, sandbox: SandboxProcess, approve: Approve, work_off: WorkOff
    ) -> None:
        asked = [approve(20_000 + each) for each in range(2)]
        before = sandbox.calls("/transfer/bulk")
        with switched.stopped("rail:bank"):
            work_off(LATER)
            assert [leaving.now(one).state for one in asked] == [State.APPROVED] * 2
            assert leaving.transfers(sandbox, *asked) == []
        work_off()
        sandbox.flush()
        work_off(timedelta(minutes=20))
        assert [state(one) for one in asked] == [("paid", "settled")] * 2
        assert sandbox.calls("/transfer/bulk") == before + 1

    def test_does_not_keep_what_the_vendor_has_from_being_heard_of(
        self, sandbox: SandboxProcess, approve: Approve, paystack: Paystack
    ) -> None:
        sandbox.knobs(transfer_outcome="pending-forever")
        asked = approve(20_000)
        sandbox.knobs(answer="drop", answer_times=1)
        with pytest.raises(Exception, match="Look before"):
            send(asked, paystack)
        with switched.stopped("all"):
            with pytest.raises(SwitchedOff):
                send(asked, paystack)
            assert state(asked) == ("sent", "sending")

    def test_keeps_what_waits_for_a_float_from_being_taken_up(
        self, sandbox: SandboxProcess, approve: Approve, paystack: Paystack
    ) -> None:
        asked = approve(20_000)
        with leaving.dry(paystack, sandbox):
            assert send(asked, paystack) is PayoutState.AWAITING_FLOAT
        with switched.stopped("asset:NGN"), pytest.raises(DBAPIError) as said, transaction(SYSTEM):
            payouts.take_up(asked.payout_id, actor=SYSTEM)
        assert sqlstate(said.value) == "BU004"

    def test_turns_itself_off_before_the_payout_that_is_too_much(
        self, sandbox: SandboxProcess, approve: Approve, paystack: Paystack
    ) -> None:
        asked = approve(20_000)
        with clock.at(clock.now() + timedelta(days=200)):
            with transaction(SYSTEM):
                payouts.begin(ids.new("po"), amount=naira(50_000_001), recipient_code="RCP_x", actor=SYSTEM)
            with pytest.raises(SwitchedOff):
                send(asked, paystack)
        assert leaving.transfers(sandbox, asked) == []
        (off,) = (one for one in risk.switches_off_for_operators() if one.scope == "rail:bank")
        leave()
        switched.on(off.id)
