"""Disputes: what is held while they last, what is booked when they are lost, and what late or false news change."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core import actor, clock
from app.core.db import db, leave, rows, transaction
from app.core.money import NGN, zero
from app.core.permissions import Role
from app.disputes import errors, queries, rules, service
from app.disputes.models import Dispute
from app.disputes.rules import State
from app.ledger import balances, chart, posting
from app.payments import placing, postings, refunds, suspense
from app.payments.errors import ChargeDisputed
from app.payments.models import SuspenseItem
from app.payments.suspense import Trouble
from app.restrictions.rules import Kind
from tests.makers import giving_back, mailbox, paying, people, restricted
from tests.makers.giving_back import ANSWERED, LOST, OPENED, WON, dispute, told_dispute
from tests.makers.people import Customer, naira

SYSTEM = actor.system("test")
WORTH = naira(50_000)
pytestmark = pytest.mark.usefixtures("inside")


def booked(template: str) -> int:
    found = balances.of(chart.house(template, asset=NGN)).booked.units
    leave()
    return found


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer()


@pytest.fixture
def charge(owner: Customer) -> str:
    return giving_back.credited(owner, WORTH)


@pytest.fixture
def opened(charge: str) -> Dispute:
    return dispute(told_dispute(charge, WORTH), WORTH)


@pytest.fixture
def overdue(charge: str) -> Dispute:
    """One that should have ended some days ago."""
    return dispute(told_dispute(charge, WORTH, due_at=clock.now() - timedelta(days=3)), WORTH)


def later(found: Dispute, said: tuple[str, str] = OPENED, *, amount: int = 0, from_balance: int = 0) -> Dispute:
    """The same dispute, in other news."""
    worth = naira(amount) if amount else WORTH
    told = told_dispute(found.reference, worth, said, vendor_id=found.vendor_id)
    return dispute(told, worth, from_balance=naira(from_balance))


class TestWhileItLasts:
    def test_what_it_is_about_is_held(self, owner: Customer, opened: Dispute) -> None:
        assert (opened.state, opened.customer_id, opened.held) == (State.OPEN, owner.id, WORTH)
        assert owner.balance().available == naira(0)
        assert owner.balance().booked == WORTH

    def test_told_again_it_is_one_and_held_once(self, owner: Customer, opened: Dispute) -> None:
        giving_back.credited(owner, naira(7_000))
        assert later(opened).id == opened.id
        assert owner.balance().held == WORTH

    def test_more_is_held_when_more_comes(self, owner: Customer, charge: str) -> None:
        giving_back.spent(owner, naira(40_000))
        found = dispute(told_dispute(charge, WORTH), WORTH)
        assert found.held == naira(10_000)
        giving_back.credited(owner, naira(5_000))
        assert later(found).held == naira(15_000)
        assert owner.balance().available == naira(0)

    def test_what_comes_is_held_for_it(self, owner: Customer, charge: str, work_off: Callable[..., int]) -> None:
        giving_back.spent(owner, naira(40_000))
        found = dispute(told_dispute(charge, WORTH), WORTH)
        giving_back.credited(owner, naira(5_000))
        work_off()
        assert queries.one_for_system(found.id).held == naira(15_000)
        assert owner.balance().available == naira(0)

    def test_each_is_held_for_in_a_transaction_of_its_own(
        self, owner: Customer, charge: str, work_off: Callable[..., int]
    ) -> None:
        """In one, two that are about one balance would wait for each other's."""
        giving_back.spent(owner, naira(50_000))
        made = [dispute(told_dispute(charge, naira(3_000)), naira(3_000)).id for _ in range(2)]
        work_off()
        giving_back.credited(owner, naira(5_000))
        work_off()
        assert (
            len({row.by for row in rows("SELECT xmin::text AS by FROM disputes WHERE id = ANY(:ids)", ids=made)}) == 2
        )
        held = [queries.one_for_system(each).held for each in made]
        assert held == [naira(3_000), naira(2_000)]

    def test_and_of_a_frozen_account(self, owner: Customer, charge: str) -> None:
        restricted.placed(owner, Kind.NO_DEBIT)
        assert dispute(told_dispute(charge, WORTH), WORTH).held == WORTH
        assert owner.balance().no_debits

    def test_an_answer_is_not_its_end(self, owner: Customer, opened: Dispute) -> None:
        assert later(opened, ANSWERED).state == State.ANSWERED
        assert later(opened).state == State.OPEN
        assert owner.balance().held == WORTH


class TestItsEnd:
    def test_one_that_was_won_frees_the_money(self, owner: Customer, opened: Dispute) -> None:
        found = later(opened, WON)
        assert (found.state, found.journal_id, found.lost_units) == (State.WON, None, None)
        assert owner.balance().available == WORTH

    def test_one_that_was_lost_is_booked_once(self, owner: Customer, opened: Dispute) -> None:
        clearing, balance = booked(chart.PAYSTACK_CLEARING), booked(chart.PAYSTACK)
        for _ in range(2):
            found = later(opened, LOST, from_balance=20_000)
        assert (found.state, found.lost, found.owed) == (State.LOST, WORTH, zero(NGN))
        assert (owner.balance().booked, owner.balance().held) == (naira(0), naira(0))
        assert clearing - booked(chart.PAYSTACK_CLEARING) == naira(30_000).units
        assert balance - booked(chart.PAYSTACK) == naira(20_000).units

    def test_what_they_have_not_any_more_they_owe(self, owner: Customer, charge: str) -> None:
        giving_back.spent(owner, naira(40_000))
        owed = booked(chart.OWED_BY_CUSTOMERS)
        found = later(dispute(told_dispute(charge, WORTH), WORTH), LOST)
        assert (found.lost, found.owed) == (WORTH, naira(40_000))
        assert booked(chart.OWED_BY_CUSTOMERS) - owed == naira(40_000).units
        assert owner.balance().booked == naira(0)

    def test_what_they_were_never_credited_they_do_not_owe(self, owner: Customer, charge: str) -> None:
        losses = booked(chart.DISPUTE_LOSSES)
        found = later(dispute(told_dispute(charge, naira(50_850)), naira(50_850)), LOST, amount=50_850)
        assert (found.held, found.lost, found.owed) == (WORTH, naira(50_850), zero(NGN))
        assert booked(chart.DISPUTE_LOSSES) - losses == naira(850).units

    def test_a_part_that_was_accepted_takes_that_part(self, owner: Customer, opened: Dispute) -> None:
        found = later(opened, ("resolved", "merchant-accepted"), amount=20_000)
        assert found.lost == naira(20_000)
        assert owner.balance().available == naira(30_000)

    def test_the_first_we_hear_of_it_may_be_its_end(self, owner: Customer, charge: str) -> None:
        restricted.placed(owner, Kind.NO_DEBIT)
        found = dispute(told_dispute(charge, WORTH, LOST), WORTH)
        assert (found.state, owner.balance().booked) == (State.LOST, naira(0))
        assert owner.balance().no_debits

    @pytest.mark.parametrize(("first", "then"), [(WON, LOST), (LOST, WON), (LOST, OPENED)], ids=["won", "lost", "late"])
    def test_news_against_its_end_moves_nothing_and_is_seen(
        self, owner: Customer, opened: Dispute, first: tuple[str, str], then: tuple[str, str]
    ) -> None:
        ended = later(opened, first)
        before = owner.balance()
        assert later(opened, then).state == ended.state
        assert owner.balance() == before
        assert rows("SELECT 1 FROM suspense_items WHERE reference = :charge", charge=opened.reference)

    def test_one_whose_end_is_never_told_is_let_go_by_two(self, owner: Customer, overdue: Dispute) -> None:
        later(overdue, ("archived", ""))
        giving_back.agree(giving_back.ask_letting_go(overdue.id))
        assert queries.one_for_system(overdue.id).state == State.WON
        assert owner.balance().available == WORTH
        assert later(overdue, LOST).state == State.WON  # told after all: for people to see
        assert rows("SELECT 1 FROM suspense_items WHERE cause LIKE :cause", cause=f"{overdue.id}:resolved%")

    def test_nobody_lets_go_of_what_has_ended(self, overdue: Dispute) -> None:
        asked = giving_back.ask_letting_go(overdue.id)
        later(overdue, LOST)
        giving_back.agree(asked)
        assert queries.one_for_system(overdue.id).state == State.LOST

    def test_nor_of_what_may_end_by_itself_yet(self, opened: Dispute) -> None:
        assert opened.due_at is not None
        for moment in (clock.now(), opened.due_at + timedelta(hours=47)):
            with clock.at(moment), pytest.raises(errors.TooEarly):
                giving_back.ask_letting_go(opened.id)
            leave()

    def test_nor_when_it_was_given_more_time_meanwhile(self, overdue: Dispute) -> None:
        asked = giving_back.ask_letting_go(overdue.id)
        later(overdue)
        giving_back.agree(asked)
        assert queries.one_for_system(overdue.id).state == State.OPEN

    def test_nor_asks_for_it(self, opened: Dispute) -> None:
        later(opened, LOST)
        with pytest.raises(errors.DisputeEnded):
            giving_back.ask_letting_go(opened.id)

    def test_the_database_lets_go_by_two_only(self, opened: Dispute) -> None:
        with pytest.raises(DBAPIError, match="two people"), transaction(SYSTEM):
            service.let_go(opened.id, reason="alone", actor=SYSTEM)

    def test_words_that_say_nothing_end_nothing(self, owner: Customer, opened: Dispute) -> None:
        assert later(opened, ("archived", "")).state == State.OPEN
        assert owner.balance().held == WORTH
        assert rows("SELECT 1 FROM suspense_items WHERE reference = :charge", charge=opened.reference)


class TestWhatIsPending:
    def test_it_is_taken_out_of_what_is_held_of_a_fresh_deposit(self, owner: Customer) -> None:
        charge = giving_back.credited(owner, WORTH, channel="card")
        assert owner.balance().held == WORTH  # (not to be used yet)
        found = dispute(told_dispute(charge, naira(20_000)), naira(20_000))
        assert found.held == naira(20_000)
        assert owner.balance().held == WORTH
        lost = later(found, LOST, amount=20_000)
        assert (lost.owed, owner.balance().booked) == (zero(NGN), naira(30_000))
        assert owner.balance().held == naira(30_000)

    def test_also_when_its_loss_is_the_first_that_is_heard(self, owner: Customer) -> None:
        charge = giving_back.credited(owner, WORTH, channel="card")
        found = dispute(told_dispute(charge, WORTH, LOST), WORTH)
        assert (found.owed, owner.balance().booked, owner.balance().held) == (zero(NGN), naira(0), naira(0))


class TestRefundOfIt:
    def test_one_that_was_told_first_is_not_booked_twice(self, owner: Customer, charge: str) -> None:
        with transaction(SYSTEM):
            refunds.adopt(giving_back.told_refund(charge, WORTH, "processed"), actor=SYSTEM)
        assert owner.balance().booked == naira(0)
        owed = booked(chart.OWED_BY_CUSTOMERS)
        found = dispute(told_dispute(charge, WORTH, LOST), WORTH)
        assert (found.state, found.journal_id, found.lost) == (State.LOST, None, zero(NGN))
        assert booked(chart.OWED_BY_CUSTOMERS) == owed


class TestSuspense:
    def test_what_is_disputed_is_credited_to_nobody_meanwhile(self, inside: Flask, owner: Customer) -> None:
        item_id = paying.stray(naira(900))
        reference = db.session.get_one(SuspenseItem, item_id).reference
        leave()
        found = dispute(told_dispute(reference, naira(300)), naira(300))
        with pytest.raises(ChargeDisputed):
            placing.check_assigning(item_id, customer_id=owner.id)
        leave()
        later(found, WON, amount=300)
        assert placing.check_assigning(item_id, customer_id=owner.id)[1] == naira(900)
        leave()

    def test_what_nobody_was_credited_pays_for_itself(self, inside: Flask) -> None:
        reference = f"stray-{told_dispute('x', None).id}"
        with transaction(SYSTEM):
            journal = postings.suspended(ref=reference, paid=naira(900), fees=zero(NGN))
            journal_id = posting.post(journal, key=f"paystack:charge:{reference}").journal_id
            trouble = Trouble(f"charge:{reference}", "charge.success", reference, "whose?", naira(900))
            suspense.suspend(trouble, journal_id=journal_id, actor=SYSTEM)
        before, losses = booked(chart.SUSPENSE), booked(chart.DISPUTE_LOSSES)
        found = dispute(told_dispute(reference, naira(1_000), LOST), naira(1_000))
        assert (found.customer_id, found.owed) == (None, zero(NGN))
        assert before - booked(chart.SUSPENSE) == naira(900).units
        assert booked(chart.DISPUTE_LOSSES) - losses == naira(100).units
        assert refunds.source_of(reference) is None

    def test_a_charge_that_we_never_booked_is_not_booked_and_seen(self, inside: Flask) -> None:
        found = dispute(told_dispute("never-booked-charge-1", naira(10), LOST), naira(10))
        assert (found.state, found.journal_id) == (State.LOST, None)
        assert rows("SELECT 1 FROM suspense_items WHERE cause = :cause", cause=f"{found.id}:lost")


class TestWarnings:
    def test_come_before_it_is_due_and_once_each(self, opened: Dispute) -> None:
        assert opened.due_at is not None
        due_soon = "SELECT count(*) AS n FROM outbox WHERE name = 'disputes.due_soon' AND facts->>'dispute_id' = :id"

        def told_at(before: timedelta) -> int:
            assert opened.due_at is not None
            with clock.at(opened.due_at - before), transaction(SYSTEM):
                service.warn(opened.id)
            leave()
            return int(rows(due_soon, id=opened.id)[0].n)

        moments = (timedelta(hours=5), timedelta(hours=4), timedelta(hours=2), timedelta(hours=1), timedelta(0))
        assert [told_at(before) for before in moments] == [0, 1, 1, 2, 2]

    def test_what_was_answered_is_not_warned_of(self, opened: Dispute) -> None:
        later(opened, ANSWERED)
        with clock.at(clock.now() + timedelta(days=1)), transaction(SYSTEM):
            service.warn(opened.id)
        leave()
        assert queries.one_for_operators(opened.id).warned == 0


def test_its_customer_and_finance_are_told(owner: Customer, charge: str, work_off: Callable[..., int]) -> None:
    finance = people.operator(Role.FINANCE)[1]
    found = dispute(told_dispute(charge, WORTH), WORTH)
    work_off()
    later(found, LOST)
    work_off()
    assert any("is disputed" in subject for subject in mailbox.subjects_to(owner.email))
    assert any("went back to its payer" in subject for subject in mailbox.subjects_to(owner.email))
    assert any("Answer a dispute" in subject for subject in mailbox.subjects_to(finance))


def test_those_that_are_due_come_first_page_by_page(charge: str) -> None:
    soon = clock.now() - timedelta(days=30)  # (before those of other tests)
    made = [dispute(told_dispute(charge, naira(1), due_at=soon + timedelta(seconds=n)), naira(1)).id for n in (2, 0, 1)]
    first = queries.under_way_for_operators(State.OPEN, limit=2)
    (third,) = queries.under_way_for_operators(State.OPEN, after=first[-1].id, limit=1)
    assert [one.id for one in (*first, third)] == [made[1], made[2], made[0]]


def test_an_end_stays(opened: Dispute) -> None:
    later(opened, WON)
    with pytest.raises(DBAPIError), transaction(SYSTEM):
        db.session.execute(text("UPDATE disputes SET ended_at = now() WHERE id = :id"), {"id": opened.id})


@pytest.mark.parametrize(
    ("status", "resolution", "state"),
    [
        ("awaiting-merchant-feedback", "", State.OPEN),
        ("pending", "", State.OPEN),
        ("awaiting-bank-feedback", "declined", State.ANSWERED),
        ("resolved", "declined", State.WON),
        ("resolved", "merchant-accepted", State.LOST),
        ("archived", "auto-accepted", State.LOST),
        ("archived", "", None),
    ],
)
def test_what_paystacks_words_mean(status: str, resolution: str, state: State | None) -> None:
    assert rules.state_of(status, resolution) is state


@pytest.mark.parametrize(
    ("heard", "said", "news"),
    [
        (None, OPENED, True),
        (rules.Last(State.OPEN, *OPENED), OPENED, False),
        (rules.Last(State.OPEN, *OPENED), ANSWERED, True),
        (rules.Last(State.WON, "archived", ""), LOST, True),
        (rules.Last(State.WON, *WON), LOST, True),
        (rules.Last(State.WON, *OPENED), OPENED, False),
        (rules.Last(State.WON, *OPENED), WON, False),
        (rules.Last(State.LOST, *LOST), ("archived", ""), False),
    ],
)
def test_what_is_news(heard: rules.Last | None, said: tuple[str, str], news: object) -> None:
    assert rules.is_news(told_dispute("x", None, said), heard=heard) is news
