"""Frozen accounts: nothing leaves, nothing is lost, and only staff lift it."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.core import actor, machine
from app.core.db import for_everyone, leave, transaction
from app.core.errors import IllegalMove, NotFound
from app.core.permissions import Role
from app.customers import queries as customer_queries
from app.customers import service as customers
from app.customers.errors import AccountFrozen
from app.withdrawals import queries, service
from app.withdrawals.models import Withdrawal
from app.withdrawals.rules import State
from app.withdrawals.service import Attempt
from tests.makers import apps, browse, mailbox, people
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess

WorkOff = Callable[..., int]


@pytest.fixture
def owner(inside: Flask, sandbox: SandboxProcess) -> Customer:
    """Somebody with NGN 100,000."""
    found = people.customer(enrolled=True)
    people.paid_in(found, naira(100_000), app=inside, sandbox=sandbox)
    return found


@pytest.fixture
def account(inside: Flask, owner: Customer) -> str:
    return people.bank_account(owner, app=inside)


def ask(owner: Customer, account: str, amount: int = 5_000) -> Withdrawal:
    with transaction(owner.actor):
        asked = service.request(owner.id, bank_account_id=account, amount=naira(amount), actor=owner.actor)
    return people.looked_into(asked.id)


def approve(withdrawal: Withdrawal) -> None:
    who = actor.operator(people.operator(Role.TREASURY)[0])
    with transaction(who):
        service.approve(withdrawal.id, operator_id=who.id, content_hash=withdrawal.content_hash, owns=None, actor=who)


def lock(owner: Customer) -> None:
    with transaction(owner.actor):
        customers.lock(owner.id, here="", actor=owner.actor, reason="Asked by its owner.")


def unlock(owner: Customer) -> None:
    who = actor.operator(people.operator(Role.SUPPORT)[0])
    with transaction(who):
        customers.unlock(owner.id, actor=who, reason="It was them.")


def state_of(withdrawal: Withdrawal) -> str:
    leave()
    return queries.one_for_operators(withdrawal.id).state


class TestLock:
    def test_a_withdrawal_is_refused_and_nothing_is_held(self, owner: Customer, account: str) -> None:
        lock(owner)
        with pytest.raises(AccountFrozen):
            ask(owner, account)
        leave()
        assert owner.balance().held == naira(0)
        assert owner.balance().available == naira(100_000)

    def test_again_ends_what_was_opened_since_the_first(self, inside: Flask, owner: Customer) -> None:
        lock(owner)
        thief = inside.test_client()
        browse.sign_in(thief, owner.email)
        assert thief.get("/activity").status_code == 200
        lock(owner)
        assert thief.get("/activity").status_code == 303

    def test_what_was_approved_waits_and_goes_on_afterwards(
        self, owner: Customer, account: str, work_off: WorkOff
    ) -> None:
        withdrawal = ask(owner, account)
        approve(withdrawal)
        lock(owner)
        work_off()
        assert state_of(withdrawal) == State.APPROVED
        work_off(timedelta(minutes=6))
        assert state_of(withdrawal) == State.APPROVED
        assert owner.balance().held == withdrawal.amount + withdrawal.fee
        unlock(owner)
        work_off(timedelta(minutes=20))
        assert state_of(withdrawal) in {State.SENDING, State.SETTLED}

    def test_what_was_begun_is_not_tried_again(self, owner: Customer, account: str) -> None:
        withdrawal = ask(owner, account)
        approve(withdrawal)
        with transaction(actor.system("test")):
            begun = service.begin_sending(withdrawal.id, actor=actor.system("test"))
            assert begun == Attempt(withdrawal.payout_id, first=True)
        lock(owner)
        with pytest.raises(AccountFrozen), transaction(actor.system("test")):
            service.begin_sending(withdrawal.id, actor=actor.system("test"))
        unlock(owner)
        with transaction(actor.system("test")):
            begun = service.begin_sending(withdrawal.id, actor=actor.system("test"))
            assert begun == Attempt(withdrawal.payout_id, first=False)

    def test_its_owner_can_still_take_a_request_back(self, owner: Customer, account: str) -> None:
        withdrawal = ask(owner, account)
        lock(owner)
        with transaction(owner.actor):
            service.cancel(withdrawal.id, customer_id=owner.id, actor=owner.actor)
        assert state_of(withdrawal) == State.CANCELLED
        assert owner.balance().held == naira(0)

    def test_money_still_comes_in(self, inside: Flask, owner: Customer, sandbox: SandboxProcess) -> None:
        lock(owner)
        people.paid_in(owner, naira(500), app=inside, sandbox=sandbox)
        assert owner.balance().available == naira(100_500)

    def test_is_written_in_the_history_with_who_did_it(self, owner: Customer) -> None:
        lock(owner)
        lock(owner)
        unlock(owner)
        moves = machine.history(owner.id)
        assert [(move.old_state, move.new_state) for move in moves] == [("active", "locked"), ("locked", "active")]
        assert moves[0].actor == str(owner.actor)
        assert moves[1].actor.startswith("operator:")

    def test_what_is_not_locked_is_not_unlocked(self, owner: Customer) -> None:
        with pytest.raises(IllegalMove):
            unlock(owner)

    def test_of_nobody_is_not_there(self, inside: Flask) -> None:
        with pytest.raises(NotFound), transaction(actor.system("test")):
            customers.lock("cus_nobody", here="", actor=actor.system("test"))

    def test_waits_for_a_request_under_way_and_stops_the_next(self, app: Flask, owner: Customer, account: str) -> None:
        done = threading.Event()

        def freeze() -> None:
            with app.app_context(), for_everyone():
                lock(owner)
                leave()
            done.set()

        freezing = threading.Thread(target=freeze)
        with transaction(owner.actor):
            service.request(owner.id, bank_account_id=account, amount=naira(1_000), actor=owner.actor)
            freezing.start()
            assert not done.wait(0.5)
        freezing.join(10)
        assert done.is_set()
        with pytest.raises(AccountFrozen):
            ask(owner, account)


class TestDoor:
    def test_two_looks_then_every_other_device_is_out(
        self, app: Flask, owner: Customer, account: str, work_off: WorkOff
    ) -> None:
        here, there = app.test_client(), app.test_client()
        browse.sign_in(here, owner.email)
        browse.sign_in(there, owner.email)
        assert "Your account is frozen" not in here.get("/security").text
        look = here.get("/security/freeze")
        assert "You cannot lift it yourself" in look.text
        leave()
        assert not customer_queries.is_locked(customer_id=owner.id)
        assert browse.send(here, "/security/freeze").status_code == 303
        assert there.get("/activity").status_code == 303
        for path in ("/", "/security", "/withdraw"):
            assert "Your account is frozen" in here.get(path).text
        assert "It is frozen" in here.get("/security/freeze").text
        page = here.get("/withdraw")
        asked = {"amount": "1000", "account": account, "key": browse.key_of(page)}
        refused = here.post("/withdraw", data={"csrf_token": browse.token_of(page), **asked})
        assert refused.status_code == 422
        assert "nothing leaves it until our staff" in refused.text
        work_off()
        assert "Your account is frozen" in mailbox.subjects_to(owner.email)

    def test_a_program_is_refused_too(self, app: Flask, owner: Customer, account: str) -> None:
        lock(owner)
        client = app.test_client()
        sent = {"email": owner.email, "password": people.PASSWORD, "code": apps.code(owner.email)}
        token = client.post("/api/v1/sessions", json=sent).get_json()["token"]
        answer = client.post(
            "/api/v1/withdrawals",
            json={"amount": {"asset": "NGN", "units": "100000"}, "bank_account": account},
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "frozen"},
        )
        assert answer.status_code == 409, answer.text
        assert answer.get_json()["error"]["code"] == "account_frozen"

    def test_staff_see_it_where_they_decide(self, app: Flask, owner: Customer, account: str) -> None:
        withdrawal = ask(owner, account)
        client = app.test_client()
        browse.sign_in(client, people.operator(Role.TREASURY)[1], console=True)
        assert "The account is frozen" not in client.get(f"/console/withdrawals/{withdrawal.id}").text
        lock(owner)
        assert "The account is frozen" in client.get(f"/console/withdrawals/{withdrawal.id}").text
