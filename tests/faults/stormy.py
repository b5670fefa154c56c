"""A house in a storm: four web processes and two workers that are killed at any moment, before a vendor who misbehaves.

What the money rooms offer today is called in `Business` alone; what they come to offer besides is a method more there.
"""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import psutil
from flask import Flask
from redis import Redis
from rq import Worker
from sqlalchemy import text

from app import assembly
from app.clients.http import Refused, Silent
from app.core import actor
from app.core.db import db, leave, transaction
from app.core.errors import Refusal
from app.core.permissions import Role
from app.payments import dedicated, deposits, queries
from app.payments import flows as payments
from app.payments.intake import flows as intake
from app.payments.models import Deposit
from app.payments.rules import Method
from app.withdrawals import service as withdrawals
from config import Settings
from dev import programs
from dev.children import Child, wait_until
from dev.embedded import Servers
from dev.environment import Addresses
from jobs import relay, runtime
from jobs.queues import Waker
from tests.makers import giving_back, people, switched
from tests.makers.databases import fresh_database
from tests.makers.environment import environment
from tests.makers.house import redis_database
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess, free_port

COPIES = 3  # deliveries of each event, besides those that are replayed
WEATHER = {
    "repeat": COPIES - 1, "reorder": True, "delay_ms": 400, "lose": 20, "lose_times": 2, "transfer_delay_seconds": 0.1,
}  # fmt: skip
CALM = {
    "answer": "normal", "repeat": 0, "reorder": False, "delay_ms": 0, "lose": 0, "transfer_delay_seconds": 0,
    "transfer_outcome": "success",
}  # fmt: skip
# How the vendor answers a transfer, and what becomes of it: drawn for each withdrawal.
ANSWERS = ("normal", "normal", "drop", "error_after", "refuse", "late_ms")
OUTCOMES = ("success", "success", "success", "success", "failed", "reversed")
MANY_EVERY = 60  # acts, until payouts are stopped once more
START_SECONDS = 120.0  # seven processes start at once, on whatever machine this is
LATE_MS = 1_200  # later than our patience of a second, so that the event comes before the answer
_STANDING = (
    # (What only asks again what became of something is the sweep's: nothing waits for it here.)
    "SELECT (SELECT count(*) FROM tasks WHERE queue = 'money' AND status IN ('due', 'leased')"
    " AND kind NOT LIKE 'payments.watch%' AND due_at <= now() + interval '30 seconds') AS tasks,"
    " (SELECT count(*) FROM outbox WHERE relayed_at IS NULL) AS news,"
    " (SELECT count(*) FROM inbox WHERE source = 'paystack' AND handled_at IS NULL) AS unread,"
    " (SELECT count(*) FROM withdrawals WHERE state IN ('approved', 'sending')) AS underway,"
    " (SELECT count(*) FROM refunds WHERE state IN ('asked', 'sent')) AS refunds"
)
_STANDING_ONES = (
    "SELECT 'task', kind, ref, status, attempt::text, due_at - now(), lease_until - now(), woken_at - now(),"
    " last_error FROM tasks WHERE queue = 'money' AND status IN ('due', 'leased')"
    " AND kind NOT LIKE 'payments.watch%' AND due_at <= now() + interval '30 seconds'"
    " UNION ALL SELECT 'withdrawal', w.id, w.state, p.state, p.vendor_words, now() - w.created_at, NULL, NULL,"
    " coalesce(p.vendor_status, '') FROM withdrawals w LEFT JOIN payouts p ON p.id = w.payout_id"
    " WHERE w.state IN ('approved', 'sending')"
    " UNION ALL SELECT 'switch', scope, state, reason, '', now() - turned_off_at, NULL, NULL, '' FROM switches"
)


@dataclass
class Tally:
    """What was done to the house, for the report."""

    operations: dict[str, int] = field(default_factory=dict)
    recovered: dict[str, list[float]] = field(default_factory=dict)
    rage_seconds: float = 0.0
    calm_seconds: float = 0.0

    def add(self, what: str) -> None:
        """One more."""
        self.operations[what] = self.operations.get(what, 0) + 1

    def back(self, what: str, seconds: float) -> None:
        """Something was killed, and works again after so long."""
        self.recovered.setdefault(what, []).append(seconds)

    def recoveries(self) -> str:
        """How often each was killed, and how soon it was back at most."""
        told = (f"{len(each)} x {what}, back after {max(each):.1f} s at most" for what, each in self.recovered.items())
        return "; ".join(told)


@dataclass(frozen=True)
class Size:
    """How much of a house, and of a business, stands in the storm."""

    web: int = 4
    workers: int = 2
    customers: int = 6


class House:
    """The processes, and the application in this one."""

    def __init__(self, env: dict[str, str], *, port: int, home: Path, vendor: SandboxProcess, size: Size) -> None:
        self.vendor, self.tally, self._killed = vendor, Tally(), ""
        self._where = Addresses("127.0.0.1", port, None)
        self._env = env | {"PUBLIC_URL": f"http://localhost:{port}", "PORT": str(port), "PYTHONUNBUFFERED": "1"}
        self.size = size
        workers = ("--workers", str(size.web), "--threads", "2", "--bind", f"127.0.0.1:{port}")
        self._web = self._child("web", ("-m", "gunicorn", "wsgi:app", *programs.GUNICORN, *workers), home)
        self._workers = [
            self._child(f"worker-{number}", ("-m", "jobs.worker", "money"), home) for number in range(size.workers)
        ]
        self.app = assembly.assemble(Settings.from_env(self._env))
        self.redis = Redis.from_url(env["REDIS_URL"])
        self.waker = Waker(self.redis)

    def _child(self, name: str, command: tuple[str, ...], home: Path) -> Child:
        return Child(name, programs.python(*command), log=home / f"{name}.log", env={**os.environ, **self._env})

    def start(self) -> None:
        """Everything, until the web answers."""
        for child in (self._web, *self._workers):
            child.start()
        wait_until(lambda: programs.serves(self._where, "/readyz"), self._web, seconds=START_SECONDS)

    def stop(self) -> None:
        """Everything, at once."""
        for child in (self._web, *self._workers):
            child.kill()

    def kill_one(self, luck: random.Random) -> None:
        """SIGKILL to a web process, or to a worker with its work-horse, which then starts again."""
        # In turn after the first, so that the shortest storm has one of each.
        what = {"web": "worker", "worker": "web"}.get(self._killed, luck.choice(("web", "worker")))
        self._killed = what
        began = time.monotonic()
        if what == "web":
            processes = psutil.Process(self._web.pid).children()
            with suppress(psutil.NoSuchProcess, IndexError):
                luck.choice(processes).send_signal(signal.SIGKILL)
            wait_until(lambda: programs.serves(self._where, "/readyz"), self._web, seconds=START_SECONDS)
        else:
            worker = luck.choice(self._workers)
            family = psutil.Process(worker.pid)
            for one in [family, *family.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    one.send_signal(signal.SIGKILL)
            worker.kill()
            worker.start()
            wait_until(lambda: self._listens(worker.pid), worker, seconds=START_SECONDS)
        self.tally.back(what, time.monotonic() - began)

    def _listens(self, pid: int) -> bool:
        return any(one.pid == pid for one in Worker.all(connection=self.redis))

    def what_stands(self) -> list[str]:
        """What is not done yet, one line each, for whoever reads why a storm did not end."""
        leave()
        rows = db.session.execute(text(_STANDING_ONES)).all()
        leave()
        return [" | ".join(str(value) for value in row) for row in rows]

    def standing(self) -> dict[str, int]:
        """What is not done yet, by what it is."""
        leave()
        row = db.session.execute(text(_STANDING)).mappings().one()
        leave()
        return {name: int(count) for name, count in row.items() if count}


class Business:
    """What customers, payers and the vendor do while it storms: one method each, drawn by luck."""

    def __init__(self, house: House, luck: random.Random) -> None:
        self._house, self._app, self._vendor, self._luck = house, house.app, house.vendor, luck
        self._operator_id, _ = people.operator(Role.TREASURY)
        self._customers = [people.customer(enrolled=True) for _ in range(house.size.customers)]
        for one in self._customers:
            people.paid_in(one, naira(400_000), app=self._app, sandbox=self._vendor)
        self._banks = {one.id: people.bank_account(one, app=self._app) for one in self._customers}
        self._paid: list[str] = []  # references of what was paid in full
        self._numbers = {one.id: self._account_number(one) for one in self._customers}
        self._cards = {one.id: self._kept_card(one) for one in self._customers}
        self._finance, _ = people.operator(Role.FINANCE)
        self._sent: list[str] = []
        self._disputes: list[str] = []
        self._first = [
            self.pay_in, self.withdraw, self.pay_into_number, self.pay_by_card, self.refund, self.dispute,
            self.withdraw_many, self.stray, self.abandon,
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
        what = self.withdraw_many if number % MANY_EVERY == 0 else what
        with suppress(AssertionError):  # (the vendor's control refuses, as when a transfer cannot be reversed)
            what()
            self._house.tally.add(what.__name__)

    def pay_in(self) -> None:
        """A deposit, paid by card or transfer, in full or not quite."""
        owner, amount = self._someone(), self._luck.randrange(500, 3_000)
        with suppress(Silent, Refused):
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
        with suppress(Silent, Refused):
            _, reference = people.open_deposit(self._someone(), naira(700), app=self._app)
            self._vendor.pay(reference, outcome="failed")

    def stray(self) -> None:
        """Money nobody asked for, into a number that is nobody's."""
        self._vendor.receive(self._luck.randrange(10_000, 90_000), f"97{self._luck.randrange(10**8):08d}")

    def withdraw(self) -> None:
        """A withdrawal, agreed to at once, at a vendor who may not say what became of it."""
        knobs = {"transfer_outcome": self._luck.choice(OUTCOMES), "answer": self._luck.choice(ANSWERS)}
        self._vendor.knobs(**knobs, answer_to="/transfer", answer_times=1, late_ms=LATE_MS)
        self._agreed()

    def withdraw_many(self) -> None:
        """Payouts are stopped, withdrawals are agreed to all the same, and then go together in one call."""
        answer = self._luck.choice(ANSWERS) if self.began else "normal"
        self._vendor.knobs(answer=answer, answer_to="/transfer/bulk", answer_times=1, late_ms=LATE_MS)
        off = switched.off("rail:bank", by=self._operator_id)
        for _ in range(3):
            self._agreed()
        switched.on(off.id)

    def _agreed(self) -> None:
        owner, staff = self._someone(), actor.operator(self._operator_id)
        with suppress(Refusal):
            asked = people.asked_for(owner, naira(self._luck.randrange(200, 2_000)), account=self._banks[owner.id])
            with transaction(staff):
                withdrawals.approve(
                    asked.id,
                    operator_id=self._operator_id,
                    content_hash=asked.content_hash,
                    owns=None,
                    actor=staff,
                )
            self._sent.append(asked.payout_id)
            self._house.tally.add("agreed")

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


@contextmanager
def stormy_house(given: Servers, home: Path, *, redis_number: int, size: Size) -> Iterator[House]:
    """A migrated house whose vendor tells it what happens; not yet started."""
    port = free_port()
    book, told = home / "storm" / "sandbox.sqlite3", f"http://127.0.0.1:{port}/callbacks/paystack"
    with SandboxProcess(book, webhook_url=told) as vendor, fresh_database(given, home) as made:
        env = environment(made, given, vendor) | {
            "REDIS_URL": redis_database(given.redis_url, redis_number),
            "TASK_LEASE_SECONDS": "4",
            "PAYSTACK_TIMEOUT_SECONDS": "1",
        }
        yield House(env, port=port, home=home / "storm", vendor=vendor, size=size)


def rage(house: House, business: Business, luck: random.Random, *, deliveries: int, kills: int) -> None:
    """Business and trouble until the vendor has that many deliveries to make, with the kills spread over them."""
    house.vendor.knobs(**WEATHER)
    began = time.monotonic()
    made, killed, number = 0, 0, 0
    while made < deliveries or not business.began:
        number += 1
        business.act(number)
        relay.sweep(house.waker)
        if number % 10 == 0:
            house.vendor.replay(5, number=number)
        counts = house.vendor.delivered()
        made = counts["waiting"] + counts["delivered"]
        if killed < kills and made >= deliveries * (killed + 1) // (kills + 1):
            killed += 1
            house.kill_one(luck)
    house.tally.rage_seconds = time.monotonic() - began


def calm_down(house: House, *, patience_seconds: float) -> dict[str, int]:
    """Good weather, until nothing is under way any more or patience ends; what is not done then."""
    house.vendor.knobs(**CALM)
    began = time.monotonic()
    left = {"begun": 1}
    while left and time.monotonic() < began + patience_seconds:
        relay.sweep(house.waker)
        house.vendor.flush(early=True)
        left = house.standing() | {name: n for name, n in house.vendor.delivered().items() if name == "waiting" and n}
        time.sleep(0.1)  # nothing to wait for but other processes' work, asked for before and after
    house.tally.calm_seconds = time.monotonic() - began
    return left


def sweep_ahead(app: Flask, *, horizon: timedelta) -> int:
    """The sweeps of the hours to come, here and now: everything that is watched is asked about."""
    return runtime.drain(app, horizon=horizon)
