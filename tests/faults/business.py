"""What customers, payers and the vendor do while it storms: one method of `Business` each, drawn by luck.

What the money rooms come to offer besides is a method more.
"""

import random
from collections import Counter
from contextlib import suppress

import requests
from flask import Flask
from sqlalchemy.exc import DBAPIError

from app.clients.http import Refused, Silent
from app.core import actor
from app.core.db import RETRIED_STATES, leave, sqlstate, transaction
from app.core.errors import Refusal
from app.core.permissions import Role
from app.payments import dedicated, deposits, queries
from app.payments import flows as payments
from app.payments.errors import TooManyUnpaid
from app.payments.intake import flows as intake
from app.payments.models import Deposit
from app.payments.rules import Method
from app.withdrawals import service as withdrawals
from tests.makers import giving_back, people, switched
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess

# How the vendor answers a call, and what becomes of a transfer: drawn for each.
ANSWERS = ("normal", "normal", "drop", "error_after", "refuse", "late_ms")
OUTCOMES = ("success", "success", "success", "success", "failed", "reversed")
MANY_EVERY = 60  # acts, until payouts are stopped once more
TOO_LONG = "57014"  # the statement took longer than it may: the machine is busy
TRIES = 5


class Business:
    """What some customers do, and what is done to them; `alone` also what touches everybody's payouts."""

    def __init__(
        self,
        app: Flask,
        vendor: SandboxProcess,
        luck: random.Random,
        *,
        customers: int,
        late_ms: int,
        alone: bool = True,
    ) -> None:
        self._app, self._vendor, self._luck, self._late_ms = app, vendor, luck, late_ms
        self.operations: Counter[str] = Counter()
        self._treasury, _ = people.operator(Role.TREASURY)
        self._compliance, _ = people.operator(Role.COMPLIANCE_MANAGER)
        self._finance, _ = people.operator(Role.FINANCE)
        self._customers = [people.customer(enrolled=True) for _ in range(customers)]
        for one in self._customers:
            people.paid_in(one, naira(400_000), app=app, sandbox=vendor)
        self._banks = {one.id: people.bank_account(one, app=app) for one in self._customers}
        self._paid: list[str] = []  # references of what was paid in full
        self._numbers = {one.id: self._account_number(one) for one in self._customers}
        self._cards = {one.id: self._kept_card(one) for one in self._customers}
        self._sent: list[str] = []
        self._disputes: list[str] = []
        self._alone = alone
        self._first = [
            self.pay_in, self.withdraw, self.pay_into_number, self.pay_by_card, self.refund, self.dispute,
            *([self.withdraw_many] if alone else []), self.stray, self.abandon,
        ]  # fmt: skip
        self._acts = (
            *((self.pay_in,) * 8), *((self.withdraw,) * 8), *((self.pay_into_number,) * 3), *((self.pay_by_card,) * 3),
            self.stray, self.send_back, self.abandon, self.refund, self.dispute, self.end_dispute,
        )  # fmt: skip

    @property
    def began(self) -> bool:
        """Whether there was one of each."""
        return not self._first

    def act(self, number: int) -> None:
        """Something happens: one of each, then by luck; now and then much that had to wait."""
        what = self._first.pop(0) if self._first else self._luck.choice(self._acts)
        what = self.withdraw_many if self._alone and number % MANY_EVERY == 0 else what
        try:
            what()
            self.operations[what.__name__] += 1
        except AssertionError:  # the vendor's control refuses, as when a transfer cannot be reversed
            self.operations["refused by the vendor"] += 1
        except (DBAPIError, requests.RequestException) as trouble:
            # People are told to try again when so much happens that a lock or an answer takes too long.
            if isinstance(trouble, DBAPIError) and sqlstate(trouble) not in {*RETRIED_STATES, TOO_LONG}:
                raise
            self.operations["put off"] += 1
        finally:
            leave()

    def pay_in(self) -> None:
        """A deposit, paid by card or transfer, in full or not quite."""
        owner, amount = self._someone(), self._luck.randrange(500, 3_000)
        with suppress(Silent, Refused, TooManyUnpaid):
            _, reference = people.open_deposit(owner, naira(amount), app=self._app)
            paid = amount * 100 + self._luck.choice((0, 0, 0, 0, -100, 5_000))
            channel = "card" if paid == amount * 100 else "bank_transfer"
            self._vendor.pay(reference, channel=channel, amount=paid)
            if paid == amount * 100:
                self._paid.append(reference)

    def pay_into_number(self) -> None:
        """A transfer to a customer's own account number: nobody announced it."""
        self._vendor.receive(self._luck.randrange(50_000, 300_000), self._numbers[self._someone().id])

    def pay_by_card(self) -> None:
        """A card that they kept is charged."""
        owner = self._someone()
        self._vendor.knobs(**self._answer("/transaction/charge_authorization"))
        with suppress(Silent, Refused, Refusal):
            with transaction(owner.actor):
                deposit = deposits.start(
                    owner.id,
                    amount=naira(self._luck.randrange(500, 3_000)),
                    actor=owner.actor,
                    method=Method.SAVED_CARD,
                    saved_card_id=self._cards[owner.id],
                )
            self._open(deposit, owner)

    def refund(self) -> None:
        """A deposit, or half of it, goes back to its payer: two people want it so."""
        reference = self._luck.choice(self._paid)
        self._vendor.knobs(**self._answer("/refund"))
        with suppress(Refusal):
            giving_back.agree(giving_back.ask_refund(reference, naira(250), maker=self._finance))

    def dispute(self) -> None:
        """A payer disputes what they paid."""
        reference = self._luck.choice(self._paid)
        self._disputes.append(str(self._vendor.dispute(reference, amount=20_000)["id"]))

    def end_dispute(self) -> None:
        """It is lost or won."""
        if self._disputes:
            self._vendor.end_dispute(self._disputes.pop(), self._luck.choice(("auto-accept", "decline")))

    def abandon(self) -> None:
        """A deposit that nobody pays, after a card was declined."""
        with suppress(Silent, Refused, TooManyUnpaid):
            _, reference = people.open_deposit(self._someone(), naira(700), app=self._app)
            self._vendor.pay(reference, outcome="failed")

    def stray(self) -> None:
        """Money nobody asked for, into a number that is nobody's."""
        self._vendor.receive(self._luck.randrange(10_000, 90_000), f"97{self._luck.randrange(10**8):08d}")

    def withdraw(self) -> None:
        """A withdrawal, agreed to at once, at a vendor who may not say what became of it."""
        self._vendor.knobs(transfer_outcome=self._luck.choice(OUTCOMES), **self._answer("/transfer"))
        self._agreed()

    def withdraw_many(self) -> None:
        """Payouts are stopped, withdrawals are agreed to all the same, and then go together in one call."""
        self._vendor.knobs(**self._answer("/transfer/bulk", odd=self.began))
        off = switched.off("rail:bank", by=self._treasury)
        try:
            for _ in range(3):
                self._agreed()
        finally:
            self._on_again(off.id)

    def _on_again(self, switch_id: str) -> None:
        for left in range(TRIES, 0, -1):  # with payouts stopped, the storm would stand still
            try:
                switched.on(switch_id)
            except DBAPIError:
                leave()
                if left == 1:
                    raise
            else:
                return

    def _answer(self, path: str, *, odd: bool = True) -> dict[str, object]:
        answer = self._luck.choice(ANSWERS) if odd else "normal"
        return {"answer": answer, "answer_to": path, "answer_times": 1, "late_ms": self._late_ms}

    def _agreed(self) -> None:
        owner = self._someone()
        with suppress(Refusal):  # what is known, small and of low risk waits for nobody
            asked = people.asked_for(owner, naira(self._luck.randrange(200, 2_000)), account=self._banks[owner.id])
            self._sent.append(asked.payout_id)
            self.operations["asked for"] += 1
            for operator_id in (self._treasury, self._compliance)[: max(1, len(asked.legs))]:
                with transaction(staff := actor.operator(operator_id)):
                    withdrawals.approve(
                        asked.id, operator_id=operator_id, content_hash=asked.content_hash, owns=None, actor=staff
                    )
                self.operations["agreed"] += 1

    def send_back(self) -> None:
        """The bank sends back what the vendor had said was paid."""
        if self._sent:
            self._vendor.conclude(self._luck.choice(self._sent), "reverse")

    def _someone(self) -> Customer:
        return self._luck.choice(self._customers)

    def _open(self, deposit: Deposit, owner: Customer) -> None:
        intake.open_payment(
            deposit,
            paystack=self._app.extensions["clients"].paystack,
            email=owner.email,
            callback_url="http://localhost/",
            ussd="",
            actor=owner.actor,
        )

    def _account_number(self, owner: Customer) -> str:
        with transaction(owner.actor):
            asked = dedicated.ask(owner.id, actor=owner.actor)
        intake.open_account(asked.id, paystack=self._app.extensions["clients"].paystack, actor=owner.actor)
        found = queries.dedicated_account_for_system(asked.id)
        leave()
        assert found is not None
        assert found.account_number
        return found.account_number

    def _kept_card(self, owner: Customer) -> str:
        with transaction(owner.actor):
            amount = naira(3_000)
            deposit = deposits.start(owner.id, amount=amount, actor=owner.actor, method=Method.CARD, keep_card=True)
        self._open(deposit, owner)
        self._vendor.pay(deposit.reference)
        payments.watch_deposit(deposit.id, paystack=self._app.extensions["clients"].paystack, actor=owner.actor)
        self._paid.append(deposit.reference)
        (card,) = queries.saved_cards(customer_id=owner.id)
        leave()
        return card.id
