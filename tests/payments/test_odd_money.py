"""Money that comes in an odd way: late, in part back already, for another's number; and what becomes of its deposit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.clients.http import Unreadable
from app.clients.paystack_answers import Charge
from app.core.db import db, for_everyone, leave, rows, transaction
from app.core.money import NGN, Money
from app.core.permissions import Role
from app.ledger import balances, chart
from app.payments import dedicated, deposits, errors, placing, queries, requests, suspense
from app.payments.rules import DepositState, Topic
from app.payments.suspense import Trouble
from app.restrictions.rules import Kind
from tests.makers import books, giving_back, paying, people, restricted
from tests.makers.paying import SYSTEM
from tests.makers.people import Customer, naira


@pytest.fixture
def owner(inside: Flask) -> Customer:
    return people.customer()


@pytest.fixture
def finance(inside: Flask) -> str:
    return people.operator(Role.FINANCE)[0]


def suspended() -> Money:
    found = balances.of(chart.house(chart.SUSPENSE, asset=NGN)).booked
    leave()
    return found


def settled(owner: Customer, asked: Money, **changes: str | int) -> tuple[str, str]:
    """A deposit of theirs and what came for it: the deposit's id, its reference."""
    with transaction(owner.actor):
        deposit = deposits.start(owner.id, amount=asked, actor=owner.actor)
        deposit_id, reference = deposit.id, deposit.reference
    whole = Charge(reference, "success", asked.units, asked.units, 0, "NGN", "test", "bank_transfer", None)
    with transaction(SYSTEM):
        deposits.settle(deposit_id, charge=replace(whole, **changes), our_domain="test", actor=SYSTEM)  # type: ignore[arg-type]
    leave()
    return deposit_id, reference


def state(deposit_id: str) -> str:
    leave()
    found = queries.deposit_for_system(deposit_id=deposit_id)
    assert found is not None
    leave()
    return found.state


class TestToldBeforeItCame:
    def test_what_came_is_what_people_go_by(self, inside: Flask) -> None:
        late = paying.came(90_000, "0000000000", sender="MUSA BELLO")
        early, before = replace(late, status="pending", amount=0, currency="", authorization=None), suspended()
        for told in (early, late, early, late):
            with transaction(SYSTEM):
                deposits.place_stray(told, our_domain="test", actor=SYSTEM)
        item = paying.item_of(late.reference)
        assert (item.amount, item.payer, item.paid_to) == (naira(900), "MUSA BELLO", "0000000000")
        assert (item.topic, "success" in item.reason, suspended() - before) == (Topic.UNKNOWN, True, naira(900))

    def test_what_stands_behind_an_item_is_never_rewritten(self, inside: Flask) -> None:
        item_id = paying.stray(naira(700))
        with pytest.raises(DBAPIError, match="stays as it was written"), transaction(SYSTEM):
            db.session.execute(text("UPDATE suspense_items SET amount_units = 1 WHERE id = :id"), {"id": item_id})


class TestAnothersCharge:
    def test_settles_no_deposit(self, owner: Customer) -> None:
        with transaction(owner.actor):
            deposit_id = deposits.start(owner.id, amount=naira(500), actor=owner.actor).id
        another = Charge("dep-another", "success", 50_000, 50_000, 0, "NGN", "test", "bank_transfer", None)
        with pytest.raises(Unreadable), transaction(SYSTEM):
            deposits.settle(deposit_id, charge=another, our_domain="test", actor=SYSTEM)
        assert (state(deposit_id), owner.balance().booked) == (DepositState.STARTED, naira(0))

    @pytest.mark.parametrize(("code", "credited"), [("CUS_theirs", 500), ("CUS_anothers", 0), ("", 500)])
    def test_to_a_number_that_paystack_gave_to_somebody_else_waits_for_people(
        self, owner: Customer, code: str, credited: int
    ) -> None:
        number = paying.account_number(owner)
        with transaction(SYSTEM):
            account = queries.open_dedicated_account(customer_id=owner.id)
            dedicated.note_customer(account.id, code="CUS_theirs")
        charge, before = replace(paying.came(50_000, number), customer_code=code), suspended()
        receive(charge, number)
        assert (owner.balance().booked, suspended() - before) == (naira(credited), naira(500 - credited))


class TestPartOfItWentBack:
    def test_by_a_refund_at_paystack_so_the_whole_is_nobodys(self, owner: Customer, finance: str) -> None:
        number = paying.account_number(owner)
        restriction = restricted.placed(owner, Kind.NO_CREDIT)
        charge = paying.came(100_000, number)
        receive(charge, number)
        restricted.lifted(restriction)
        item_id, before = paying.item_of(charge.reference).id, suspended()
        with transaction(who := people.actor.operator(finance)):
            asked = requests.request_placing(item_id, reason="It is theirs.", maker=finance, actor=who)
        giving_back.adopted(giving_back.told_refund(charge.reference, naira(400)))
        with pytest.raises(errors.NotPlaceable):
            deposits.check_placing(item_id)
        leave()
        paying.agreed(asked)
        assert (owner.balance().booked, suspended() - before) == (naira(0), -naira(400))

    def test_by_a_dispute_so_the_whole_is_nobodys(self, owner: Customer) -> None:
        _, reference = settled(owner, naira(1_000), amount=120_000)
        item_id = paying.item_of(reference).id
        leave()
        placing.check_money(item_id)
        giving_back.dispute(giving_back.told_dispute(reference, naira(500), giving_back.LOST), naira(500))
        with pytest.raises(errors.NotPlaceable):
            placing.check_money(item_id)
        leave()

    def test_nothing_is_placed_while_its_payer_may_take_it_back(self, owner: Customer) -> None:
        _, reference = settled(owner, naira(1_000), amount=120_000)
        item_id = paying.item_of(reference).id
        leave()
        told = giving_back.told_dispute(reference, naira(1_200))
        giving_back.dispute(told, naira(1_200))
        with pytest.raises(errors.ChargeDisputed):
            placing.check_assigning(item_id, customer_id=owner.id)
        leave()
        giving_back.dispute(
            giving_back.told_dispute(reference, naira(1_200), giving_back.WON, vendor_id=told.id), naira(1_200)
        )
        placing.check_assigning(item_id, customer_id=owner.id)
        leave()

    @pytest.mark.parametrize("way", ["place", "assign", "split", "give_back"])
    def test_who_places_waits_for_who_moves_another_part_of_the_charge(
        self, inside: Flask, owner: Customer, way: str
    ) -> None:
        reference = books.fresh("charge")
        with transaction(SYSTEM):
            for part in range(2):
                trouble = Trouble(f"{reference}:{part}", "charge.success", reference, "whose?", naira(300))
                suspense.suspend(trouble, actor=SYSTEM)
        found = rows("SELECT id FROM suspense_items WHERE reference = :reference ORDER BY id", reference=reference)
        item_id, other = (row.id for row in found)
        leave()
        ways: dict[str, Callable[[], object]] = {
            "place": lambda: deposits.place(item_id, note="x", actor=SYSTEM),
            "assign": lambda: placing.assign(item_id, customer_id=owner.id, deposit_id="", note="x", actor=SYSTEM),
            "split": lambda: placing.split(item_id, parts=[naira(100), naira(200)], note="x", actor=SYSTEM),
            "give_back": lambda: placing.give_back(item_id, note="x", actor=SYSTEM),
        }

        def come() -> None:
            with inside.app_context(), for_everyone(), transaction(SYSTEM):
                rows("SELECT set_config('lock_timeout', '50', true)")
                ways[way]()

        with transaction(SYSTEM), ThreadPoolExecutor(1) as threads:
            suspense.locked(other)
            with pytest.raises(DBAPIError, match="lock timeout"):
                threads.submit(come).result(10)


class TestWhatEndsInSuspense:
    @pytest.mark.parametrize("way", ["returned", "split", "noted"])
    def test_ends_its_deposit_too(self, owner: Customer, finance: str, way: str) -> None:
        deposit_id, reference = settled(
            owner, naira(1_000), amount=120_000, currency="USD" if way == "noted" else "NGN"
        )
        item_id, who = paying.item_of(reference).id, people.actor.operator(finance)
        leave()
        if way == "noted":
            with transaction(SYSTEM):
                suspense.resolve(item_id, note="Paid in dollars; Paystack keeps it.", actor=SYSTEM)
        elif way == "returned":
            with transaction(who):
                asked = requests.request_returning(item_id, reason="Too much came.", maker=finance, actor=who)
            paying.agreed(asked)
        else:
            with transaction(who):
                asked = requests.request_splitting(
                    item_id, parts=[naira(1_000), naira(200)], reason="Two sums.", maker=finance, actor=who
                )
            paying.agreed(asked)
        assert state(deposit_id) == DepositState.CLOSED
        assert owner.balance().booked == naira(0)
        again = Charge(reference, "success", 100_000, 100_000, 0, "NGN", "test", "bank_transfer", None)
        with transaction(SYSTEM):
            deposits.settle(deposit_id, charge=again, our_domain="test", actor=SYSTEM)
        assert (state(deposit_id), owner.balance().booked) == (DepositState.CLOSED, naira(0))

    def test_ends_it_when_it_was_somebody_elses(self, owner: Customer, finance: str) -> None:
        deposit_id, reference = settled(owner, naira(1_000), amount=120_000)
        item_id, other = paying.item_of(reference).id, people.customer()
        leave()
        with transaction(who := people.actor.operator(finance)):
            asked = requests.request_assigning(
                item_id, customer_id=other.id, evidence="Their bank's letter of today.", maker=finance, actor=who
            )
        paying.agreed(asked)
        assert (state(deposit_id), other.balance().booked) == (DepositState.CLOSED, naira(1_200))

    def test_is_not_ended_before_its_item_and_never_taken_up_again(self, owner: Customer) -> None:
        deposit_id, reference = settled(owner, naira(1_000), amount=120_000, currency="USD")
        item_id = paying.item_of(reference).id
        leave()
        with pytest.raises(DBAPIError, match="two people"), transaction(SYSTEM):
            moved(deposit_id, DepositState.CLOSED)
        leave()
        with transaction(SYSTEM):
            suspense.resolve(item_id, note="Paid in dollars; Paystack keeps it.", actor=SYSTEM)
        with pytest.raises(DBAPIError, match="two people"), transaction(SYSTEM):
            moved(deposit_id, DepositState.CREDITED)


def moved(deposit_id: str, to: DepositState) -> None:
    db.session.execute(text("UPDATE deposits SET state = :to WHERE id = :id"), {"to": str(to), "id": deposit_id})


def receive(charge: Charge, number: str) -> str:
    account = queries.dedicated_by_number_for_system(number)
    assert account is not None
    leave()
    with transaction(SYSTEM):
        return deposits.receive(charge, account=account, our_domain="test", actor=SYSTEM)
