"""Refunds: taken from the account before Paystack is asked, asked for once, booked once, given back when they fail."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.clients.paystack_answers import Refund as Told
from app.core import actor, clock
from app.core.db import db, leave, rows, transaction
from app.core.money import NGN, zero
from app.core.permissions import Role
from app.ledger import balances, chart, posting
from app.ledger.errors import InsufficientFunds
from app.payments import errors, postings, queries, refund_queries, refund_rules, refunds, requests, suspense
from app.payments.models import SuspenseItem
from app.payments.refund_models import Refund
from app.payments.refund_rules import RefundState
from app.payments.refunds import Destination
from app.payments.suspense import Trouble
from app.restrictions.rules import Kind
from tests.makers import giving_back, mailbox, paying, people, restricted
from tests.makers.people import Customer, naira

SYSTEM = actor.system("test")
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
    return giving_back.credited(owner, naira(50_000))


def state_of(refund: Refund) -> str:
    leave()
    return refund_queries.refund_for_system(refund.id).state


class TestAsk:
    def test_takes_the_money_out_and_owes_it_to_the_payer(self, owner: Customer, charge: str) -> None:
        before = booked(chart.REFUNDS)
        refund = giving_back.asked(charge, naira(20_000))
        assert (refund.state, refund.owed) == (RefundState.ASKED, zero(NGN))
        assert owner.balance().available == naira(30_000)
        assert booked(chart.REFUNDS) - before == naira(20_000).units

    def test_is_not_more_than_is_left_of_the_charge(self, owner: Customer, charge: str) -> None:
        giving_back.credited(owner, naira(50_000))  # (they have more than this charge)
        giving_back.say(giving_back.asked(charge, naira(30_000)), "processed")
        with pytest.raises(errors.RefundTooLarge):
            giving_back.ask_refund(charge, naira(20_001))
        giving_back.ask_refund(charge, naira(20_000))

    def test_comes_one_after_the_other(self, charge: str) -> None:
        giving_back.asked(charge, naira(1_000))
        with pytest.raises(errors.RefundUnderWay):
            giving_back.ask_refund(charge, naira(1_000))

    def test_is_not_asked_for_twice(self, charge: str) -> None:
        giving_back.ask_refund(charge, naira(1_000))
        with pytest.raises(errors.RefundUnderWay):
            giving_back.ask_refund(charge, naira(1_000))

    def test_needs_what_the_customer_has_still(self, owner: Customer, charge: str) -> None:
        giving_back.spent(owner, naira(40_000))
        with pytest.raises(InsufficientFunds):
            giving_back.ask_refund(charge, naira(20_000))

    def test_is_not_for_a_charge_that_is_disputed(self, charge: str) -> None:
        giving_back.dispute(giving_back.told_dispute(charge, naira(1_000)), naira(1_000))
        with pytest.raises(errors.ChargeDisputed):
            giving_back.ask_refund(charge, naira(1_000))

    def test_a_customers_money_goes_back_by_two_people_only(self, owner: Customer, charge: str) -> None:
        with pytest.raises(DBAPIError, match="two people give"), transaction(SYSTEM):
            refunds.ask(charge, amount=naira(10), reason="x", from_account=owner.account, actor=SYSTEM)

    def test_the_database_refuses_a_second_one_by_itself(self, charge: str) -> None:
        refund = giving_back.asked(charge, naira(1_000))
        with pytest.raises(DBAPIError), transaction(SYSTEM):
            db.session.execute(
                text(
                    "INSERT INTO refunds SELECT (jsonb_populate_record(r, jsonb_build_object('id', 'rfd_two'))).*"
                    " FROM refunds r WHERE r.id = :id"
                ),
                {"id": refund.id},
            )


class TestTry:
    def test_nobody_calls_while_anothers_call_may_run(self, charge: str) -> None:
        refund = giving_back.asked(charge, naira(1_000))

        def try_now() -> bool:
            with transaction(SYSTEM):
                return refunds.begin_try(refund.id)

        assert [try_now(), try_now()] == [True, False]
        with clock.at(clock.now() + refund_rules.CALL_LASTS):
            assert try_now()
        giving_back.say(refund, "pending")
        with clock.at(clock.now() + timedelta(days=1)):
            assert not try_now()


class TestRecord:
    def test_books_it_once_out_of_both_pockets(self, charge: str) -> None:
        clearing, balance = booked(chart.PAYSTACK_CLEARING), booked(chart.PAYSTACK)
        refund = giving_back.asked(charge, naira(20_000))
        owed = booked(chart.REFUNDS)
        for status in ("pending", "processing", "processed", "processed", "pending"):
            giving_back.say(refund, status, from_balance=naira(5_000))
        assert state_of(refund) == RefundState.PROCESSED
        assert owed - booked(chart.REFUNDS) == naira(20_000).units
        assert clearing - booked(chart.PAYSTACK_CLEARING) == naira(15_000).units
        assert balance - booked(chart.PAYSTACK) == naira(5_000).units

    def test_one_that_failed_is_the_customers_again(self, owner: Customer, charge: str) -> None:
        refund = giving_back.asked(charge, naira(20_000))
        giving_back.say(refund, "processing")
        giving_back.say(refund, "failed")
        giving_back.say(refund, "failed")
        assert state_of(refund) == RefundState.FAILED
        assert owner.balance().available == naira(50_000)
        giving_back.ask_refund(charge, naira(50_000))  # (it does not count as given back)

    def test_one_whose_money_is_not_back_in_the_balance_yet_is_where_it_was(self, charge: str) -> None:
        before = booked(chart.PAYSTACK), booked(chart.PAYSTACK_CLEARING)
        refund = giving_back.asked(charge, naira(20_000))
        giving_back.say(refund, "failed", from_balance=naira(20_000))
        assert (booked(chart.PAYSTACK), booked(chart.PAYSTACK_CLEARING)) == before

    def test_and_of_a_frozen_account_too(self, owner: Customer, charge: str) -> None:
        refund = giving_back.asked(charge, naira(20_000))
        restricted.placed(owner, Kind.NO_CREDIT)
        assert giving_back.say(refund, "failed") == RefundState.FAILED
        assert owner.balance().booked == naira(50_000)
        assert owner.balance().no_credits

    @pytest.mark.parametrize(("first", "then"), [("processed", "failed"), ("failed", "processed")])
    def test_news_against_its_end_moves_nothing_and_is_seen(self, charge: str, first: str, then: str) -> None:
        refund = giving_back.asked(charge, naira(1_000))
        giving_back.say(refund, first)
        assert giving_back.say(refund, then) == first
        assert rows("SELECT 1 FROM suspense_items WHERE cause = :cause", cause=f"{refund.id}:{then}")

    def test_another_amount_is_not_ours(self, charge: str) -> None:
        refund = giving_back.asked(charge, naira(1_000))
        told = giving_back.told_refund(charge, naira(2_000), "processed")
        with transaction(SYSTEM):
            refunds.record(refund.id, told=told, from_balance=zero(NGN), actor=SYSTEM)
        assert state_of(refund) == RefundState.ASKED

    def test_another_refund_of_the_charge_is_not_this_one(self, charge: str) -> None:
        refund = giving_back.asked(charge, naira(1_000))
        giving_back.say(refund, "pending")
        told = giving_back.told_refund(charge, naira(1_000), "processed")
        with transaction(SYSTEM):
            refunds.record(refund.id, told=told, from_balance=zero(NGN), actor=SYSTEM)
        assert state_of(refund) == RefundState.SENT


class TestFromSuspense:
    @pytest.fixture
    def stray(self, inside: Flask) -> str:
        """NGN 900 in suspense: the reference of its charge."""
        reference = f"stray-{giving_back.told_refund('x', naira(1)).id}"
        journal = postings.suspended(ref=reference, paid=naira(900), fees=zero(NGN))
        with transaction(SYSTEM):
            journal_id = posting.post(journal, key=f"paystack:charge:{reference}").journal_id
            trouble = Trouble(f"charge:{reference}", "charge.success", reference, "whose?", naira(900))
            suspense.suspend(trouble, journal_id=journal_id, actor=SYSTEM)
        leave()
        return reference

    def returned(self, reference: str) -> Refund:
        """What two people sent back to its payer."""
        item_id, finance = paying.item_of(reference).id, people.operator(Role.FINANCE)[0]
        leave()
        with transaction(who := actor.operator(finance)):
            asked = requests.request_returning(item_id, reason="It is nobody's here.", maker=finance, actor=who)
        paying.agreed(asked)
        (found,) = refund_queries.of_charge_for_operators(reference)
        leave()
        return found

    def test_goes_back_to_its_sender(self, stray: str) -> None:
        before = booked(chart.SUSPENSE)
        giving_back.say(self.returned(stray), "processed")
        assert before - booked(chart.SUSPENSE) == naira(900).units
        with pytest.raises(errors.NotPlaceable):
            self.returned(stray)

    @pytest.mark.parametrize("units", [900, 899])
    def test_goes_back_by_two_people_only_whatever_the_app_does(self, stray: str, units: int) -> None:
        before = booked(chart.SUSPENSE)
        with pytest.raises(DBAPIError, match="two people send back"), transaction(SYSTEM):
            refunds.ask(stray, amount=naira(units), reason="x", from_account=refunds.SUSPENSE, actor=SYSTEM)
        leave()
        assert booked(chart.SUSPENSE) == before

    def test_what_failed_stands_there_again_for_somebody_to_see(self, stray: str) -> None:
        before = booked(chart.SUSPENSE)
        refund = self.returned(stray)
        giving_back.say(refund, "failed")
        assert booked(chart.SUSPENSE) == before
        (item,) = rows("SELECT state, journal_id FROM suspense_items WHERE cause = :cause", cause=f"{refund.id}:failed")
        assert (item.state, item.journal_id is not None) == ("open", True)

    def test_one_made_at_paystack_cannot_be_placed_any_more(self, stray: str) -> None:
        told = giving_back.told_refund(stray, naira(900), "processed")
        with transaction(SYSTEM):
            refunds.adopt(told, actor=SYSTEM)
        leave()
        assert refunds.source_of(stray) is None
        item = db.session.query(SuspenseItem).filter_by(cause=f"charge:{stray}").one()
        assert queries.is_corrected_for_operators(item)


class TestAdopt:
    def adopt(self, told: Told) -> str | None:
        with transaction(SYSTEM):
            found = refunds.adopt(told, actor=SYSTEM)
        leave()
        return found

    def test_what_the_customer_has_not_any_more_they_owe(self, owner: Customer, charge: str) -> None:
        giving_back.spent(owner, naira(45_000))
        owed = booked(chart.OWED_BY_CUSTOMERS)
        told = giving_back.told_refund(charge, naira(50_000))
        first = self.adopt(told)
        assert first == self.adopt(told)
        assert owner.balance().booked == naira(0)
        assert booked(chart.OWED_BY_CUSTOMERS) - owed == naira(45_000).units

    def test_a_fee_that_the_payer_bore_and_gets_back_is_our_cost(self, owner: Customer, charge: str) -> None:
        fees = booked(chart.PAYSTACK_FEES)
        refund_id = self.adopt(giving_back.told_refund(charge, naira(50_850)))
        assert refund_id is not None
        assert owner.balance().booked == naira(0)
        assert booked(chart.PAYSTACK_FEES) - fees == naira(850).units
        giving_back.say(refund_queries.refund_for_system(refund_id), "failed")
        assert owner.balance().booked == naira(50_000)
        assert booked(chart.PAYSTACK_FEES) == fees

    def test_what_is_said_to_be_made_there_is_never_sent_from_here(self, charge: str) -> None:
        found = self.adopt(giving_back.told_refund(charge, naira(10)))
        with pytest.raises(DBAPIError, match="ck_refunds_told_of_one"), transaction(SYSTEM):
            rows("UPDATE refunds SET state = 'asked' WHERE id = :id RETURNING id", id=found)

    def test_is_seen_when_the_charge_is_nobodys(self) -> None:
        assert self.adopt(giving_back.told_refund("nobodys-charge-0001", naira(1))) is None


class TestRedirect:
    TO = Destination("057", "0123456789", "ADA OBI")

    @pytest.fixture
    def stuck(self, charge: str) -> Refund:
        refund = giving_back.asked(charge, naira(1_000))
        giving_back.say(refund, "needs-attention")
        return refund

    def ask(self, refund: Refund) -> None:
        giving_back.agree(giving_back.ask_redirect(refund.id))

    def test_two_people_say_where_it_goes(self, stuck: Refund) -> None:
        with pytest.raises(DBAPIError, match="two people say"), transaction(SYSTEM):
            refunds.redirect(stuck.id, to=self.TO, reason="x", actor=SYSTEM)
        self.ask(stuck)
        assert state_of(stuck) == RefundState.REDIRECTING
        assert giving_back.say(stuck, "needs-attention") == RefundState.REDIRECTING  # (older news)
        assert giving_back.say(stuck, "processing") == RefundState.SENT

    def test_where_it_goes_is_not_changed_by_one(self, stuck: Refund) -> None:
        self.ask(stuck)
        with transaction(SYSTEM):
            refunds.redirect_in_vain(stuck.id, reason="refused", actor=SYSTEM)
        with pytest.raises(DBAPIError, match="where two people said"), transaction(SYSTEM):
            db.session.execute(
                text("UPDATE refunds SET to_account_number = '9999999999' WHERE id = :id"), {"id": stuck.id}
            )

    def test_only_what_waits_for_it(self, charge: str) -> None:
        refund = giving_back.asked(charge, naira(1_000))
        with pytest.raises(errors.NotRedirectable):
            self.ask(refund)


def test_finance_is_told_of_one_that_is_stuck(charge: str, work_off: Callable[..., int]) -> None:
    finance = people.operator(Role.FINANCE)[1]
    giving_back.say(giving_back.asked(charge, naira(1_000)), "needs-attention")
    work_off()
    assert any("cannot reach its payer" in subject for subject in mailbox.subjects_to(finance))
