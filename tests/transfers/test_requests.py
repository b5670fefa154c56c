"""Requests for money: asked, answered once, reminded of, over; bills that are split; handles that are claimed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.core import clock
from app.core.db import leave, rows, transaction
from app.core.errors import NotFound
from app.core.money import NGN, Money
from app.customers import service as customers
from app.ledger.errors import InsufficientFunds
from app.transfers import errors, flows, queries, service
from app.transfers.rules import State
from tests.makers import books, people, sending
from tests.makers.people import Customer, naira
from tests.makers.sending import TEST, ask, customer, has, request_now
from tests.transfers.test_sending import at_once

pytestmark = pytest.mark.usefixtures("inside")


def pay(request_id: str, payer: Customer, *, key: str = "") -> str:
    return flows.pay(request_id, customer_id=payer.id, proved=True, key=key or books.fresh(), actor=payer.actor)


def decline(request_id: str, payer: Customer) -> None:
    with transaction(payer.actor):
        service.decline(request_id, customer_id=payer.id, actor=payer.actor)


def cancel(request_id: str, asker: Customer) -> None:
    with transaction(asker.actor):
        service.cancel(request_id, customer_id=asker.id, actor=asker.actor)


def remind(request_id: str, asker: Customer) -> None:
    with transaction(asker.actor):
        service.remind(request_id, customer_id=asker.id)


class TestARequest:
    def test_is_paid_once(self) -> None:
        one, other = customer(naira(0)), customer()
        asked = ask(one, other)
        assert [each.id for each in queries.to_pay(customer_id=other.id)] == [asked.id]
        leave()
        key = books.fresh()
        paid = pay(asked.id, other, key=key)
        assert pay(asked.id, other, key=key) == paid
        with pytest.raises(errors.RequestOver):
            pay(asked.id, other)
        assert (has(one), has(other)) == (naira(500), naira(99_500))
        side = queries.one(paid, customer_id=one.id)
        assert (side.transfer.request_id, side.transfer.note, side.incoming) == (asked.id, "Lunch", True)
        assert request_now(asked.id).state == State.PAID

    def test_is_paid_once_whoever_is_first(self, inside: Flask) -> None:
        one, other = customer(naira(0)), customer()
        asked = ask(one, other)
        deeds: list[Callable[[], object]] = [lambda: pay(asked.id, other)] * 3
        found = at_once(inside, *deeds, lambda: cancel(asked.id, one), lambda: decline(asked.id, other))
        over = sum(isinstance(each, errors.RequestOver) for each in found)
        assert over == 4
        state = request_now(asked.id).state
        assert has(one) == (naira(500) if state == State.PAID else naira(0))

    def test_is_answered_by_its_payer_and_taken_back_by_its_asker(self) -> None:
        one, other, third = customer(), customer(), customer()
        asked = ask(one, other)
        for deed in (
            lambda: pay(asked.id, one),
            lambda: pay(asked.id, third),
            lambda: decline(asked.id, one),
            lambda: cancel(asked.id, other),
            lambda: remind(asked.id, other),
            lambda: queries.request_of(asked.id, customer_id=third.id),
        ):
            with pytest.raises(NotFound):
                deed()
            leave()
        decline(asked.id, other)
        with pytest.raises(errors.RequestOver):
            cancel(asked.id, one)
        assert request_now(asked.id).state == State.DECLINED

    def test_ends_by_the_clock(self) -> None:
        one, other = customer(), customer()
        asked = ask(one, other)
        assert asked.expires_at - asked.created_at == timedelta(days=14)
        with clock.at(asked.expires_at):
            assert asked.id in queries.due_for_system(at=clock.now(), limit=10_000)
            with pytest.raises(errors.RequestOver):
                pay(asked.id, other)
            for _ in range(2):
                with transaction(TEST):
                    service.expire(asked.id, at=clock.now(), actor=TEST)
        assert request_now(asked.id).state == State.EXPIRED
        assert has(other) == sending.RICH

    def test_is_reminded_of_once_a_day_and_three_times(self) -> None:
        one, other = customer(), customer()
        asked = ask(one, other)
        with pytest.raises(errors.RemindedLately):
            remind(asked.id, one)
        for day in range(1, 4):
            with clock.at(asked.created_at + timedelta(days=day, minutes=day)):
                remind(asked.id, one)
                with pytest.raises(errors.RemindedLately):
                    remind(asked.id, one)
        with clock.at(asked.created_at + timedelta(days=9)), pytest.raises(errors.RemindedLately):
            remind(asked.id, one)
        told = rows("SELECT FROM outbox WHERE name = 'transfers.asked' AND facts ->> 'request_id' = :id", id=asked.id)
        assert len(told) == 4

    def test_without_money_stays_open(self) -> None:
        one, poor = customer(), customer(naira(1))
        asked = ask(one, poor)
        with pytest.raises(InsufficientFunds):
            pay(asked.id, poor)
        assert request_now(asked.id).state == State.ASKED

    def test_is_not_asked_of_oneself_too_often_or_too_little(self) -> None:
        one, other, frozen = customer(), customer(), customer()
        with transaction(frozen.actor):
            customers.lock(frozen.id, here="", actor=frozen.actor)
        for of, amount, refusal in (
            (one, naira(5), errors.ToYourself),
            (other, Money(NGN, 1), errors.TooLittle),
            (frozen, naira(5), errors.CannotReceive),
        ):
            with pytest.raises(refusal):
                ask(one, of, amount)
        with pytest.raises(errors.CannotReceive):
            ask(frozen, other)
        for _ in range(3):
            ask(one, other)
        with pytest.raises(errors.TooManyRequests):
            ask(one, other)

    def test_taken_back_and_asked_anew_is_not_asked_without_end(self) -> None:
        """Each is a mail to who is asked."""
        one, other = customer(), customer()
        for _ in range(3):
            cancel(ask(one, other).id, one)
        with pytest.raises(errors.TooManyRequests):
            ask(one, other)
        ask(one, customer())
        with clock.at(clock.now() + timedelta(days=1, minutes=1)):
            ask(one, other)


class TestASplit:
    def test_asks_each_for_a_share_and_the_shares_are_the_bill(self) -> None:
        one, others = customer(), [people.customer() for _ in range(3)]
        with transaction(one.actor):
            bill, asked = service.split(
                one.id, among=[each.id for each in others], bill=Money(NGN, 10_003), with_me=True, note="Suya",
                actor=one.actor,
            )  # fmt: skip
        assert bill.own == Money(NGN, 2_501)
        assert sorted(each.amount.units for each in asked) == [2_500, 2_501, 2_501]
        assert bill.own.units + sum(each.amount.units for each in asked) == 10_003
        found, parts = queries.split_of(bill.id, customer_id=one.id)
        assert (found.amount, {part.payer_id for part in parts}) == (Money(NGN, 10_003), {each.id for each in others})
        with pytest.raises(NotFound):
            queries.split_of(bill.id, customer_id=others[0].id)

    def test_is_all_or_nothing(self) -> None:
        one, other = customer(), people.customer()
        for among, refusal in (
            ([], errors.BadSplit),
            ([other.id, other.id], errors.BadSplit),
            ([one.id], errors.BadSplit),
            ([f"cus_{place}" for place in range(11)], errors.BadSplit),
        ):
            with pytest.raises(refusal), transaction(one.actor):
                service.split(one.id, among=among, bill=naira(100), with_me=True, note="", actor=one.actor)
        with pytest.raises(errors.NoSuchRecipient):
            flows.split(
                one.id, among=[other.email, "nobody@test.example"], bill=naira(100), with_me=True, note="",
                key=books.fresh(), actor=one.actor,
            )  # fmt: skip
        assert rows("SELECT FROM splits WHERE customer_id = :id", id=one.id) == []
        assert queries.asked_by(customer_id=one.id) == []


class TestAHandle:
    def test_is_somebodys_for_good(self) -> None:
        one, other = people.customer(), people.customer()
        name = f"h{books.fresh()[-12:]}"
        assert sending.handle(one, f"@{name.upper()}") == name
        assert sending.handle(one, name) == name
        with pytest.raises(errors.HandleTooSoon):
            sending.handle(one, "another_name")
        with pytest.raises(errors.HandleTaken):
            sending.handle(other, f"{name[:5]}_{name[5:]}")
        with clock.at(clock.now() + timedelta(days=31)):
            second = sending.handle(one)
            with pytest.raises(errors.HandleTaken):
                sending.handle(other, name)
        assert flows.find(f"@{second}").customer_id == one.id
        with pytest.raises(errors.NoSuchRecipient):
            flows.find(f"@{name}")

    def test_is_not_the_houses_nor_nonsense(self) -> None:
        one = people.customer()
        for typed, refusal in (
            ("bursar_team", errors.HandleTaken),
            ("CBN", errors.HandleTaken),
            ("a b", errors.BadHandle),
        ):
            with pytest.raises(refusal):
                sending.handle(one, typed)
        assert queries.claimed_by(customer_id=one.id) is None

    def test_goes_to_one_of_two(self, inside: Flask) -> None:
        two, name = [people.customer() for _ in range(2)], f"h{books.fresh()[-12:]}"
        found = at_once(inside, *[lambda one=one: sending.handle(one, name) for one in two])
        assert sorted(map(str, (type(each).__name__ for each in found))) == ["HandleTaken", "str"]


def test_what_happens_is_mailed_to_both(inside: Flask, work_off: Callable[..., int]) -> None:
    one, other = customer(), customer()
    sending.send(one, other, naira(700), note="Suya")
    asked, no, back = (ask(one, other, naira(amount)) for amount in (11, 12, 13))
    work_off()
    decline(no.id, other)
    cancel(back.id, one)
    pay(asked.id, other)
    sending.handle(one)
    work_off()
    subjects = {each.login_id: set() for each in (one, other)}  # type: ignore[var-annotated]
    for row in rows("SELECT login_id, subject FROM mails WHERE login_id = ANY(:ids)", ids=[*subjects]):
        subjects[row.login_id].add(row.subject)
    assert {"You sent ₦700.00 to Ada O.", "Ada O. sent you ₦11.00", "Your request for ₦12.00 has ended"} <= subjects[
        one.login_id
    ]
    assert any(subject.startswith("You are found as @h") for subject in subjects[one.login_id])
    told = {f"Ada O. asks you for ₦{amount}.00" for amount in (11, 12, 13)}
    assert told | {"Ada O. sent you ₦700.00", "Ada O. took back a request"} <= subjects[other.login_id]
