"""A demo business, lived through day by day by the services themselves, from a fixed seed.

The clock is held at each moment of the story, here and at the simulated vendor, so that the books, the vendor's lists
and the customers' pages tell the same past.
"""

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests as http
from flask import Flask
from sqlalchemy import select

from app.clients.bundle import Clients
from app.core import actor, clock, tasks
from app.core.actor import Actor
from app.core.db import atomically, db, leave, transaction
from app.core.money import NGN, Money
from app.customers import service as customers
from app.customers.rules import Tier
from app.identity import factors, phones
from app.identity import queries as identity_queries
from app.identity import service as identity
from app.identity.models import Code
from app.identity.rules import Audience
from app.ledger import balances, chart, posting
from app.payments import deposits
from app.payments import flows as payments
from app.reconciliation import service as reconciliation
from app.risk.errors import LimitExceeded
from app.wallets import service as wallets
from app.withdrawals import flows as withdrawal_flows
from app.withdrawals import queries as withdrawals_queries
from app.withdrawals import queue as withdrawals_queue
from app.withdrawals import rules as withdrawal_rules
from app.withdrawals import service as withdrawals
from dev import applicants, between, compliance, hiring, odd_cases, outgoing, papers, screened, verified, verifying
from dev.cast import AT_A_TIME, BANKS, DEPOSIT_NAIRA, DEPOSIT_WEIGHTS, FIRST, LAST, STAFF, TIERS
from dev.dealing import Dealing
from dev.hiring import MAIL
from dev.reporting import report
from dev.treasury import Office
from jobs import runtime

SEED = 2026
DAYS = 45
CUSTOMERS = 60
BEFORE = timedelta(days=2)  # how long people are there before they do anything
PASSWORD = "demo-kobo-2026"  # noqa: S105 (printed on purpose: the demo's only)
SECRET = "DEMOKOBODEMOKOBODEMOKOBODEMOKOBO"  # noqa: S105 (of everybody's authenticator app; printed, too)

APPLICANTS = 4
LONG_SINCE = 3  # days before the end: what waits since then is a case


@dataclass
class Person:
    """A customer of the story."""

    id: str
    login_id: str
    email: str
    bank_account_id: str = ""
    acts: Actor = field(default_factory=lambda: actor.system("demo"))


class Business:
    """The story and what it needs: the application, the vendor's control address, the luck."""

    def __init__(
        self, app: Flask, *, vendor_url: str, exchange_url: str = "", days: int = DAYS, customers: int = CUSTOMERS
    ) -> None:
        self.app = app
        self.days = days
        self.customers = customers
        self.clients: Clients = app.extensions["clients"]
        self.vendor_url, self.exchange_url = vendor_url, exchange_url  # (without an exchange nothing is dealt in)
        self.dealing: Dealing | None = None
        self.luck = random.Random(SEED)  # noqa: S311 (a story, not a secret)
        self.people: list[Person] = []
        self.staff: dict[str, str] = {}
        self.ended = datetime.now(UTC) - timedelta(minutes=20)

    def live(self) -> Iterator[str]:
        """Live through it, saying from time to time how far it is."""
        self._vendor("knobs", {"webhooks": False, "transfer_delay_seconds": 0, "opening_balance": 0})
        try:
            began = self.ended - timedelta(days=self.days)
            with self._moment(began):
                self._open_for_business()
            self.office = self._office()
            self.office.found(began)
            self._open_dealing(began)
            for day in range(self.days + 1):
                morning = began + timedelta(days=day)
                self._day(morning, newcomers=self._newcomers(day), days_left=self.days - day)
                with self._moment(min(morning + timedelta(hours=9), self.ended)):
                    self._lead(self.people[0], days_left=self.days - day)
                if self.dealing:
                    self.dealing.day(day)
                if day % 9 == 8:  # noqa: PLR2004
                    yield f"day {day + 1} of {self.days}: {len(self.people)} customers"
            if self.dealing:
                self.dealing.end()
            with self._moment(self.ended):
                self._leave_work_for_people()
        finally:
            if self.dealing:
                self.dealing.market.close()
            self._vendor("clock", {"now": None})
            self._vendor("knobs", {"webhooks": True, "transfer_delay_seconds": 2})
        yield f"{len(self.people)} customers, {self.days} days"

    # ---- the days

    def _open_for_business(self) -> None:
        payments.refresh_banks(paystack=self.clients.paystack, actor=actor.system("demo"))
        for name, mailbox, role in STAFF:
            with transaction(actor.system("command:operators create")):  # nobody else makes any without an invitation
                self.staff[mailbox] = identity.hire(name, email=f"{mailbox}@{MAIL}", password=PASSWORD, roles=[role])
                self._give_app(f"{mailbox}@{MAIL}", Audience.OPERATOR)

    def _office(self) -> Office:
        finance, treasury = self.staff["finance"], self.staff["treasury"]
        return Office(finance, treasury, self.staff["treasury2"], self.clients.paystack, self._vendor)

    def _open_dealing(self, began: datetime) -> None:
        if self.exchange_url:
            self.dealing = Dealing(
                self.app,
                self.exchange_url,
                office=self.office,
                people=self.people,
                span=(began, self.days),
                moment=self._moment,
                work_off=self._work_off,
                deposit=self._deposit,
            )
            self.dealing.open()

    def _newcomers(self, day: int) -> int:
        due = self.customers * (day + 1) // self.days
        return max(0, min(self.customers, due) - len(self.people))

    def _day(self, morning: datetime, *, newcomers: int, days_left: int) -> None:
        for _ in range(newcomers):
            with clock.at(self._hour(morning) - BEFORE):  # (what they add is no way out on its first day)
                self._join()
        for person in self.luck.sample(self.people, k=min(len(self.people), self.luck.randint(2, 6))):
            with self._moment(self._hour(morning)), suppress(LimitExceeded):  # (people try more than they may)
                self._deposit(person, pays=self.luck.random() > 0.06)  # noqa: PLR2004
        with self._moment(min(morning + timedelta(hours=8), self.ended)):
            self._work_off()
            self.office.take_settlements(days_left=days_left)
            for person in self.luck.sample(self.people, k=min(len(self.people), self.luck.randint(1, 4))):
                with suppress(LimitExceeded):
                    self._withdraw(person)
            self._work_off()

    def _hour(self, morning: datetime) -> datetime:
        return min(morning + timedelta(minutes=self.luck.randint(0, 460)), self.ended)

    def _leave_work_for_people(self) -> None:
        """The end of the story is today's work: requests to decide, a checkout half done, strays to place."""
        lead = self.people[0].id  # (whose withdrawal is to wait for people)
        screened.hold_against_lists([person.id for person in self.people], but={lead})
        free = (person for number, person in enumerate(self.people) if number % 10 not in TIERS)
        rich = sorted(free, key=lambda person: -self._available(person).units)[:7]
        for place, (person, part) in enumerate(zip(rich, (60, 55, 40, 35, 30, 25, 20), strict=True)):
            most = min(self._available(person).units * part // 100, AT_A_TIME.units)
            amount = Money(NGN, max(most // 100_000 * 100_000, 500_000))
            if self._available(person) < amount + withdrawals.fee_of(amount):
                continue  # a short story with few customers has poor ones among its rich
            with clock.at(self.ended - timedelta(minutes=23 * (7 - place))):
                self._request(person, amount)
        between.live(self.people[0], [one for one in rich if one.id != lead], at=self.ended)
        self._work_off()
        first = withdrawals_queue.page_for_operators([withdrawal_rules.State.REQUESTED], oldest_first=True)
        if first:
            outgoing.take(first[-1].id, by=self.staff["compliance"])
        self._deposit(rich[0], pays=False)
        verifying.begin(self._open_account("Amina Yaro", f"newcomer@{MAIL}").id)
        restricted = self._open_account("Ngozi Eze", f"restricted@{MAIL}")
        odd_cases.stray(self._vendor, note=True)
        self.office.correct_by_hand(self.ended)
        self._leave_odd_cases()
        hiring.ask(self.staff)
        poor = sorted(self.people[1:], key=lambda person: self._available(person).units)[:4]
        compliance.look_after_accounts([(one.id, one.email) for one in poor], staff=self.staff, at=self.ended)
        store, officer, next_one = self.clients.documents, self.staff["officer"], len(self.people)
        compliance.look_into(self.people[:1], restricted=restricted.id, officer=officer, at=self.ended)
        applying = [(number, self._applicant(number)) for number in range(next_one, next_one + APPLICANTS)]
        applicants.apply(applying, store=store, officer=officer, work_off=self._work_off, at=self.ended)
        self._work_off()
        with transaction(actor.system("demo")):
            reconciliation.ask(actor=actor.system("demo"))
        self.office.bring_statements(self.ended)
        self._work_off()
        self.office.match_statements(self.ended)
        report(self.staff["finance"], self.staff["auditor"], work_off=self._work_off, at=self.ended)

    def _leave_odd_cases(self) -> None:
        """What went wrong with money: each kind of it stands somewhere."""
        finance, treasury = self.staff["finance"], self.staff["treasury"]
        counter = odd_cases.Counter(finance, treasury, self.clients.paystack, self._vendor, self._work_off)
        counter.open(self.ended)
        queue = outgoing.Outgoing(
            self.staff, self.clients.paystack, self._vendor, self._agree, self._work_off, self.ended
        )
        queue.fill(self.people[2:])
        odd_cases.stop_and_go_on(asks=treasury, agrees=self.staff["compliance"], at=self.ended)
        self._deposit(self.people[-1], pays=True, naira=20_000, short_by=5_000)
        self._work_off()
        with transaction(actor.system("demo")):
            tasks.add("cases.watch", ref="demo", queue="default")

    def _lead(self, person: Person, *, days_left: int) -> None:
        """Whoever signs in as the first customer finds each kind of page: paid, declined, being checked, unpaid."""
        if days_left == 2:  # noqa: PLR2004 (the day before yesterday)
            self._deposit(person, pays=True, naira=250_000)
            self._work_off()
            self._agree(self._request(person, Money(NGN, 2_000_000)))
            self._work_off()
        elif days_left == 1:
            self._deposit(person, pays=True, naira=100_000)
            self._work_off()
            self._reject(self._request(person, Money(NGN, 3_500_000)))
        elif days_left == LONG_SINCE:
            odd_cases.stray(self._vendor, note=False)
            self._linger(next((one for one in self.people[1:] if self._available(one) >= outgoing.ENOUGH), None))
        elif days_left == 0:
            self._request(person, Money(NGN, 1_500_000))
            self._deposit(person, pays=False)

    def _linger(self, person: Person | None) -> None:
        """Their bank neither takes nor refuses it: what treasury asks after."""
        if person is not None:
            self._vendor("knobs", {"transfer_outcome": "pending-forever"})
            self._agree(self._request(person, outgoing.ODD))
            self._work_off()
            self._vendor("knobs", {"transfer_outcome": "success"})

    # ---- the acts

    def _join(self) -> None:
        number = len(self.people)
        first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
        email = f"{first.lower()}.{last.lower()}@{MAIL}" if number else f"customer@{MAIL}"
        person = self._open_account(f"{first} {last}", email)
        tier, demo = TIERS.get(number % 10, Tier.T3), actor.system("demo")
        with transaction(demo):
            self._give_app(email, Audience.CUSTOMER)
            verified.set_tier(person.id, tier, actor=demo)
        self._confirm_phone(person.login_id)
        number_at_bank = f"{self.luck.randint(1_000_000_000, 8_999_999_999)}"
        holder: dict[str, object] = {"account_number": number_at_bank, "account_name": f"{last} {first}".upper()}
        self._vendor("accounts", holder)
        self._register(number, f"{last} {first}")
        account = payments.add_bank_account(
            person.id,
            bank_code=self.luck.choice(BANKS),
            account_number=number_at_bank,
            paystack=self.clients.paystack,
            actor=actor.customer(person.id),
        )
        person.bank_account_id = account.id
        person.acts = outgoing.come_in(person.login_id, person.id, number=number)
        self.people.append(person)

    def _applicant(self, number: int) -> Person:
        first, last = FIRST[-1 - number % len(FIRST)], LAST[-1 - number % len(LAST)]
        self._register(number, f"{last} {first}")
        return self._open_account(f"{first} {last}", f"applicant{number}@{MAIL}")

    def _register(self, number: int, name: str) -> None:
        for record in papers.records(number, name=name.upper()):
            self._vendor("records", record)

    def _give_app(self, email: str, audience: Audience) -> None:
        login_id = identity_queries.login_by_address_for_system(email, audience=audience)
        if login_id:
            factors.provide_app(login_id, secret=SECRET)

    def _open_account(self, name: str, email: str) -> Person:
        with transaction(actor.system("demo")):
            phone = f"+234803{len(self.people):03d}{self.luck.randint(1_000, 9_999)}"
            claim = customers.sign_up(name, email=email, phone=phone, password=PASSWORD)
        code = self._code(claim.login_id)
        with transaction(actor.system("demo")):
            identity.confirm_email(claim, code=code)
            person = Person(customers.require(claim.login_id).id, claim.login_id, email)
            wallets.open_wallet(person.id, asset=NGN)
        return person

    def _confirm_phone(self, login_id: str) -> None:
        with transaction(actor.system("demo")):
            phones.issue_code(login_id)
        code = self._code(login_id, by_text=True)
        with transaction(actor.system("demo")):
            phones.confirm(login_id, code=code)

    def _code(self, login_id: str, *, by_text: bool = False) -> str:
        made = select(Code.id).where(Code.login_id == login_id, Code.phone_id.is_(None) != by_text)
        code = identity_queries.code_for_system(db.session.scalars(made).one())
        leave()
        return code

    def _deposit(self, person: Person, *, pays: bool, naira: int = 0, short_by: int = 0) -> None:
        ways = ("bank_transfer",) if naira else ("card", "card", "bank_transfer", "bank_transfer", "ussd")
        who, naira = actor.customer(person.id), naira or self.luck.choices(DEPOSIT_NAIRA, DEPOSIT_WEIGHTS)[0]
        with transaction(who):
            deposit = deposits.start(person.id, amount=Money(NGN, naira * 100), actor=who)
        payments.open_checkout(
            deposit, paystack=self.clients.paystack, email=person.email, callback_url="http://localhost/", actor=who
        )
        if pays:
            paid = {"amount": (naira - short_by) * 100} if short_by else {}
            self._vendor("pay", {"reference": deposit.reference, "channel": self.luck.choice(ways), **paid})

    def _withdraw(self, person: Person) -> None:
        available = self._available(person)
        units = available.units * self.luck.randint(20, 80) // 100 // 50_000 * 50_000
        if units < 1_000_000:  # noqa: PLR2004 (ten thousand naira: not worth a withdrawal)
            return
        request_id = self._request(person, min(Money(NGN, units), AT_A_TIME))
        fate = self.luck.random()
        if fate < 0.05:  # noqa: PLR2004
            who = actor.customer(person.id)
            with transaction(who):
                withdrawals.cancel(request_id, customer_id=person.id, actor=who)
        elif fate < 0.11:  # noqa: PLR2004
            self._reject(request_id)
        else:
            outcome = self.luck.choices(("success", "failed", "reversed"), (94, 4, 2))[0]
            self._vendor("knobs", {"transfer_outcome": outcome})
            self._agree(request_id)
            self._work_off()
            self._vendor("knobs", {"transfer_outcome": "success"})

    def _request(self, person: Person, amount: Money) -> str:
        who = person.acts
        with transaction(who):
            made = withdrawals.request(person.id, bank_account_id=person.bank_account_id, amount=amount, actor=who)
        return made.id

    def _agree(self, request_id: str, *, legs: int | None = None) -> None:
        """Have it checked, and agreed to by whom its legs ask for (or by so many of them)."""
        self._work_off()
        one = withdrawals_queries.one_for_operators(request_id)
        leave()
        if one.state == withdrawal_rules.State.REQUESTED:
            known = {str(role): mailbox for _, mailbox, role in reversed(STAFF)}
            for leg in one.needs[:legs]:
                self._approve(request_id, by=next(known[role] for role in leg.roles if role in known))

    def _approve(self, request_id: str, *, by: str) -> None:
        who = actor.operator(self.staff[by])
        shown = withdrawals_queries.one_for_operators(request_id).content_hash
        with transaction(who):
            withdrawals.approve(request_id, operator_id=self.staff[by], content_hash=shown, owns=None, actor=who)

    def _reject(self, request_id: str) -> None:
        who = actor.operator(self.staff["compliance"])
        reason = "The name on the bank account is not yours."
        with transaction(who):
            withdrawals.reject(request_id, reason=reason, owns=None, actor=who)

    # ---- the means

    def _available(self, person: Person) -> Money:
        return balances.of(chart.of_customer(person.id, asset=NGN)).available

    def _work_off(self) -> None:
        leave()
        runtime.drain(self.app)
        self._vendor("webhooks/flush", {})  # transfers that are due end now
        self._give_up_old()
        atomically(lambda: posting.expire(limit=999), actor=actor.system("demo"))  # (a day of the story is long over)
        runtime.drain(self.app, horizon=timedelta(minutes=1))

    def _give_up_old(self) -> None:
        paystack, by = self.app.extensions["clients"].paystack, actor.system("demo")
        for one in withdrawals_queries.unpaid_for_system(before=withdrawals.unpaid_before(clock.now())):
            withdrawal_flows.give_up_old(one, paystack=paystack, actor=by)
        leave()

    def _moment(self, moment: datetime) -> AbstractContextManager[None]:
        self._vendor("clock", {"now": moment.isoformat()})
        return self.dealing.market.held(moment) if self.dealing else clock.at(moment)

    def _vendor(self, call: str, body: dict[str, object]) -> dict[str, Any]:
        answer = http.post(f"{self.vendor_url}/_sandbox/{call}", json=body, timeout=10)
        answer.raise_for_status()
        return dict(answer.json())
