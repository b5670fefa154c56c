"""Limits where money moves: deposits and withdrawals as their doors' services do them, one at a time and in a crowd."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from app.clients.paystack import Charge
from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.core.errors import Refusal
from app.core.permissions import Role
from app.customers import queries as customers
from app.customers.rules import Tier
from app.identity import factors, recovery, renewal, rules, security
from app.identity import queries as identity
from app.identity import service as identity_service
from app.identity.rules import Audience
from app.ledger.errors import InsufficientFunds
from app.payments import deposits
from app.payments import queries as payments_queries
from app.payments.rules import DepositState
from app.risk import errors, queries
from app.risk.rules import Scope
from app.withdrawals import service as withdrawals
from app.withdrawals.errors import FeeChanged
from reports import limits as reports
from tests.makers import care, crowd, people
from tests.makers.bare import act_as
from tests.makers.books import refused, undone
from tests.makers.people import Customer, naira

TEST = actor.system("test")
DOMAIN = "test"


@pytest.fixture
def somebody(inside: Flask) -> Callable[[Tier], tuple[Customer, str]]:
    """A new customer of a tier with a factor, a phone and a bank account that is not new."""

    def make(tier: Tier) -> tuple[Customer, str]:
        found = people.customer(enrolled=True, tier=tier)
        account = people.bank_account(found, app=inside)
        leave()
        return found, account

    return make


def begins(who: Customer, amount: int) -> str:
    """They begin a deposit of so many naira: its id."""
    with transaction(who.actor):
        deposit_id = deposits.start(who.id, amount=naira(amount), actor=who.actor).id
    leave()
    return deposit_id


def comes(deposit_id: str) -> str:
    """Its charge comes, as the vendor verified it: the deposit's state."""
    deposit = payments_queries.deposit_for_system(deposit_id=deposit_id)
    assert deposit is not None
    units, reference = deposit.amount.units, deposit.reference
    leave()
    charge = Charge(reference, "success", units, units, 0, "NGN", DOMAIN, "bank_transfer", clock.now())
    with transaction(TEST):
        state = deposits.settle(deposit_id, charge=charge, our_domain=DOMAIN, actor=TEST)
    leave()
    return state


def given_up(deposit_id: str) -> None:
    """Nobody pays."""
    with transaction(TEST):
        deposits.give_up(deposit_id, reason="nobody paid in time", actor=TEST)
    leave()


def asks(who: Customer, account: str, amount: int, **more: object) -> str:
    """They ask for so many naira out: the withdrawal's id."""
    with transaction(who.actor):
        made = withdrawals.request(
            who.id,
            bank_account_id=account,
            amount=naira(amount),
            actor=who.actor,
            **more,  # type: ignore[arg-type]
        )
        withdrawal_id = made.id
    leave()
    return withdrawal_id


def takes_back(who: Customer, withdrawal_id: str) -> None:
    """They cancel it."""
    with transaction(who.actor):
        withdrawals.cancel(withdrawal_id, customer_id=who.id, actor=who.actor)
    leave()


def sent(withdrawal_id: str) -> str:
    """It is approved, and its payout begun: the payout's id."""
    asked = people.looked_into(withdrawal_id)
    for leg in asked.legs:
        who = actor.operator(people.operator(Role(leg["roles"][0]))[0])
        with transaction(who):
            withdrawals.approve(
                withdrawal_id, operator_id=who.id, content_hash=asked.content_hash, owns=None, actor=who
            )
    with transaction(TEST):
        assert withdrawals.begin_sending(withdrawal_id, actor=TEST)
    leave()
    return withdrawal_id.replace("wd_", "po_")


def bound(no: pytest.ExceptionInfo[errors.LimitExceeded]) -> tuple[str, str]:
    """Which limit it was, and what is left of it."""
    return no.value.facts["bound"], no.value.facts["left"]


Maker = Callable[[Tier], tuple[Customer, str]]


class TestNobodyVerified:
    def test_moves_anything(self, somebody: Maker) -> None:
        who, account = somebody(Tier.T0)
        with pytest.raises(errors.TierTooLow):
            begins(who, 100)
        with pytest.raises(errors.TierTooLow):
            asks(who, account, 100)
        assert rows("SELECT count(*) AS n FROM deposits WHERE customer_id = :id", id=who.id)[0].n == 0


class TestDeposits:
    def test_count_from_their_intent(self, somebody: Maker) -> None:
        who, _ = somebody(Tier.T1)
        with pytest.raises(errors.LimitExceeded) as no:
            begins(who, 50_001)
        assert bound(no) == ("single", "5000000")
        for _ in range(6):
            begins(who, 50_000)
        with pytest.raises(errors.LimitExceeded) as no:
            begins(who, 100)
        assert bound(no) == ("balance", "0")

    def test_that_are_given_up_do_not_count(self, somebody: Maker) -> None:
        who, _ = somebody(Tier.T1)
        begun = [begins(who, 50_000) for _ in range(6)]
        given_up(begun[0])
        begins(who, 50_000)

    def test_count_once_when_they_come(self, somebody: Maker) -> None:
        who, _ = somebody(Tier.T1)
        for _ in range(6):
            assert comes(begins(who, 50_000)) == DepositState.CREDITED
        assert who.balance().booked == naira(300_000)
        with pytest.raises(errors.LimitExceeded):
            begins(who, 100)

    def test_that_come_after_all_are_credited_count_and_are_seen(self, somebody: Maker) -> None:
        who, _ = somebody(Tier.T1)
        late = begins(who, 50_000)
        given_up(late)
        for _ in range(6):
            comes(begins(who, 50_000))
        assert comes(late) == DepositState.CREDITED
        assert comes(late) == DepositState.CREDITED  # (told again)
        assert who.balance().booked == naira(350_000)
        (over,) = queries.over_for_operators(customer_id=who.id)
        assert (over.over, int(over.units)) == ("balance", 50_000_00)
        assert reports.of_customer(customer_id=who.id).passed
        with pytest.raises(errors.LimitExceeded):
            begins(who, 100)

    def test_of_a_tier_that_fell_meanwhile_are_credited(self, somebody: Maker) -> None:
        who, _ = somebody(Tier.T1)
        late = begins(who, 50_000)
        given_up(late)
        people.verify(who.id, Tier.T0)
        assert comes(late) == DepositState.CREDITED
        assert [use.over for use in queries.over_for_operators(customer_id=who.id)] == ["blocked"]


class TestWithdrawals:
    @pytest.fixture
    def rich(self, somebody: Maker) -> tuple[Customer, str]:
        """Tier 1, with all that fits."""
        who, account = somebody(Tier.T1)
        for _ in range(6):
            comes(begins(who, 50_000))
        return who, account

    def test_count_while_they_wait_and_not_once_they_are_taken_back(self, rich: tuple[Customer, str]) -> None:
        who, account = rich
        first = asks(who, account, 50_000)  # the fee is on top, and does not count
        with pytest.raises(errors.LimitExceeded) as no:
            asks(who, account, 100)
        assert bound(no) == ("day", "0")
        takes_back(who, first)
        asks(who, account, 50_000)

    def test_that_were_refused_hold_nothing(self, rich: tuple[Customer, str]) -> None:
        who, account = rich
        with pytest.raises(errors.LimitExceeded):
            asks(who, account, 60_000)
        assert who.balance().held == naira(0)

    def test_without_the_money_do_not_count(self, somebody: Maker) -> None:
        who, account = somebody(Tier.T1)
        comes(begins(who, 30_000))
        with pytest.raises(InsufficientFunds):
            asks(who, account, 40_000)
        asks(who, account, 29_000)

    def test_that_the_bank_sent_back_do_not_count(self, rich: tuple[Customer, str]) -> None:
        who, account = rich
        payout_id = sent(asks(who, account, 50_000))
        with transaction(TEST):
            withdrawals.settle(payout_id, actor=TEST)
        leave()
        with pytest.raises(errors.LimitExceeded):
            asks(who, account, 100)
        with transaction(TEST):
            withdrawals.take_back(payout_id, actor=TEST)
        leave()
        asks(who, account, 50_000)

    def test_cost_what_was_shown_or_are_asked_again(self, rich: tuple[Customer, str]) -> None:
        who, account = rich
        with pytest.raises(FeeChanged):
            asks(who, account, 20_000, shown_fee=naira(10))
        asks(who, account, 20_000, shown_fee=naira(25))


class TestATierThatRises:
    """It waits for a day after what opens the account was changed; before and after, it counts at once."""

    @pytest.fixture
    def who(self, somebody: Maker) -> Customer:
        """Tier 1."""
        return somebody(Tier.T1)[0]

    def changes_how_they_sign_in(self, who: Customer) -> datetime:
        with transaction(TEST):
            security.note_change(who.login_id)
        changed_at = identity.security_changes(owner=who.login_id)[0]
        leave()
        return changed_at

    def test_counts_at_once(self, who: Customer) -> None:
        people.verify(who.id, Tier.T2)
        begins(who, 100_000)

    def test_after_such_a_change_waits_for_a_day(self, who: Customer) -> None:
        changed_at = self.changes_how_they_sign_in(who)
        people.verify(who.id, Tier.T2)
        people.verify(who.id, Tier.T3)
        over = changed_at + timedelta(hours=24)
        with clock.at(over - timedelta(microseconds=1)):
            found = customers.tier_in_force(owner=who.id)
            assert (found.tier, found.counts, found.waits_until) == (Tier.T3, Tier.T1, over)
            with pytest.raises(errors.LimitExceeded, match="your new limits begin on") as no:
                begins(who, 100_000)
            assert bound(no) == ("single", "5000000")
        with clock.at(over):
            assert customers.tier_in_force(owner=who.id).counts == Tier.T3
            begins(who, 100_000)

    def test_goes_on_waiting_when_it_is_changed_again(self, who: Customer) -> None:
        first = self.changes_how_they_sign_in(who)
        people.verify(who.id, Tier.T3)
        for hours in (20, 40):  # (the first is over by then; what waited for it had not begun to count)
            with clock.at(first + timedelta(hours=hours)):
                again = self.changes_how_they_sign_in(who)
        with clock.at(again):
            found = customers.tier_in_force(owner=who.id)
            assert (found.counts, found.waits_until) == (Tier.T1, again + timedelta(hours=24))
            with pytest.raises(errors.LimitExceeded, match="your new limits begin on"):
                begins(who, 100_000)

    def test_before_such_a_change_goes_on_counting(self, who: Customer) -> None:
        people.verify(who.id, Tier.T2)
        self.changes_how_they_sign_in(who)
        begins(who, 100_000)

    def test_falls_at_once(self, who: Customer) -> None:
        self.changes_how_they_sign_in(who)
        people.verify(who.id, Tier.T0)
        with pytest.raises(errors.TierTooLow):
            begins(who, 100)

    @pytest.mark.parametrize("what", ["password", "factor", "phone", "address"])
    def test_each_such_change_is_noted(self, who: Customer, what: str) -> None:
        CHANGED[what](who)
        assert identity.security_changes(owner=who.login_id)

    def test_a_first_factor_and_a_first_phone_are_no_such_change(self, who: Customer) -> None:
        assert not identity.security_changes(owner=who.login_id)


def another_password(who: Customer) -> None:
    with transaction(TEST):
        here = identity_service.open_session(
            who.login_id, audience=Audience.CUSTOMER, device=identity_service.Device("a test's")
        )
        renewal.change(
            who.login_id, present=people.PASSWORD, password="several entirely other words", here=here.session_id
        )
    leave()


def no_factor(who: Customer) -> None:
    with transaction(TEST):
        factors.drop_all(who.login_id)
    leave()


def another_phone(who: Customer) -> None:
    with clock.at(clock.now() + timedelta(minutes=2)):  # (a code follows another no faster)
        people.waiting_number(who.login_id, people.phone_number())
        people.confirm_phone(who.login_id)
    leave()


def another_address(who: Customer) -> None:
    with clock.at(clock.now() - rules.RECOVERY_COOLS):
        recovery_id = care.lost_mailbox(who)
    with transaction(TEST):
        recovery.carry_out(recovery_id, actor=TEST)
    leave()


CHANGED = {"password": another_password, "factor": no_factor, "phone": another_phone, "address": another_address}


class TestItsHistory:
    def test_is_written_with_each_change_and_told(self, somebody: Maker) -> None:
        who, _ = somebody(Tier.T1)
        people.verify(who.id, Tier.T2)
        people.verify(who.id, Tier.T2)
        told = rows(
            "SELECT facts FROM outbox WHERE name = 'customers.tier_changed' AND facts ->> 'customer_id' = :id"
            " ORDER BY id",
            id=who.id,
        )
        assert [(one.facts["was"], one.facts["now"]) for one in told] == [("t0", "t1"), ("t1", "t2")]
        assert [(one.was, one.became, one.actor) for one in customers.tier_changes(customer_id=who.id)] == [
            ("t1", "t2", "system:test"),
            ("t0", "t1", "system:test"),
        ]

    def test_is_asked_for_by_the_database(self, somebody: Maker, owner_engine: Engine) -> None:
        who, _ = somebody(Tier.T1)
        with undone(owner_engine) as connection:
            act_as(connection, "system:test")
            connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))
            for tier in ("t0", "t2"):
                assert (
                    refused(connection, "UPDATE customers SET tier = :t WHERE id = :id", t=tier, id=who.id) == "BU005"
                )


OUT_OF_A_DAY, TO_HAVE = 50_000_00, 300_000_00
Act = tuple[str, int, str]
ACTS = st.one_of(
    st.tuples(st.just("in"), st.integers(100, 60_000), st.sampled_from(["comes", "stays", "given up"])),
    st.tuples(st.just("out"), st.integers(100, 60_000), st.sampled_from(["stays", "taken back"])),
)


def act(who: Customer, account: str, what: Act) -> None:
    """One thing that they do, to its end."""
    way, amount, end = what
    if way == "in":
        deposit_id = begins(who, amount)
        if end == "comes":
            comes(deposit_id)
        elif end == "given up":
            given_up(deposit_id)
    else:
        withdrawal_id = asks(who, account, amount)
        if end == "taken back":
            takes_back(who, withdrawal_id)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, min_size=3, max_size=8))
def test_no_crowd_at_the_doors_passes_a_limit(app: Flask, inside: Flask, acts: list[Act]) -> None:
    """Seen in the deposits and withdrawals themselves, not in what was counted of them."""
    who = people.customer(enrolled=True, tier=Tier.T1)
    account = people.bank_account(who, app=inside)
    for _ in range(4):
        comes(begins(who, 50_000))
    leave()
    answers = crowd.at_once(app, [partial(act, who, account, what) for what in acts])
    assert all(answer is None or isinstance(answer, Refusal) for answer in answers), answers
    (out,) = rows(
        "SELECT coalesce(sum(amount_units), 0) AS units FROM withdrawals"
        " WHERE customer_id = :id AND state NOT IN ('cancelled', 'rejected', 'failed', 'returned')",
        id=who.id,
    )
    (coming,) = rows(
        "SELECT coalesce(sum(amount_units), 0) AS units, max(amount_units) AS most FROM deposits"
        " WHERE customer_id = :id AND state IN ('started', 'awaiting_payment')",
        id=who.id,
    )
    assert int(out.units) <= OUT_OF_A_DAY
    assert who.balance().booked.units + int(coming.units) <= TO_HAVE
    leave()
    # Nothing was refused that fits, either: what is counted is what there is.
    standing = {one.scope: one.measured for one in queries.standings(who.id, tier=Tier.T1)}
    assert standing[Scope("bank", "out", "*")].day == int(out.units)
    assert standing[Scope("bank", "in", "*")].balance == who.balance().booked.units + int(coming.units)
    leave()
