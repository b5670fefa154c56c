"""What the doors' addresses name: real rows of the customer, the neighbour, staff and the house, and names of nothing.

A row that a door has used up (a session ended, a key revoked) is made anew for the next who asks for it.
"""

import io
import secrets
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from flask import Flask

from app.adjustments import service as adjustments
from app.adjustments.rules import Content
from app.applications import views
from app.applications.rules import About
from app.cases import service as cases
from app.core import actor, clock, tasks
from app.core.db import atomically, leave, rows, transaction
from app.core.permissions import Role
from app.customers.rules import Tier
from app.governance import flows
from app.governance import service as governance
from app.identity import api_keys, rules, service
from app.identity.rules import Audience
from app.identity.scopes import Scope
from app.ledger import health
from app.ledger.journal import credit, debit
from app.payments import deposits, suspense
from app.reconciliation import service as reconciliation
from app.restrictions.rules import Kind
from app.staff import service as staff
from app.statements import flows as statement_flows
from app.statements import service as statements
from app.trading import alerts, recurring
from app.trading.models import Order
from app.trading.rhythms import Every, Rhythm
from app.trading.watching import Beyond
from app.withdrawals import service as withdrawals
from tests.makers import (
    applicants,
    asking,
    books,
    broken,
    care,
    giving_back,
    leaving,
    listed,
    papers,
    paying,
    people,
    positions,
    priced,
    rated,
    reporting,
    restricted,
    ruled,
    sending,
    settled,
    switched,
    trading,
)
from tests.makers.authenticator import Authenticator
from tests.makers.coins import BTC
from tests.makers.databases import Database, owner_does
from tests.makers.matching import Outside
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess
from tests.makers.statements import sample
from tests.web.matrix.actors import TEST, UNPROVED, Cast, Visitor

# Whose rows an address can name, by the face and the name of the argument. `any` stands for what is nobody's.
OWNED = ("customer", "neighbour", "missing")
STAFFED = ("own", "another", "missing")
HOUSE = ("there", "missing")
ANY = ("any",)
SPENT = frozenset(
    {"view_id", "deposit_id", "withdrawal_id", "session_id", "key_id", "account_id", "passkey_id", "task_id"}
    | {"source_id"}
    | {"ask_id", "asked_id", "recurring_id", "alert_id"}
)
STEPS = frozenset({"step", "slot", "ticker"})  # (the same for every customer, who has something under way)
PARTS = {"page": "1", "step": "selfie", "slot": "selfie", "ticker": "BTC"}
NOBODYS = {"filename": "admin/js/actions.js", "export_type": "csv"}


def objects_of(endpoint: str, arguments: set[str]) -> tuple[str, ...]:
    """The words for what an address with these arguments can be about."""
    face, _, door = endpoint.partition(".")
    if not arguments:
        return ("",)
    name = min(arguments)
    if name in NOBODYS:
        return ANY
    if name == "token":
        return ("missing",)
    if face in {"portal", "api"}:
        return HOUSE if name in STEPS else OWNED
    if name in {"session_id", "passkey_id"}:
        return STAFFED
    return ("there", "another", "missing") if name == "request_id" and "journal" in door else HOUSE


class Things:
    """The rows of one matrix, found by what an address calls them."""

    def __init__(self, app: Flask, cast: Cast, database: Database, sandbox: SandboxProcess) -> None:
        self.app, self.cast, self.database = app, cast, database
        self._made: dict[tuple[str, ...], str] = {}
        self._accounts = {}
        for customer in (cast.customer, cast.neighbour):
            people.paid_in(customer, naira(1_000_000), app=app, sandbox=sandbox)
            self._accounts[customer.id] = people.bank_account(customer, app=app)
            leave()
        self._dealt = {each.id: self._order(each) for each in (cast.customer, cast.neighbour)}
        self._begun = self._payout()  # (before payouts are halted)
        self._house: dict[str, tuple[Callable[[], str], str]] = {
            "invitation_id": (self._invitation, "inv_none"),
            "payout_id": (lambda: self._begun, "po_none"),
            "stop_id": (lambda: rated.stopped("TON/NGN"), "hlt_none"),
            "override_id": (lambda: rated.override("TON/USDT", "2.5").id, "ovr_none"),
            "feed_id": (lambda: "luno", "nobody"),
            "pair_name": (lambda: "TRX-NGN", "DOGE-NGN"),
            "switch_id": (lambda: switched.off("rail:chain").id, "swi_none"),
            "dispute_id": (self._dispute, "dsp_none"),
            "refund_id": (self._refund, "rfd_none"),
            "item_id": (self._suspense, "sus_none"),
            "case_id": (self._case, "case_none"),
            "run_id": (self._reconciliation, "rec_none"),
            "source_id": (self._source, "src_none"),
            "file_id": (self._statement, "stf_none"),
            "operator_id": (lambda: cast.staff[Role.SUPPORT][0], "op_none"),
            "customer_id": (lambda: cast.customer.id, "cus_none"),
            "bank_account_id": (asking.others_account, "ba_none"),
            "object_id": (lambda: cast.customer.id, "cus_none"),
            "report_name": (lambda: "revenue", "nonsense"),
            "report_id": (reporting.asked_file, "rpf_none"),
            "schedule_id": (reporting.schedule, "rps_none"),
            "settlement_id": (self._settlement, "set_none"),
            "top_up_id": (lambda: settled.top_up(naira(45_000 + secrets.randbelow(9_000))), "top_none"),
            "order_id": (lambda: self._dealt[cast.customer.id].id, "ord_none"),
            "hedge_id": (positions.planned, "hdg_none"),
            "deal_id": (lambda: positions.deal(7_000 + secrets.randbelow(900)), "otc_none"),
            "position": (lambda: "BTC", "NGN"),
            "currency": (positions.noted, "nothing"),
            "service": (lambda: "card", "nonsense"),
            "restriction_id": (lambda: restricted.placed(cast.customer, Kind.NO_TRADE), "res_none"),
            "hit_id": (listed.open_hit, "hit_none"),
            "version_id": (self._version, "scv_none"),
            "recovery_id": (lambda: care.lost_mailbox(cast.customer), "rc_none"),
            "withdrawal_id": (lambda: self._withdrawal(cast.customer), "wd_none"),
            "document_id": (lambda: papers.checked(cast.customer, app=app).id, "doc_none"),
            "application_id": (self._application, "app_none"),
            "view_id": (self._saved_view, "svw_none"),
            "halt_id": (self._halt, "999999"),
            "task_id": (self._task, "999999"),
            "record_id": (self._record, "999999999"),
            "journal_id": (lambda: self._first("SELECT max(id) AS id FROM ledger.journals"), "999999999"),
            "outside": (lambda: Outside.differing().account, "asset:nowhere:NGN"),
            "trial_id": (ruled.trial, "999999999"),
            "break_id": (self._break, "999999999"),
            "work_id": (broken.worked_on, "brk_none"),
            "evidence_id": (broken.evidence, "bev_none"),
            "number": (lambda: "1", "999"),
            "bulk_id": (lambda: broken.begun_bulk(Outside.differing()), "bbk_none"),
            "group_id": (self._match, "999999999"),
            "code": (lambda: "asset:paystack:NGN", "asset:nowhere:NGN"),
            "asset": (lambda: "NGN", "nothing"),
            "month": (lambda: f"{clock.now():%Y-%m}", "nonsense"),
            "name": (lambda: "balance-sheet", "nonsense"),
            "kind": (lambda: "staff.roles", "nonsense"),
            "scope": (lambda: "bank.out.NGN", "nonsense"),
        }

    def named(self, endpoint: str, argument: str, whose: str, visitor: Visitor) -> str:
        """What to write into the address."""
        if whose == "any":
            return NOBODYS[argument]
        if argument in PARTS:
            return self._part(argument, whose)
        if argument == "request_id":
            return self._request(endpoint, whose)
        if argument == "kind" and "reveal" in endpoint:
            return "email"
        if whose in HOUSE:
            there, missing = self._house.get(argument, (None, "x_none"))
            return missing if whose == "missing" else self._once((argument,), there)
        owner = self._login(whose, visitor)
        return self._once((argument, owner, whose), lambda: self._personal(argument, owner, whose))

    def _break(self) -> str:
        Outside.differing()
        return self._first("SELECT max(id) AS id FROM breaks WHERE closed_by IS NULL AND line_id IS NOT NULL")

    def _match(self) -> str:
        outside = Outside()
        outside.tell((100, ref := books.fresh("dep")))
        outside.book(100, ref=ref)
        outside.run()
        return self._first("SELECT max(group_id) AS id FROM matches")

    def used_up(self, named: list[str]) -> None:
        """Forget rows that a door may have used up."""
        self._made = {key: made for key, made in self._made.items() if made not in named or key[0] not in SPENT}

    def _once(self, key: tuple[str, ...], make: Callable[[], str] | None) -> str:
        assert make is not None, f"say in Things what {key[0]} can name"
        if key not in self._made:
            self._made[key] = make()
            leave()
        return self._made[key]

    def _login(self, whose: str, visitor: Visitor) -> str:
        """Whose it is. What is `own` of somebody who cannot have any is another's."""
        if whose in {"customer", "neighbour"}:
            return (self.cast.customer if whose == "customer" else self.cast.neighbour).login_id
        if whose == "own" and visitor.audience is Audience.OPERATOR and visitor.factor is not UNPROVED:
            return visitor.login_id
        others = [login for login in self.cast.logins.values() if login != visitor.login_id]
        return others[0]

    def _personal(self, argument: str, login_id: str, whose: str) -> str:
        """A row of this login's."""
        audience = Audience.CUSTOMER if whose in {"customer", "neighbour"} else Audience.OPERATOR
        customer = self.cast.customer if whose == "customer" else self.cast.neighbour
        if argument == "session_id":
            with transaction(TEST):
                return service.open_session(login_id, audience=audience, device=service.Device("spare")).session_id
        if argument == "document_id":
            return papers.checked(customer, app=self.app).id
        if argument == "account_id":
            return people.bank_account(customer, app=self.app)
        if argument == "passkey_id":
            return self._passkey(login_id, audience)
        if argument == "key_id":
            with transaction(TEST):
                return api_keys.issue(login_id, name="Spare", scopes=set(Scope), lives=rules.KEY_LIVES[0])[0].id
        of_customers = {
            "movement_id": self._paid,
            "card_id": paying.kept_card,
            "withdrawal_id": self._withdrawal,
            "deposit_id": self._deposit,
            "quote_id": lambda one: self._dealt[one.id].quote_id,
            "order_id": lambda one: self._dealt[one.id].id,
            "transfer_id": lambda one: sending.send(one, people.customer(), naira(10)).id,
            "ask_id": lambda one: sending.ask(one, people.customer()).id,
            "asked_id": lambda one: sending.ask(people.customer(), one).id,
            "split_id": sending.split,
            "recurring_id": self._recurring,
            "alert_id": self._alert,
        }
        return of_customers[argument](customer)

    def _passkey(self, login_id: str, audience: Audience) -> str:
        visitor = Visitor(self.app, login_id, audience, timedelta(0)).open()
        page = "/factors" if audience is Audience.CUSTOMER else "/console/factors"
        device, headers = Authenticator(), {"X-CSRFToken": visitor.csrf}
        options = visitor.client.post(f"{page}/passkeys/options", json={}, headers=headers).text
        body = {"credential": device.create(options), "name": "Spare"}
        assert visitor.client.post(f"{page}/passkeys", json=body, headers=headers).status_code == 200
        (found,) = rows("SELECT max(id) AS id FROM passkeys WHERE login_id = :login", login=login_id)
        return str(found.id)

    def _paid(self, customer: Customer) -> str:
        """(A receipt is given for what was paid.)"""
        paid = "SELECT id FROM deposits WHERE customer_id = :me AND state = 'credited' LIMIT 1"
        return str(rows(paid, me=customer.id)[0].id)

    def _deposit(self, customer: Customer) -> str:
        with transaction(customer.actor):
            return deposits.start(customer.id, amount=naira(5_000), actor=customer.actor).id

    def _withdrawal(self, customer: Customer) -> str:
        return people.asked_for(customer, naira(1_000), account=self._accounts[customer.id]).id

    def _order(self, customer: Customer) -> Order:
        priced.at()
        return trading.accepted(customer, trading.quoted(customer))

    def _recurring(self, customer: Customer) -> str:
        priced.at()
        with transaction(customer.actor):
            return recurring.set_up(
                customer.id, give=naira(5_000), get=BTC, rhythm=Rhythm(Every.WEEK, 0), actor=customer.actor
            ).id

    def _alert(self, customer: Customer) -> str:
        priced.at()
        with transaction(customer.actor):
            return alerts.set_up(
                customer.id, base="BTC", quote="NGN", beyond=Beyond.BELOW, price=Decimal(9), actor=customer.actor
            ).id

    def _part(self, argument: str, whose: str) -> str:
        """A part of something that an address names: a page, a step of what somebody has under way."""
        if argument in STEPS:
            self._verify_anew()
        return "nowhere" if whose == "missing" and argument in STEPS else PARTS[argument]

    def _verify_anew(self) -> None:
        """Both customers go over their phone; who took that back begins again."""
        for one in (self.cast.customer, self.cast.neighbour):
            if applicants.queries.open_one(owner=one.id) is None:
                applicants.begin(one, Tier.T3, about=About.PHONE)
        leave()

    def _dispute(self) -> str:
        told = giving_back.told_dispute(f"matrix-{books.fresh()}", naira(1))
        return giving_back.dispute(told, naira(1)).id

    def _refund(self) -> str:
        charge = giving_back.credited(self.cast.customer, naira(200))
        return giving_back.adopted(giving_back.told_refund(charge, naira(200), "needs-attention"))

    def _suspense(self) -> str:
        cause = books.fresh("cause")
        with transaction(TEST):
            suspense.suspend(suspense.Trouble(cause, "test", "", "A reason."), actor=TEST)
        return self._first("SELECT max(id) AS id FROM suspense_items")

    def _payout(self) -> str:
        """One that is on its way: nobody can send it anew yet, or give it back."""
        customer = self.cast.customer
        asked = leaving.approved(customer, self._accounts[customer.id], 1_000)
        with transaction(TEST):
            begun = withdrawals.begin_sending(asked.id, actor=TEST)
        assert begun
        return begun.payout_id

    def _case(self) -> str:
        subject = books.fresh("x")
        with transaction(TEST):
            made = cases.open("tested", subject, owner=Role.TREASURY, words="Look at this.", actor=TEST)
        assert made
        return made

    def _reconciliation(self) -> str:
        return atomically(lambda: reconciliation.ask(actor=TEST), actor=TEST)

    def _source(self) -> str:
        """One whose columns may be told."""
        with transaction(TEST):
            return statements.add_source(
                books.fresh("src"), title="A bank", format_name="bank-csv", settings={"asset": "NGN"}
            ).id

    def _statement(self) -> str:
        name = books.fresh("src")
        with transaction(TEST):
            statements.add_source(name, title="A venue", format_name="kraken-ledgers", settings={})
        body = io.BytesIO(sample("scenario_a/kraken_ledgers.csv"))
        file, _ = statement_flows.take(name, name="ledgers.csv", file=body, actor=TEST)
        return file.id

    def _settlement(self) -> str:
        charges = [settled.charge(), settled.charge()]
        said = settled.told(charges)
        settled.note(said, charges[:1])  # (it does not add up: somebody may close it)
        return settled.row(said).id

    def _version(self) -> str:
        self._once(("hit_id",), self._house["hit_id"][0])
        return self._first("SELECT max(id) AS id FROM screening_versions")

    def _halt(self) -> str:
        with transaction(TEST):
            health.record({"test": ["a row"]})
        halt = health.standing()
        assert halt
        return str(halt.id)

    def _task(self) -> str:
        with transaction(TEST):
            tasks.add("payments.refresh_banks", ref=secrets.token_hex(8), queue="default")
        task_id = self._first("SELECT max(id) AS id FROM tasks")
        leave()
        owner_does(self.database, "UPDATE tasks SET status = 'dead', ended_at = now() WHERE id = :id", id=int(task_id))
        return task_id

    def _record(self) -> str:
        """A record of what a customer did."""
        self._deposit(self.cast.customer)
        return self._first("SELECT max(id) AS id FROM audit.records WHERE actor LIKE 'customer:%'")

    def _request(self, endpoint: str, whose: str) -> str:
        """A request for other roles at the approvals, a journal at the journals; `another` is the other one there."""
        if whose == "missing":
            return "grq_none"
        if ("journal" in endpoint) == (whose == "there"):
            return self._once(("journal",), self._journal)
        return self._once(("roles",), self._roles)

    def _journal(self) -> str:
        maker = people.operator(Role.FINANCE)[0]
        legs = debit(books.account("expense"), books.kobo(5)), credit(books.account("income"), books.kobo(5))
        who = actor.operator(maker)
        with transaction(who):
            return adjustments.request(Content(legs, "A reason."), operator_id=maker, actor=who).id

    def _roles(self) -> str:
        maker, subject = (people.operator(role)[0] for role in (Role.ADMIN, Role.SUPPORT))
        who = actor.operator(maker)
        with transaction(who):
            return staff.request_roles(subject, roles=["finance"], reason="A job.", maker=maker, actor=who).id

    def _invitation(self) -> str:
        """An invitation whose link waits to be mailed."""
        maker, other = (actor.operator(people.operator(Role.ADMIN)[0]) for _ in range(2))
        with transaction(maker):
            asked = staff.request_invitation(
                "Uche Obi", email="uche@test.example", roles=["support"], reason="Hired.", maker=maker.id, actor=maker
            )
        with transaction(other):
            governance.approve(asked.id, operator_id=other.id, shown=asked.payload_hash, actor=other)
        flows.carry_out(asked.id, actor=TEST)
        return self._first("SELECT max(id) AS id FROM invitations")

    def _application(self) -> str:
        today = clock.now().astimezone(clock.WAT).date().isoformat()
        return applicants.submitted(wanted=Tier.T1, today=today).id

    def _saved_view(self) -> str:
        with transaction(TEST):
            return views.save("Late", {"view": "late"}, operator_id=self.cast.staff[Role.COMPLIANCE_OFFICER][0]).id

    def _first(self, statement: str) -> str:
        (found,) = rows(statement)
        return str(found.id)
