"""Money that comes without an intent, what is held of what came, cards that are kept, parts of what waits."""

import threading
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.clients.paystack_answers import Charge
from app.core import clock
from app.core.db import db, for_everyone, leave, rows, transaction
from app.core.errors import NotFound
from app.core.money import NGN
from app.core.permissions import Role
from app.customers.rules import Tier
from app.ledger import balances, chart, posting
from app.payments import cards, dedicated, deposits, errors, pending, placing, queries, requests, rules, suspense
from app.payments.intake import flows as intake
from app.payments.models import Deposit
from app.payments.rules import DedicatedState, DepositState, Method, SuspenseState, Topic
from app.restrictions.rules import Kind
from app.risk import fees
from app.risk.rules import Band
from tests.makers import giving_back, paying, people, restricted
from tests.makers.paying import SYSTEM
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess

BOUNDS = {
    "deposit_alike_percent": 80, "deposit_other_sender_hours": 24, "deposit_new_payer_count": 3,
    "deposit_card_new_hours": 24, "deposit_young_days": 30, "deposit_large_amount": 500_000_00,
    "deposit_card_abroad_hours": 72,
}  # fmt: skip


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer()


def suspended() -> int:
    return balances.of(chart.house(chart.SUSPENSE, asset=NGN)).booked.units


def received(charge: paying.Charge, number: str) -> str:
    account = queries.dedicated_by_number_for_system(number)
    assert account is not None
    leave()
    with transaction(SYSTEM):
        return deposits.receive(charge, account=account, our_domain="test", actor=SYSTEM)


def card_paid(owner: Customer, app: Flask, sandbox: SandboxProcess, *, keep: bool = False) -> str:
    with transaction(owner.actor):
        deposit = deposits.start(owner.id, amount=naira(5_000), actor=owner.actor, method=Method.CARD, keep_card=keep)
    reference, deposit_id = deposit.reference, deposit.id
    app.extensions["clients"].paystack.initialize(
        email=owner.email, amount=500_000, reference=reference, callback_url="http://localhost/"
    )
    sandbox.pay(reference)
    assert paying.told(reference, app) == "deposit credited"
    return deposit_id


class TestPending:
    @pytest.mark.parametrize(
        ("channel", "earlier", "days", "amount", "abroad", "alike", "hours"),
        [
            ("card", 2, 90, 1_000, False, 100, 24),
            ("card", 3, 90, 1_000, False, 100, 0),
            ("card", 3, 29, 500_001, False, 100, 24),
            ("card", 3, 29, 500_000, False, 100, 0),
            ("card", 9, 90, 1_000, True, 100, 72),
            ("apple_pay", 0, 0, 1_000, False, 100, 24),  # a card by another name
            ("direct_debit", 2, 90, 1_000, False, 100, 24),
            ("bank_transfer", 0, 0, 5_000_000, False, 100, 0),
            ("ussd", 0, 0, 1_000, False, 100, 0),
            ("dedicated_nuban", 0, 0, 1_000, False, 80, 0),
            ("dedicated_nuban", 9, 90, 1_000, False, 79, 24),
            ("dedicated_nuban", 9, 90, 1_000, False, None, 24),
        ],
    )
    def test_is_by_channel_by_how_new_and_by_who_sent_it(
        self,
        *,
        channel: str,
        earlier: int,
        days: int,
        amount: int,
        abroad: bool,
        alike: int | None,
        hours: int,
    ) -> None:
        held = rules.pending_for(
            channel,
            bounds=BOUNDS,
            amount=naira(amount),
            earlier=earlier,
            paying_for=timedelta(days=days),
            abroad=abroad,
            alike=alike,
        )
        assert held == timedelta(hours=hours)

    def test_holds_a_new_customers_card_payment_until_its_hour(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer
    ) -> None:
        with clock.at(clock.now() - timedelta(hours=25)):
            first = card_paid(owner, inside, sandbox)
        card_paid(owner, inside, sandbox)
        assert (owner.balance().booked, owner.balance().available) == (naira(10_000), naira(0))
        with transaction(SYSTEM):
            posting.expire(limit=10_000)
        assert owner.balance().available == naira(5_000)
        found = queries.deposit(first, customer_id=owner.id)
        assert found.available_at is not None
        assert found.available_at < clock.now()


class TestAccountNumber:
    def test_credits_whoever_owns_the_number_as_much_as_came(self, inside: Flask, owner: Customer) -> None:
        number = paying.account_number(owner)
        charge = paying.came(12_345_67, number)
        assert received(charge, number) == "deposit credited"
        assert owner.balance().available.units == 12_345_67
        found = queries.deposit_for_system(reference=charge.reference)
        assert found is not None
        assert (found.customer_id, found.method, found.payer) == (owner.id, Method.DEDICATED_ACCOUNT, "ADA OBI")

    def test_finds_the_owner_of_what_the_vendor_tells_of(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer
    ) -> None:
        reference = sandbox.receive(80_000, paying.account_number(owner), sender_name="Ada Obi")
        assert [paying.told(reference, inside) for _ in range(2)] == ["deposit credited"] * 2
        assert owner.balance().available.units == 80_000

    def test_credits_once_what_is_told_twice_at_the_same_moment(self, inside: Flask, owner: Customer) -> None:
        number = paying.account_number(owner)
        charge, outcomes = paying.came(50_000, number), []

        def hear() -> None:
            with inside.app_context(), for_everyone():
                outcomes.append(received(charge, number))

        threads = [threading.Thread(target=hear) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert outcomes == ["deposit credited"] * 4
        assert owner.balance().booked.units == 50_000

    def test_holds_what_a_similar_name_sent(self, inside: Flask, owner: Customer) -> None:
        number = paying.account_number(owner)
        received(paying.came(50_000, number, sender="ADA"), number)
        assert (owner.balance().booked.units, owner.balance().available.units) == (50_000, 0)

    def test_has_people_look_at_a_similar_name_once(self, inside: Flask, owner: Customer) -> None:
        number = paying.account_number(owner)
        charge, before = paying.came(50_000, number, sender="ADA"), suspended()
        for _ in range(2):
            assert received(charge, number) == "deposit credited"
        item = paying.item_of(charge.reference)
        assert (item.state, item.topic, item.journal_id) == (SuspenseState.OPEN, Topic.NAME, None)
        assert suspended() == before
        leave()
        with transaction(SYSTEM):
            suspense.resolve(item.id, note="It is their short name.", actor=SYSTEM)
        assert owner.balance().booked.units == 50_000

    def test_holds_what_is_over_the_owners_limit(self, inside: Flask) -> None:
        small = people.customer(tier=Tier.T1)
        number = paying.account_number(small)
        received(paying.came(naira(60_000).units, number), number)
        assert (small.balance().booked, small.balance().available) == (naira(60_000), naira(0))

    @pytest.mark.parametrize("why", ["another", "restricted", "currency", "live"])
    def test_keeps_in_suspense_what_is_not_plainly_theirs(self, inside: Flask, owner: Customer, why: str) -> None:
        number = paying.account_number(owner)
        if why == "restricted":
            restricted.placed(owner, Kind.NO_CREDIT)
        changes = {"another": {"sender": "MUSA BELLO"}, "currency": {"currency": "USD"}, "live": {"domain": "live"}}
        charge = paying.came(50_000, number, **changes.get(why, {}))
        before = suspended()
        for _ in range(2):
            assert "suspen" in received(charge, number)
        assert owner.balance().booked.units == 0
        assert suspended() - before == (50_000 if why in {"another", "restricted"} else 0)
        assert paying.item_of(charge.reference).state == SuspenseState.OPEN

    def test_what_came_before_we_knew_the_number_stays_where_it_is(self, inside: Flask, owner: Customer) -> None:
        number = paying.account_number(owner)
        charge = paying.came(50_000, number)
        with transaction(SYSTEM):
            deposits.place_stray(charge, our_domain="test", actor=SYSTEM)
        assert received(charge, number) == "in suspense"
        assert owner.balance().booked.units == 0

    def test_is_asked_for_once_and_opened_once(self, inside: Flask, owner: Customer) -> None:
        number = paying.account_number(owner)
        with transaction(owner.actor):
            again = dedicated.ask(owner.id, actor=owner.actor)
        assert (again.state, again.account_number) == (DedicatedState.OPEN, number)

    def test_is_opened_for_nobody_who_is_not_known(self, inside: Flask) -> None:
        stranger = people.customer(tier=Tier.T0)
        with pytest.raises(errors.NotVerifiedYet), transaction(stranger.actor):
            dedicated.ask(stranger.id, actor=stranger.actor)
        leave()
        assert queries.dedicated_account(customer_id=stranger.id) is None

    def test_given_up_is_closed_and_what_came_to_it_is_still_theirs(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer
    ) -> None:
        number, paystack = self.opened(inside, owner), inside.extensions["clients"].paystack
        late = sandbox.receive(70_000, number, sender_name="Ada Obi")
        with transaction(owner.actor):
            dedicated.give_up(customer_id=owner.id, reason="test", actor=owner.actor)
        with pytest.raises(NotFound), transaction(owner.actor):
            dedicated.give_up(customer_id=owner.id, reason="test", actor=owner.actor)
        leave()
        account = queries.dedicated_by_number_for_system(number)
        assert account is not None
        assert account.state == DedicatedState.CLOSING
        account_id = account.id
        leave()
        paystack.close_account(account.vendor_id)  # (an earlier try whose answer was lost)
        assert intake.close_account(account_id, paystack=paystack, actor=SYSTEM) is None
        assert queries.dedicated_account(customer_id=owner.id) is None
        leave()
        assert paying.told(late, inside) == "deposit credited"
        assert owner.balance().booked.units == 70_000
        assert self.opened(inside, owner) != number

    def opened(self, app: Flask, owner: Customer) -> str:
        """An account number that Paystack's side knows of."""
        with transaction(owner.actor):
            account_id = dedicated.ask(owner.id, actor=owner.actor).id
        intake.open_account(account_id, paystack=app.extensions["clients"].paystack, actor=SYSTEM)
        found = queries.open_dedicated_account(customer_id=owner.id).account_number
        leave()
        assert found is not None
        return found

    def test_is_looked_at_every_ten_minutes_at_most(self, inside: Flask, owner: Customer) -> None:
        paying.account_number(owner)
        with transaction(owner.actor):
            dedicated.begin_requery(customer_id=owner.id)
        with pytest.raises(errors.LookedAlready), transaction(owner.actor):
            dedicated.begin_requery(customer_id=owner.id)
        with clock.at(clock.now() + rules.REQUERY_PAUSE), transaction(owner.actor):
            dedicated.begin_requery(customer_id=owner.id)

    def test_nobody_writes_a_deposit_to_a_number_that_there_is_not(self, inside: Flask, owner: Customer) -> None:
        with pytest.raises(DBAPIError, match="no account number"), transaction(SYSTEM):
            db.session.execute(
                text(
                    "INSERT INTO deposits (id, customer_id, reference, amount_units, state, checkout_url, channel,"
                    " created_at, method) VALUES ('dep_x', :c, 'x', 1, 'credited', '', '', now(), 'dedicated_account')"
                ),
                {"c": owner.id},
            )


class TestCards:
    def test_one_is_kept_once_and_only_when_asked(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer
    ) -> None:
        card_paid(owner, inside, sandbox)
        assert queries.saved_cards(customer_id=owner.id) == []
        card_paid(owner, inside, sandbox, keep=True)
        (card,) = queries.saved_cards(customer_id=owner.id)
        code, under = cards.code_for_system(card.id)
        assert code.startswith("AUTH_")
        assert under == owner.email
        assert code.encode() not in card.code_sealed
        leave()
        charge = inside.extensions["clients"].paystack.find_charge(
            rows("SELECT reference FROM deposits WHERE keep_card AND customer_id = :c", c=owner.id)[0].reference
        )
        with transaction(SYSTEM):
            cards.keep(owner.id, charge=charge)
        assert len(queries.saved_cards(customer_id=owner.id)) == 1

    def test_one_that_was_removed_is_charged_by_nobody(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer
    ) -> None:
        card_paid(owner, inside, sandbox, keep=True)
        (card,) = queries.saved_cards(customer_id=owner.id)
        other = people.customer()
        with pytest.raises(NotFound), transaction(other.actor):
            cards.remove(card.id, customer_id=other.id, actor=other.actor)
        with transaction(owner.actor):
            cards.remove(card.id, customer_id=owner.id, actor=owner.actor)
        with pytest.raises(errors.CardGone):
            cards.code_for_system(card.id)
        with pytest.raises(NotFound), transaction(owner.actor):
            deposits.start(
                owner.id, amount=naira(500), actor=owner.actor, method=Method.SAVED_CARD, saved_card_id=card.id
            )

    @pytest.mark.parametrize("method", [Method.DEDICATED_ACCOUNT, Method.PLACED, Method.SAVED_CARD])
    def test_nobody_starts_what_has_no_intent(self, owner: Customer, method: Method) -> None:
        with pytest.raises(errors.NoSuchWay), transaction(owner.actor):
            deposits.start(owner.id, amount=naira(500), actor=owner.actor, method=method)


class TestPlacing:
    EVIDENCE = "Their bank's statement of today shows it, ticket T-1."

    @pytest.fixture
    def finance(self, inside: Flask) -> str:
        return people.operator(Role.FINANCE)[0]

    def ask(self, item_id: str, owner: Customer, finance: str) -> requests.Request:
        with transaction(who := people.actor.operator(finance)):
            return requests.request_assigning(
                item_id, customer_id=owner.id, evidence=self.EVIDENCE, maker=finance, actor=who
            )

    def test_two_people_give_a_stray_to_whose_it_is_once(self, inside: Flask, owner: Customer, finance: str) -> None:
        item_id, before = paying.stray(naira(700)), suspended()
        asked = self.ask(item_id, owner, finance)
        with pytest.raises(errors.PlacingAskedAlready):
            self.ask(item_id, owner, finance)
        leave()
        paying.agreed(asked)
        assert owner.balance().available == naira(700)
        assert suspended() - before == -70_000
        assert queries.suspense_item_for_operators(item_id).state == SuspenseState.RESOLVED
        with pytest.raises(errors.NotPlaceable):
            self.ask(item_id, owner, finance)

    def test_what_was_underpaid_is_credited_as_it_came(
        self, inside: Flask, sandbox: SandboxProcess, owner: Customer, finance: str
    ) -> None:
        deposit_id, reference = people.open_deposit(owner, naira(3_000), app=inside)
        sandbox.pay(reference, amount=200_000, channel="bank_transfer")
        paying.told(reference, inside)
        paying.agreed(self.ask(paying.item_of(reference).id, owner, finance))
        found = queries.deposit(deposit_id, customer_id=owner.id)
        assert (found.state, found.credited, found.amount) == (DepositState.CREDITED, naira(2_000), naira(3_000))
        assert owner.balance().available == naira(2_000)

    def test_one_person_places_nothing_whatever_the_app_does(
        self, inside: Flask, owner: Customer, finance: str
    ) -> None:
        item_id = paying.stray(naira(700))
        asked = self.ask(item_id, owner, finance)
        with pytest.raises(DBAPIError, match="two people place"), transaction(SYSTEM):
            placing.assign(item_id, customer_id=owner.id, deposit_id="", note="alone", actor=SYSTEM)
        leave()
        paying.agreed(asked)
        assert owner.balance().available == naira(700)

    def test_evidence_and_a_wallet_that_takes_it_are_needed(self, inside: Flask, owner: Customer, finance: str) -> None:
        item_id = paying.stray(naira(700))
        with pytest.raises(errors.EvidenceMissing), transaction(who := people.actor.operator(finance)):
            requests.request_assigning(item_id, customer_id=owner.id, evidence="It is.", maker=finance, actor=who)
        restricted.placed(owner, Kind.NO_CREDIT)
        with pytest.raises(errors.TakesNothingIn):
            self.ask(item_id, owner, finance)

    def test_parts_are_the_whole_and_each_goes_its_way(self, inside: Flask, owner: Customer, finance: str) -> None:
        item_id, other, before = paying.stray(naira(700)), people.customer(), suspended()
        with pytest.raises(errors.PartsDoNotSum), transaction(who := people.actor.operator(finance)):
            requests.request_splitting(item_id, parts=[naira(300), naira(300)], reason="x", maker=finance, actor=who)
        leave()
        with transaction(who := people.actor.operator(finance)):
            asked = requests.request_splitting(
                item_id, parts=[naira(300), naira(400)], reason="Two invoices.", maker=finance, actor=who
            )
        with pytest.raises(DBAPIError, match="nobody agreed"), transaction(SYSTEM):
            placing.split(item_id, parts=[naira(300), naira(400)], note="alone", actor=SYSTEM)
        leave()
        paying.agreed(asked)
        parts = rows("SELECT id, amount_units FROM suspense_items WHERE parent_id = :p ORDER BY id", p=item_id)
        assert [part.amount_units for part in parts] == [Decimal(30_000), Decimal(40_000)]
        assert suspended() == before
        leave()
        for part, whose in zip(parts, (owner, other), strict=True):
            paying.agreed(self.ask(part.id, whose, finance))
        assert (owner.balance().available, other.balance().available) == (naira(300), naira(400))
        assert suspended() - before == -70_000

    def test_what_is_returned_leaves_suspense_once_and_its_part_beside_it_stays(
        self, inside: Flask, owner: Customer, finance: str
    ) -> None:
        item_id, before = paying.stray(naira(700)), suspended()
        with transaction(who := people.actor.operator(finance)):
            split = requests.request_splitting(
                item_id, parts=[naira(300), naira(400)], reason="Two payers.", maker=finance, actor=who
            )
        paying.agreed(split)
        first, second = (
            row.id for row in rows("SELECT id FROM suspense_items WHERE parent_id = :p ORDER BY id", p=item_id)
        )
        leave()
        with transaction(who := people.actor.operator(finance)):
            asked = requests.request_returning(first, reason="It is nobody's here.", maker=finance, actor=who)
        paying.agreed(asked)
        assert suspended() - before == -30_000
        assert queries.suspense_item_for_operators(first).state == SuspenseState.RESOLVED
        with pytest.raises(errors.NotPlaceable):
            placing.check_returning(first)
        with pytest.raises(errors.RefundUnderWay):
            placing.check_returning(second)
        leave()
        paying.agreed(self.ask(second, owner, finance))
        assert owner.balance().available == naira(400)
        assert suspended() - before == -70_000


class TestWhatIsHeldGoesBack:
    def test_part_of_it_and_the_rest_is_held_on(self, inside: Flask, owner: Customer) -> None:
        charge = giving_back.credited(owner, naira(20_000), channel="card")
        assert (owner.balance().available, owner.balance().held) == (naira(0), naira(20_000))
        giving_back.asked(charge, naira(5_000))
        assert (owner.balance().booked, owner.balance().available) == (naira(15_000), naira(0))
        leave()
        found = queries.deposit_for_system(reference=charge)
        assert found is not None
        assert pending.held_of(found.id) == naira(15_000)

    def test_a_dispute_holds_it_in_place_of_that(self, inside: Flask, owner: Customer) -> None:
        charge = giving_back.credited(owner, naira(20_000), channel="card")
        giving_back.dispute(giving_back.told_dispute(charge, naira(20_000)), naira(20_000))
        assert (owner.balance().held, owner.balance().available) == (naira(20_000), naira(0))
        with transaction(SYSTEM):
            found = queries.deposit_for_system(reference=charge)
            assert pending.held_of(found.id if found else None) == naira(0)


class TestWhoBearsTheFee:
    LOCAL = (Band(0, 0, 150), Band(2_500_00, 100_00, 150, cap=2_000_00))
    DAY = date(2300, 1, 1)

    def started(self, owner: Customer, method: Method = Method.BANK_TRANSFER, **how: Any) -> Deposit:
        with transaction(owner.actor):
            return deposits.start(owner.id, amount=naira(10_000), actor=owner.actor, method=method, **how)

    def test_the_payer_from_the_day_that_was_agreed(self, inside: Flask, owner: Customer) -> None:
        finance, admin = people.operator(Role.FINANCE)[0], people.operator(Role.ADMIN)[0]
        begins = datetime.combine(self.DAY, time(), clock.WAT)
        assert self.started(owner).added == naira(0)
        with transaction(who := people.actor.operator(finance)):
            asked = fees.request(
                fees.PAID_IN, self.LOCAL, starts_on=self.DAY, reason="They bear it.", maker=finance, actor=who
            )
        leave()
        paying.agreed(asked, by=admin)
        assert self.started(owner).added == naira(0)
        with clock.at(begins):
            deposit = self.started(owner)
            assert (deposit.added.units, deposit.charged.units) == (253_81, 10_253_81)
            card = paying.kept_card(owner)
            for shown in (None, 253_80):
                with pytest.raises(errors.FeeNotSeen):
                    self.started(owner, Method.SAVED_CARD, saved_card_id=card, shown=shown)
            assert self.started(owner, Method.SAVED_CARD, saved_card_id=card, shown=253_81).added.units == 253_81
            bare = self.started(owner)
        self.settles_as_asked(owner, deposit, bare)

    def settles_as_asked(self, owner: Customer, deposit: Deposit, bare: Deposit) -> None:
        """What they bear is neither theirs nor our cost; where Paystack takes less, our costs are less."""
        cost = chart.house(chart.PAYSTACK_FEES, asset=NGN)
        before, deposit_id, reference = balances.of(cost).booked.units, deposit.id, deposit.reference
        bare_id, bare_reference = bare.id, bare.reference
        leave()
        charge = Charge(reference, "success", 10_253_81, 10_253_81, 200_00, "NGN", "test", "bank_transfer", None)
        for _ in range(2):
            with transaction(SYSTEM):
                assert deposits.settle(deposit_id, charge=charge, our_domain="test", actor=SYSTEM) == "credited"
        assert owner.balance().booked == naira(10_000)
        assert balances.of(cost).booked.units - before == -53_81
        leave()
        charge = Charge(bare_reference, "success", 1_000_000, 1_000_000, 0, "NGN", "test", "bank_transfer", None)
        with transaction(SYSTEM):
            assert deposits.settle(bare_id, charge=charge, our_domain="test", actor=SYSTEM) == "suspended"
        assert owner.balance().booked == naira(10_000)
