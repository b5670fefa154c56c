"""One customer pays another: both sides in one journal, both sides' rules, once, also when many do it at once."""

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.db import db, for_everyone, leave, narrow, rows, transaction, widen
from app.core.errors import KeyReused, NotFound, Refusal
from app.core.money import NGN, Money
from app.core.permissions import Role
from app.customers import closures
from app.customers import service as customers
from app.customers.errors import AccountFrozen
from app.customers.rules import Tier
from app.ledger import prices
from app.ledger.errors import InsufficientFunds
from app.restrictions.errors import Restricted
from app.restrictions.rules import Kind
from app.risk.errors import LimitExceeded, SwitchedOff
from app.transfers import errors, flows, queries
from app.transfers.models import Transfer
from tests.makers import books, people, restricted, sending, switched
from tests.makers.coins import BTC
from tests.makers.people import Customer, naira
from tests.makers.sending import TEST, customer, has, send

pytestmark = pytest.mark.usefixtures("inside")


def at_once(app: Flask, *deeds: Callable[[], object]) -> list[object]:
    """What comes of these when they happen together: what each answers, or its refusal."""
    found: list[object] = [None] * len(deeds)
    gate = threading.Barrier(len(deeds))

    def run(place: int, deed: Callable[[], object]) -> None:
        with app.app_context(), for_everyone():
            gate.wait()
            try:
                found[place] = deed()
            except Refusal as refused:
                found[place] = refused

    threads = [threading.Thread(target=run, args=(place, deed)) for place, deed in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class TestSending:
    def test_moves_it_in_one_journal_and_tells_both(self) -> None:
        one, other = customer(), customer(naira(0))
        sent = send(one, other, naira(700), note=" For\nlunch ")
        assert (has(one), has(other)) == (naira(99_300), naira(700))
        assert (sent.sender_name, sent.receiver_name, sent.note) == ("Ada O.", "Ada O.", "For lunch")
        mine, theirs = (queries.one(sent.id, customer_id=each.id) for each in (one, other))
        assert (mine.incoming, theirs.incoming) == (False, True)
        (event,) = rows("SELECT name FROM outbox WHERE facts ->> 'transfer_id' = :id", id=sent.id)
        assert event.name == "transfers.sent"
        uses = rows("SELECT ref, settled_at FROM limit_uses WHERE ref LIKE :id ORDER BY ref", id=f"{sent.id}:%")
        assert [use.ref for use in uses] == [f"{sent.id}:in", f"{sent.id}:out"]
        assert all(use.settled_at for use in uses)

    def test_of_a_coin_opens_the_others_wallet(self) -> None:
        one, other = customer(), customer(naira(0))
        sending.give(one, Money(BTC, 100_000))
        with transaction(TEST):
            prices.record("BTC", naira=Decimal(150_000_000), at=clock.now(), source="test")
        sent = send(one, other, Money(BTC, 2_001))
        assert (has(one, BTC), has(other, BTC)) == (Money(BTC, 97_999), Money(BTC, 2_001))
        assert sent.worth == Money(NGN, 300_150)

    def test_of_a_coin_without_a_fresh_price_is_refused(self) -> None:
        one, other = customer(), customer()
        sending.give(one, Money(BTC, 100_000))
        with pytest.raises(errors.NoWorth), clock.at(clock.now() + timedelta(days=30)):
            send(one, other, Money(BTC, 2_000))

    def test_to_oneself_or_too_little_or_too_much_is_refused(self) -> None:
        one, other = customer(), customer()
        for to, amount, note, refusal in (
            (one, naira(100), "", errors.ToYourself),
            (other, Money(NGN, 99), "", errors.TooLittle),
            (other, naira(100_001), "", InsufficientFunds),
            (other, naira(100), "x" * 141, errors.NoteTooLong),
        ):
            with pytest.raises(refusal):
                send(one, to, amount, note=note)
        assert has(one) == has(other) == sending.RICH

    def test_out_of_a_frozen_or_restricted_account_is_refused(self) -> None:
        frozen, held, other = customer(), customer(), customer()
        with transaction(frozen.actor):
            customers.lock(frozen.id, here="", actor=frozen.actor)
        restricted.placed(held, Kind.NO_DEBIT)
        with pytest.raises(AccountFrozen):
            send(frozen, other, naira(100))
        with pytest.raises(Restricted):
            send(held, other, naira(100))

    def test_to_who_is_frozen_restricted_or_leaving_is_refused_without_a_reason(self) -> None:
        one, frozen, held, leaving = customer(), customer(), customer(), customer()
        with transaction(frozen.actor):
            customers.lock(frozen.id, here="", actor=frozen.actor)
        restricted.placed(held, Kind.NO_CREDIT)
        with transaction(leaving.actor):
            closures.ask(leaving.id, reason="Moving.", actor=leaving.actor)
        said = set()
        for other in (frozen, held, leaving):
            with pytest.raises(errors.CannotReceive) as refused:
                send(one, other, naira(100))
            said.add((refused.value.message, str(refused.value.facts)))
        assert len(said) == 1
        assert has(one) == sending.RICH

    def test_over_ones_own_limit_is_told_and_over_theirs_is_not(self) -> None:
        poor, rich = customer(tier=Tier.T1), customer(naira(900_000))
        with pytest.raises(LimitExceeded):
            send(poor, rich, naira(50_001))
        full = customer(naira(290_000), tier=Tier.T1)
        with pytest.raises(errors.CannotReceive) as refused:
            send(rich, full, naira(10_001))
        assert "300,000" not in refused.value.message
        send(rich, full, naira(10_000))
        assert has(full) == naira(300_000)

    def test_coins_count_in_what_one_may_have(self) -> None:
        """All wallets together: what is in coins leaves less room for naira, and for more coins."""
        rich, full = customer(naira(900_000)), customer(naira(10_000), tier=Tier.T1)
        sending.give(rich, Money(BTC, 100_000))
        sending.give(full, Money(BTC, 280_000))
        sending.price("BTC", 100_000_000)  # (theirs are worth ₦280,000, so ₦10,000 more fits)
        for amount in (naira(10_001), Money(BTC, 10_001)):
            with pytest.raises(errors.CannotReceive):
                send(rich, full, amount)
        send(rich, full, Money(BTC, 10_000))
        assert (has(full), has(full, BTC)) == (naira(10_000), Money(BTC, 290_000))

    def test_while_a_switch_is_off_is_refused(self) -> None:
        one, other = customer(), customer()
        with switched.stopped("rail:inside"), pytest.raises(SwitchedOff):
            send(one, other, naira(100))

    def test_of_much_in_a_day_asks_for_a_proof(self) -> None:
        one, other = customer(), customer()
        send(one, other, naira(15_000), proved=False)
        send(one, other, naira(40_000), proved=True)  # (what was proved uses nothing of it up)
        with pytest.raises(errors.ProofNeeded):
            send(one, other, naira(5_001), proved=False)
        send(one, other, naira(5_000), proved=False)
        with clock.at(clock.now() + timedelta(days=1, minutes=1)):
            send(one, other, naira(20_000), proved=False)


class TestFinding:
    def test_is_by_address_number_or_handle(self) -> None:
        one = people.customer(enrolled=True)
        handle = sending.handle(one)
        for typed in (one.email, one.email.upper(), sending.phone_of(one), f"@{handle}", f" @{handle.upper()} "):
            assert flows.find(typed) == queries.Found(one.id, "Ada O.")

    def test_finds_nobody_by_anything_else(self) -> None:
        one = people.customer()  # (a number that is not confirmed)
        for typed in ("nobody@test.example", "@nobody_at_all", "+2348031234567", "x", "", one.id, "@", people.PHONE):
            with pytest.raises(errors.NoSuchRecipient):
                flows.find(typed)

    def test_finds_nobody_of_the_staff(self) -> None:
        _, email = people.operator(Role.SUPPORT)
        leave()
        with pytest.raises(errors.NoSuchRecipient):
            flows.find(email)


class TestOnce:
    def test_the_same_key_is_one_transfer_and_another_content_is_refused(self) -> None:
        one, other = customer(), customer(naira(0))
        key = books.fresh()
        first = sending.sent_by_door(one, other.email, naira(100), key=key)
        assert sending.sent_by_door(one, other.email, naira(100), key=key) == first
        with pytest.raises(KeyReused):
            sending.sent_by_door(one, other.email, naira(200), key=key)
        assert has(other) == naira(100)

    def test_the_same_key_at_once_is_one_transfer(self, inside: Flask) -> None:
        one, other = customer(), customer(naira(0))
        key = books.fresh()
        found = at_once(inside, *[lambda: sending.sent_by_door(one, other.email, naira(100), key=key)] * 4)
        assert len(set(found)) == 1
        assert (has(one), has(other)) == (naira(99_900), naira(100))

    def test_a_name_that_changed_is_not_sent_to(self) -> None:
        one, other = customer(), customer()
        with pytest.raises(errors.OtherRecipient):
            flows.send(
                one.id, typed=other.email, shown="Bola A.", amount=naira(100), note="", proved=True,
                key=books.fresh(), actor=one.actor,
            )  # fmt: skip


class TestAtOnce:
    def test_two_of_all_that_there_is_are_one(self, inside: Flask) -> None:
        one, other = customer(), customer(naira(0))
        found = at_once(inside, *[lambda: send(one, other, sending.RICH)] * 2)
        assert sum(isinstance(each, Transfer) for each in found) == 1
        assert sum(isinstance(each, InsufficientFunds) for each in found) == 1
        assert (has(one), has(other)) == (naira(0), sending.RICH)

    def test_two_who_pay_each_other_do_not_block(self, inside: Flask) -> None:
        one, other = customer(), customer()

        def many(payer: Customer, payee: Customer) -> int:
            return sum(send(payer, payee, naira(10)).units == naira(10).units for _ in range(6))

        found = at_once(inside, *[lambda: many(one, other), lambda: many(other, one)] * 2)
        assert found == [6] * 4
        assert has(one) == has(other) == sending.RICH

    def test_a_limit_of_the_receiver_holds(self, inside: Flask) -> None:
        payers, full = [customer() for _ in range(4)], customer(naira(285_000), tier=Tier.T1)
        found = at_once(inside, *[lambda payer=payer: send(payer, full, naira(10_000)) for payer in payers])
        assert sum(isinstance(each, Transfer) for each in found) == 1
        assert sum(isinstance(each, errors.CannotReceive) for each in found) == 3
        assert has(full) == naira(295_000)

    def test_what_may_go_unproved_is_not_passed(self, inside: Flask) -> None:
        one, other = customer(), customer(naira(0))
        at_once(inside, *[lambda: send(one, other, naira(9_000), proved=False)] * 4)
        assert has(other) == naira(18_000)

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(100, 9_000_000)), max_size=8))
    def test_whatever_is_sent_the_sum_stays(self, inside: Flask, moves: list[tuple[int, int, int]]) -> None:
        three = [customer() for _ in range(3)]

        deeds = [
            lambda payer=three[one], payee=three[other], units=units: send(payer, payee, Money(NGN, units))
            for one, other, units in moves
        ]
        if deeds:
            at_once(inside, *deeds)
        held = [has(each).units for each in three]
        assert sum(held) == 3 * sending.RICH.units
        assert min(held) >= 0


class TestWhoSeesIt:
    def test_are_its_two_sides_alone(self) -> None:
        one, other, third = customer(), customer(), customer()
        sent = send(one, other, naira(100))
        with pytest.raises(NotFound):
            queries.one(sent.id, customer_id=third.id)
        leave()
        for who, count in ((one, 1), (other, 1), (third, 0)):
            token = narrow(who.id)
            assert len(rows("SELECT FROM transfers WHERE id = :id", id=sent.id)) == count
            leave()
            widen(token)

    def test_a_door_sees_its_own_again_afterwards(self) -> None:
        one, other = customer(), customer()
        token = narrow(one.id)
        try:
            flows.send(
                one.id, typed=other.email, shown="Ada O.", amount=naira(100), note="", proved=True, key=books.fresh(),
                actor=one.actor,
            )  # fmt: skip
            with pytest.raises(errors.NoSuchRecipient):
                flows.find("@nobody_at_all")
            assert {row.customer_id for row in rows("SELECT customer_id FROM wallets")} == {one.id}
        finally:
            leave()
            widen(token)


class TestTheDatabase:
    def test_keeps_no_transfer_whose_journal_says_something_else(self) -> None:
        one, other = customer(), customer()
        sent = send(one, other, naira(100))
        for changed in ({"units": 10_001}, {"receiver_id": customer().id}, {"asset": "BTC"}):
            copied = {column: getattr(sent, column) for column in Transfer.__table__.columns.keys()}  # noqa: SIM118
            forged = Transfer(**copied | {"id": books.fresh("trf")} | changed)
            with pytest.raises(DBAPIError) as refused, transaction(TEST):
                write(forged)
            assert getattr(refused.value.orig, "pgcode", "") == "23001"

    def test_says_that_a_request_is_paid_only_when_it_is(self) -> None:
        one, other = customer(), customer()
        asked = sending.ask(one, other)
        with pytest.raises(DBAPIError) as refused, transaction(TEST):
            rows("UPDATE money_requests SET state = 'paid', ended_at = now() WHERE id = :id RETURNING id", id=asked.id)
        assert getattr(refused.value.orig, "pgcode", "") == "23001"


def write(row: Transfer) -> None:
    """As no command does."""
    db.session.add(row)
    db.session.flush()


def test_what_would_be_refused_is_told_before() -> None:
    one, other, poor = customer(), customer(), customer(naira(5))
    assert flows.review(one.id, typed=other.email, amount=naira(90_000)).needs_proof
    seen = flows.review(one.id, typed=other.email, amount=naira(100))
    assert (seen.found.name, seen.left, seen.needs_proof) == ("Ada O.", naira(99_900), False)
    for who, typed, amount, refusal in (
        (one, one.email, naira(100), errors.ToYourself),
        (one, "x", naira(100), errors.NoSuchRecipient),
        (poor, other.email, naira(100), InsufficientFunds),
        (one, other.email, Money(BTC, 5_000), errors.NoWorth),
    ):
        with pytest.raises(refusal), clock.at(clock.now() + timedelta(days=60)):
            flows.review(who.id, typed=typed, amount=amount)
