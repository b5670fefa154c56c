"""What restrictions stop, and what they do not: at the commands, in the books, at the same moment, after their end."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core import actor
from app.core.db import db, for_everyone, leave, rows, transaction
from app.core.errors import Refusal
from app.core.permissions import Role
from app.customers import service as customers
from app.customers.errors import AccountFrozen
from app.governance import service as governance
from app.ledger import chart, posting
from app.ledger.errors import AccountBlocked
from app.ledger.journal import Journal, credit, debit
from app.payments import deposits
from app.payments import flows as payments_flows
from app.payments import queries as payments
from app.payments.errors import NotPlaceable, PlacingAskedAlready, TakesNothingIn
from app.payments.rules import DepositState, SuspenseState
from app.restrictions import service as restrictions
from app.restrictions.errors import Restricted
from app.restrictions.rules import Kind, Way
from app.wallets import service as wallets
from app.withdrawals import queries, service
from app.withdrawals.models import Withdrawal
from app.withdrawals.rules import State
from tests.makers import asking, books, coins, people, restricted
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess

WorkOff = Callable[..., int]
SYSTEM = actor.system("test")
LOCK = "lock"  # the freeze of the account, which counts like a restriction
NOTHING = ""
BITCOIN = coins.BTC


@pytest.fixture
def owner(inside: Flask, sandbox: SandboxProcess) -> Customer:
    """Somebody with NGN 100,000."""
    found = people.customer(enrolled=True)
    people.paid_in(found, naira(100_000), app=inside, sandbox=sandbox)
    return found


@pytest.fixture
def account(inside: Flask, owner: Customer) -> str:
    return people.bank_account(owner, app=inside)


def put(owner: Customer, what: str) -> None:
    """Have this stand."""
    if what == LOCK:
        with transaction(owner.actor):
            customers.lock(owner.id, here="", actor=owner.actor)
    elif what:
        restricted.placed(owner, Kind(what))
    leave()


def ask(owner: Customer, account: str) -> Withdrawal:
    with transaction(owner.actor):
        asked = service.request(owner.id, bank_account_id=account, amount=naira(5_000), actor=owner.actor)
    return people.looked_into(asked.id)


def approve(withdrawal: Withdrawal) -> None:
    who = actor.operator(people.operator(Role.TREASURY)[0])
    with transaction(who):
        service.approve(withdrawal.id, operator_id=who.id, content_hash=withdrawal.content_hash, owns=None, actor=who)


def begin(withdrawal: Withdrawal) -> None:
    with transaction(SYSTEM):
        service.begin_sending(withdrawal.id, actor=SYSTEM)


def state_of(withdrawal: Withdrawal) -> str:
    leave()
    return queries.one_for_operators(withdrawal.id).state


def frozen(code: str) -> tuple[bool, bool]:
    """Whether an account in the books is frozen for debits, and for credits."""
    leave()
    (found,) = rows("SELECT no_debits, no_credits FROM ledger.balances WHERE code = :code AND stripe = 0", code=code)
    leave()
    return found.no_debits, found.no_credits


def refusal_of(deed: Callable[[], object]) -> type[Refusal] | None:
    try:
        deed()
    except Refusal as refused:
        leave()
        return type(refused)
    return None


class TestEachCommandUnderEachKind:
    TABLE = (
        # what stands, and what it says to: a withdrawal asked for, one approved, a deposit begun, a trade
        (NOTHING, None, None, None, None),
        (Kind.NO_DEBIT, Restricted, Restricted, None, Restricted),
        (Kind.NO_CREDIT, None, None, Restricted, Restricted),
        (Kind.NO_TRADE, None, None, None, Restricted),
        (Kind.LEGAL_HOLD, Restricted, Restricted, None, Restricted),
        (LOCK, AccountFrozen, AccountFrozen, None, AccountFrozen),
    )

    @pytest.mark.parametrize(("what", "asking", "sending", "deposit", "trade"), TABLE)
    def test_is_as_the_table_says(
        self,
        owner: Customer,
        account: str,
        what: str,
        asking: type[Refusal] | None,
        sending: type[Refusal] | None,
        deposit: type[Refusal] | None,
        trade: type[Refusal] | None,
    ) -> None:
        approved = ask(owner, account)
        approve(approved)
        put(owner, what)

        def start_deposit() -> None:
            with transaction(owner.actor):
                deposits.start(owner.id, amount=naira(500), actor=owner.actor)

        def swap() -> None:
            with transaction(owner.actor):
                restrictions.refuse(owner.id, way=Way.TRADE)

        assert refusal_of(lambda: ask(owner, account)) is asking
        assert refusal_of(lambda: begin(approved)) is sending
        assert refusal_of(start_deposit) is deposit
        assert refusal_of(swap) is trade

    def test_the_table_has_every_kind(self) -> None:
        assert {row[0] for row in self.TABLE} == {NOTHING, LOCK, *Kind}


class TestTheBooks:
    @pytest.mark.parametrize(
        ("what", "directions"),
        [
            (NOTHING, (False, False)),
            (Kind.NO_DEBIT, (True, False)),
            (Kind.NO_CREDIT, (False, True)),
            (Kind.NO_TRADE, (False, False)),
            (Kind.LEGAL_HOLD, (True, False)),
            (LOCK, (True, False)),
        ],
    )
    def test_refuse_the_frozen_direction_whoever_posts(
        self, owner: Customer, what: str, directions: tuple[bool, bool]
    ) -> None:
        put(owner, what)
        assert frozen(owner.account) == directions
        other = books.account()
        out, back = books.move(owner.account, other, 100), books.move(other, owner.account, 100)
        refused = tuple(refusal_of(partial(books.post, moved)) is AccountBlocked for moved in (out, back))
        assert refused == directions

    def test_hold_nothing_of_what_may_not_go_out(self, owner: Customer) -> None:
        put(owner, Kind.NO_DEBIT)
        with pytest.raises(AccountBlocked):
            books.hold(owner.account, 100)

    def test_follow_the_union_as_it_grows_and_shrinks(self, owner: Customer) -> None:
        first = restricted.placed(owner, Kind.NO_DEBIT)
        second = restricted.placed(owner, Kind.LEGAL_HOLD, reason="court_order")
        third = restricted.placed(owner, Kind.NO_CREDIT)
        assert frozen(owner.account) == (True, True)
        restricted.lifted(first)
        assert frozen(owner.account) == (True, True)
        restricted.lifted(third)
        assert frozen(owner.account) == (True, False)
        put(owner, LOCK)
        restricted.lifted(second, authority="Federal High Court Lagos, FHC/L/CS/1/2026")
        assert frozen(owner.account) == (True, False)
        with transaction(SYSTEM):
            customers.unlock(owner.id, actor=SYSTEM)
        assert frozen(owner.account) == (False, False)

    def test_have_a_wallet_that_is_opened_later_frozen_too(self, owner: Customer) -> None:
        put(owner, Kind.NO_DEBIT)
        restricted.placed(owner, Kind.NO_CREDIT)
        with transaction(SYSTEM):
            wallets.open_wallet(owner.id, asset=BITCOIN)
        assert frozen(chart.of_customer(owner.id, asset=BITCOIN)) == (True, True)

    def test_leave_the_neighbour_alone(self, owner: Customer) -> None:
        other = people.customer()
        put(owner, Kind.NO_DEBIT)
        assert frozen(other.account) == (False, False)


class TestMoneyUnderWay:
    @pytest.mark.parametrize("what", [Kind.NO_DEBIT, Kind.NO_CREDIT, Kind.LEGAL_HOLD, LOCK])
    def test_what_was_sent_settles_and_comes_back_and_the_account_stays_frozen(
        self, owner: Customer, account: str, what: str
    ) -> None:
        sent = ask(owner, account)
        approve(sent)
        begin(sent)
        put(owner, what)
        before = frozen(owner.account)
        with transaction(SYSTEM):
            service.settle(sent.payout_id, actor=SYSTEM)
        assert state_of(sent) == State.SETTLED
        assert owner.balance().booked == naira(100_000) - sent.amount - sent.fee
        assert frozen(owner.account) == before
        with transaction(SYSTEM):
            service.take_back(sent.payout_id, actor=SYSTEM)
        assert state_of(sent) == State.RETURNED
        assert frozen(owner.account) == before != (False, False)

    def test_what_was_approved_waits_and_goes_at_once_when_it_is_lifted(
        self, owner: Customer, account: str, work_off: WorkOff
    ) -> None:
        waiting = ask(owner, account)
        approve(waiting)
        first, second = restricted.placed(owner), restricted.placed(owner, Kind.LEGAL_HOLD, reason="court_order")
        work_off(timedelta(minutes=6))
        assert state_of(waiting) == State.APPROVED
        restricted.lifted(first)
        work_off()
        assert state_of(waiting) == State.APPROVED
        restricted.lifted(second, authority="EFCC Lagos, CR/1/2026")
        work_off()
        assert state_of(waiting) in {State.SENDING, State.SETTLED}

    def test_its_owner_can_still_take_a_request_back(self, owner: Customer, account: str) -> None:
        withdrawal = ask(owner, account)
        put(owner, Kind.NO_DEBIT)
        with transaction(owner.actor):
            service.cancel(withdrawal.id, customer_id=owner.id, actor=owner.actor)
        assert owner.balance().held == naira(0)

    def test_money_that_comes_for_who_takes_none_stands_in_suspense(
        self, inside: Flask, owner: Customer, sandbox: SandboxProcess
    ) -> None:
        deposit_id, reference = people.open_deposit(owner, naira(700), app=inside)
        put(owner, Kind.NO_CREDIT)
        sandbox.pay(reference)
        paystack = inside.extensions["clients"].paystack
        payments_flows.watch_deposit(deposit_id, paystack=paystack, actor=SYSTEM)
        leave()
        assert payments.deposit(deposit_id, customer_id=owner.id).state == DepositState.SUSPENDED
        items = payments.suspense_for_operators(state=SuspenseState.OPEN, limit=100)
        (item,) = [each for each in items if each.reference == reference]
        assert item.journal_id is not None
        assert item.reason.startswith("restricted:")
        assert restricted.NOTE not in item.reason
        assert owner.balance().booked == naira(100_000)

    def test_what_waited_in_suspense_is_placed_by_two_once_and_counts(self, owner: Customer, work_off: WorkOff) -> None:
        item_id = restricted.waiting(owner)
        deposit = payments.placeable_for_operators(payments.suspense_item_for_operators(item_id))
        assert deposit is not None
        with pytest.raises(DBAPIError, match="two people place"), transaction(SYSTEM):
            db.session.execute(text("UPDATE deposits SET state = 'credited' WHERE id = :id"), {"id": deposit.id})
        finance, treasury = people.operator(Role.FINANCE)[0], people.operator(Role.TREASURY)[0]
        stopped = restricted.placed(owner, Kind.NO_CREDIT)
        assert refusal_of(lambda: asking.placing_of(item_id, finance)) is TakesNothingIn
        restricted.lifted(stopped)
        asked = asking.placing_of(item_id, finance)
        assert refusal_of(lambda: asking.placing_of(item_id, finance)) is PlacingAskedAlready
        with transaction(who := actor.operator(treasury)):
            governance.approve(asked.id, operator_id=treasury, shown=asked.payload_hash, actor=who)
        work_off()
        assert owner.balance().booked == naira(100_700)
        assert payments.deposit(deposit.id, customer_id=owner.id).state == DepositState.CREDITED
        assert payments.suspense_item_for_operators(item_id).state == SuspenseState.RESOLVED
        (use,) = rows("SELECT settled_at FROM limit_uses WHERE ref = :ref", ref=f"{deposit.id}:came")
        assert use.settled_at
        assert refusal_of(lambda: asking.placing_of(item_id, finance)) is NotPlaceable

    def test_no_checkout_is_opened_for_a_deposit_of_before(self, inside: Flask, owner: Customer) -> None:
        with transaction(owner.actor):
            deposit = deposits.start(owner.id, amount=naira(700), actor=owner.actor)
        put(owner, Kind.NO_CREDIT)
        with pytest.raises(Restricted):
            payments_flows.open_checkout(
                deposit,
                paystack=inside.extensions["clients"].paystack,
                email=owner.email,
                callback_url="http://localhost/",
                actor=owner.actor,
            )
        leave()
        assert payments.deposit(deposit.id, customer_id=owner.id).state == DepositState.STARTED

    @pytest.mark.parametrize("what", [Kind.NO_DEBIT, Kind.LEGAL_HOLD, LOCK])
    def test_money_still_comes_in_where_only_the_way_out_is_stopped(
        self, inside: Flask, owner: Customer, sandbox: SandboxProcess, what: str
    ) -> None:
        put(owner, what)
        people.paid_in(owner, naira(500), app=inside, sandbox=sandbox)
        assert owner.balance().available == naira(100_500)


class TestAtTheSameMoment:
    def test_placing_waits_for_a_request_under_way_and_stops_the_next(
        self, app: Flask, owner: Customer, account: str
    ) -> None:
        done = threading.Event()
        officer = people.operator(Role.COMPLIANCE_OFFICER)[0]

        def place() -> None:
            with app.app_context(), for_everyone():
                restricted.placed(owner, by=officer)
            done.set()

        placing = threading.Thread(target=place)
        with transaction(owner.actor):
            service.request(owner.id, bank_account_id=account, amount=naira(1_000), actor=owner.actor)
            placing.start()
            assert not done.wait(0.5)
        placing.join(10)
        assert done.is_set()
        with pytest.raises(Restricted):
            ask(owner, account)

    def test_a_request_waits_for_a_placing_under_way_and_is_refused(
        self, app: Flask, owner: Customer, account: str
    ) -> None:
        said: list[type[Refusal] | None] = []
        who = actor.operator(people.operator(Role.COMPLIANCE_OFFICER)[0])

        def request() -> None:
            with app.app_context(), for_everyone():
                said.append(refusal_of(lambda: ask(owner, account)))

        asking = threading.Thread(target=request)
        with transaction(who):
            restrictions.place(owner.id, kind=Kind.NO_DEBIT, reason="court_order", note="Order.", actor=who)
            asking.start()
            asking.join(0.5)
            assert said == []
        asking.join(10)
        assert said == [Restricted]
        leave()
        assert owner.balance().held == naira(0)


def test_a_capture_without_the_room_s_leave_is_refused(owner: Customer, account: str) -> None:
    """The books stand by themselves: it is `already_under_way` that lets what was sent settle."""
    hold = books.hold(owner.account, 1_000)
    put(owner, Kind.NO_DEBIT)
    other = books.account()
    journal = Journal(
        "test.moved", books.fresh("ref"), (debit(owner.account, books.kobo(1_000)), credit(other, books.kobo(1_000)))
    )
    with pytest.raises(AccountBlocked), transaction(SYSTEM):
        posting.capture(hold.hold_id, journal=journal, key=books.fresh())
