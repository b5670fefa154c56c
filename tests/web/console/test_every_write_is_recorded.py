"""Every door that writes leaves a record of the request, once it has succeeded. A new door without a call here fails.

In a house of its own: months are closed and payouts halted here.
"""

import hmac
import json
import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from hashlib import sha512

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, pool, select, text
from werkzeug.test import TestResponse

from app.core import actor, clock, tasks
from app.core.db import db, leave, rows, transaction
from app.core.permissions import Role
from app.identity.models import Login
from app.ledger import health
from app.ledger.journal import Journal, credit, debit
from app.payments import service as payments
from app.web.portal.sign_in import PENDING
from app.withdrawals import service as withdrawals
from app.withdrawals.models import Withdrawal
from tests.makers import apps, books, browse, people
from tests.makers.databases import Database
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SECRET, SandboxProcess
from tests.web.console.conftest import enter

READS = {"GET", "HEAD", "OPTIONS"}
TEST = actor.system("test")


class Scene:
    """A house, people in it, and what they have to have done before."""

    def __init__(self, app: Flask, database: Database, sandbox: SandboxProcess) -> None:
        self.app, self.database, self.sandbox = app, database, sandbox

    def staff(self, role: Role) -> FlaskClient:
        """Somebody of this role, signed in."""
        return enter(self.app, role)

    def at_home(self, customer: Customer) -> FlaskClient:
        """The customer, signed in."""
        client = self.app.test_client()
        browse.sign_in(client, customer.email)
        return client

    def bearer(self, customer: Customer) -> tuple[FlaskClient, dict[str, str]]:
        """A program of the customer's, with its token."""
        client = self.app.test_client()
        sent = {"email": customer.email, "password": people.PASSWORD}
        sent |= {"code": apps.code(customer.email)} if apps.has(customer.email) else {}
        token = client.post("/api/v1/sessions", json=sent).json
        assert token
        return client, {"Authorization": f"Bearer {token['token']}", "Idempotency-Key": secrets.token_hex(8)}

    def rich(self) -> tuple[Customer, str]:
        """A customer with money and a bank account."""
        customer = people.customer(enrolled=True)
        people.paid_in(customer, naira(20_000), app=self.app, sandbox=self.sandbox)
        account = people.bank_account(customer, app=self.app)
        leave()
        return customer, account

    def asked(self) -> tuple[Customer, Withdrawal]:
        """A withdrawal that waits."""
        customer, account = self.rich()
        with transaction(customer.actor):
            one = withdrawals.request(customer.id, bank_account_id=account, amount=naira(1_000), actor=customer.actor)
        leave()
        return customer, one

    def claimant(self) -> tuple[FlaskClient, str]:
        """Somebody who signed up and has not confirmed: their browser and their login."""
        client, email = self.app.test_client(), f"new-{secrets.token_hex(4)}@test.example"
        browse.send(client, "/sign-up", name="Ngozi Eze", email=email, phone=people.PHONE, password=people.PASSWORD)
        login_id = db.session.scalars(select(Login.id).where(Login.email == email)).one()
        leave()
        return client, login_id

    def owner_does(self, statement: str, **facts: object) -> None:
        """A change that no door makes, for a door's sake."""
        engine = create_engine(self.database.owner_url, poolclass=pool.NullPool)
        with engine.begin() as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            connection.execute(text(statement), facts)


# ---- customers, at the portal and through the API


def sign_up(scene: Scene) -> TestResponse:
    email = f"new-{secrets.token_hex(4)}@test.example"
    return browse.send(
        scene.app.test_client(), "/sign-up", name="Ngozi Eze", email=email, phone=people.PHONE, password=people.PASSWORD
    )


def confirm_email(scene: Scene) -> TestResponse:
    client, login_id = scene.claimant()
    code = people.newest_code(login_id)
    leave()
    return browse.send(client, "/confirm-email", code=code)


def resend_code(scene: Scene) -> TestResponse:
    client, login_id = scene.claimant()
    scene.owner_does("UPDATE codes SET created_at = created_at - interval '5 min' WHERE login_id = :i", i=login_id)
    token = browse.token_of(client.get("/confirm-email"))
    with client.session_transaction() as kept:
        kept[PENDING] = [*kept[PENDING][:2], (clock.now() - timedelta(minutes=5)).isoformat()]
    return client.post("/confirm-email/again", data={"csrf_token": token})


def portal_phone(scene: Scene) -> TestResponse:
    customer = people.customer()
    client = scene.at_home(customer)
    browse.send(client, "/phone/again", form_at="/phone")
    code = people.newest_phone_code(customer.login_id)
    leave()
    return browse.send(client, "/phone", code=code)


def resend_phone_code(scene: Scene) -> TestResponse:
    return browse.send(scene.at_home(people.customer()), "/phone/again", form_at="/phone")


def change_phone(scene: Scene) -> TestResponse:
    return browse.send(scene.at_home(people.customer()), "/phone/change", phone=people.phone_number())


def portal_sign_in(scene: Scene) -> TestResponse:
    return browse.sign_in(scene.app.test_client(), people.customer().email)


def portal_sign_out(scene: Scene) -> TestResponse:
    return browse.send(scene.at_home(people.customer()), "/sign-out", form_at="/deposit")


def portal_deposit(scene: Scene) -> TestResponse:
    client = scene.at_home(people.customer())
    page = client.get("/deposit")
    return client.post(
        "/deposit", data={"csrf_token": browse.token_of(page), "key": browse.key_of(page), "amount": "5000"}
    )


def reopen_checkout(scene: Scene) -> TestResponse:
    customer = people.customer()
    with transaction(customer.actor):
        deposit_id = payments.start_deposit(customer.id, amount=naira(5_000), actor=customer.actor).id
    leave()
    return browse.send(scene.at_home(customer), f"/deposits/{deposit_id}/checkout", form_at="/deposit")


def portal_withdraw(scene: Scene) -> TestResponse:
    customer, account = scene.rich()
    client = scene.at_home(customer)
    page = client.get("/withdraw")
    fields = {"csrf_token": browse.token_of(page), "key": browse.key_of(page), "amount": "1000"}
    return client.post("/withdraw", data={**fields, "account": account, "step": "confirm"})


def portal_bank_account(scene: Scene) -> TestResponse:
    customer, _ = scene.rich()  # (the banks are known by then)
    number = str(secrets.randbelow(8_000_000_000) + 1_000_000_000)
    return browse.send(scene.at_home(customer), "/withdraw/account", bank=people.ZENITH, number=number)


def cancel(scene: Scene) -> TestResponse:
    customer, one = scene.asked()
    return browse.send(scene.at_home(customer), f"/withdrawals/{one.id}/cancel", form_at="/deposit")


def api_open_session(scene: Scene) -> TestResponse:
    body = {"email": people.customer().email, "password": people.PASSWORD}
    return scene.app.test_client().post("/api/v1/sessions", json=body)


def api_close_session(scene: Scene) -> TestResponse:
    client, headers = scene.bearer(people.customer())
    return client.delete("/api/v1/sessions/current", headers=headers)


def api_start_deposit(scene: Scene) -> TestResponse:
    client, headers = scene.bearer(people.customer())
    return client.post("/api/v1/deposits", json={"amount": {"asset": "NGN", "units": "500000"}}, headers=headers)


def api_request_withdrawal(scene: Scene) -> TestResponse:
    customer, account = scene.rich()
    client, headers = scene.bearer(customer)
    body = {"amount": {"asset": "NGN", "units": "100000"}, "bank_account": account}
    return client.post("/api/v1/withdrawals", json=body, headers=headers)


# ---- operators


def console_sign_in(scene: Scene) -> TestResponse:
    return browse.sign_in(scene.app.test_client(), people.operator(Role.SUPPORT)[1], console=True)


def console_sign_out(scene: Scene) -> TestResponse:
    return browse.send(scene.staff(Role.SUPPORT), "/console/sign-out", form_at="/console/")


def export_audit(scene: Scene) -> TestResponse:
    auditor = scene.staff(Role.AUDITOR)
    return browse.send(auditor, "/console/audit/export", form_at="/console/audit", reason="To see it.", object="none")


def reconcile(scene: Scene) -> TestResponse:
    return browse.send(scene.staff(Role.FINANCE), "/console/reconciliation")


def resolve_suspense(scene: Scene) -> TestResponse:
    cause = books.fresh("cause")
    with transaction(TEST):
        payments.suspend(payments.Trouble(cause, "test", "", "A reason."), actor=TEST)
    (item,) = rows("SELECT id FROM suspense_items WHERE cause = :cause", cause=cause)
    leave()
    place = f"/console/suspense/{item.id}"
    return browse.send(scene.staff(Role.FINANCE), f"{place}/resolve", form_at=place, note="Looked into it.")


def begin_view(scene: Scene) -> TestResponse:
    customer = people.customer()
    place = f"/console/view-as?q={customer.id}"
    client = scene.staff(Role.SUPPORT)
    return browse.send(client, f"/console/view-as/{customer.id}", form_at=place, ticket="T-1", reason="To see it.")


def end_view(scene: Scene) -> TestResponse:
    customer, client = people.customer(), scene.staff(Role.SUPPORT)
    fields = {"ticket": "T-1", "reason": "To see it."}
    browse.send(client, f"/console/view-as/{customer.id}", form_at=f"/console/view-as?q={customer.id}", **fields)
    return browse.send(client, "/console/view-as/end", form_at="/")


def approve(scene: Scene) -> TestResponse:
    place, client, content = decided(scene)
    return browse.send(client, f"{place}/approve", form_at=place, content_hash=content)


def reject(scene: Scene) -> TestResponse:
    place, client, _ = decided(scene)
    return browse.send(client, f"{place}/reject", form_at=place, reason="The name differs.")


def decided(scene: Scene) -> tuple[str, FlaskClient, str]:
    """A withdrawal's page, who may decide, and its content."""
    _, one = scene.asked()
    return f"/console/withdrawals/{one.id}", scene.staff(Role.TREASURY), one.content_hash


def lift_halt(scene: Scene) -> TestResponse:
    with transaction(TEST):
        health.record({"test": ["a row"]})
    halt = health.standing()
    assert halt
    leave()
    page = "/console/ledger/proof"
    return browse.send(scene.staff(Role.TREASURY), f"{page}/halts/{halt.id}/lift", form_at=page, reason="Put right.")


def month(scene: Scene, *deeds: str) -> TestResponse:
    """Do these with the first month of the books, in order: the last answer."""
    first = begun()
    client = scene.staff(Role.FINANCE)
    for deed in deeds:
        place = f"/console/ledger/periods/{first:%Y-%m}/{deed}"
        answer = browse.send(client, place, form_at="/console/ledger")
    return answer


def begun() -> date:
    """The first month that is open, in books that began long ago."""
    early = clock.now() - timedelta(days=730)
    legs = (debit("asset:paystack:NGN", books.kobo(5)), credit("liability:suspense:NGN", books.kobo(5)))
    (found,) = rows("SELECT max(month) AS month FROM ledger.periods WHERE state = 'closed'")
    leave()
    if found.month is None:
        books.post(Journal("test.moved", "first", legs, effective_at=early), key=books.fresh())
        leave()
        return early.date().replace(day=1)
    return datetime.combine(found.month + timedelta(days=32), datetime.min.time()).date().replace(day=1)


def begin_close(scene: Scene) -> TestResponse:
    answer = month(scene, "begin")
    month(scene, "reopen")
    return answer


def reopen_month(scene: Scene) -> TestResponse:
    return month(scene, "begin", "reopen")


def close_month(scene: Scene) -> TestResponse:
    return month(scene, "begin", "close")


def request_journal(scene: Scene) -> TestResponse:
    return asked_journal(scene.staff(Role.FINANCE))


def asked_journal(client: FlaskClient) -> TestResponse:
    page = client.get("/console/ledger/requests/new")
    fields = {"csrf_token": browse.token_of(page), "key": browse.key_of(page), "reason": "A reason."}
    accounts = [books.account("expense"), books.account("income")]
    lines = {"account": accounts, "side": ["debit", "credit"], "amount": ["12.50", "12.50"]}
    return client.post("/console/ledger/requests", data={**fields, **lines})


def approve_journal(scene: Scene) -> TestResponse:
    place = asked_journal(scene.staff(Role.FINANCE)).location
    (row,) = rows("SELECT payload_hash FROM approval_requests WHERE id = :id", id=place.rpartition("/")[2])
    leave()
    treasury = scene.staff(Role.TREASURY)
    return browse.send(treasury, f"{place}/approve", form_at=place, content_hash=row.payload_hash)


def reject_journal(scene: Scene) -> TestResponse:
    place = asked_journal(scene.staff(Role.FINANCE)).location
    return browse.send(scene.staff(Role.TREASURY), f"{place}/reject", form_at=place, reason="The wrong account.")


def withdraw_journal(scene: Scene) -> TestResponse:
    client = scene.staff(Role.FINANCE)
    place = asked_journal(client).location
    return browse.send(client, f"{place}/withdraw", form_at=place)


# ---- doors that leave another kind of trace: what it is, by a statement that counts it for a request's answer


def retry_job(scene: Scene) -> TestResponse:
    ref = secrets.token_hex(8)
    with transaction(TEST):
        tasks.add("payments.refresh_banks", ref=ref, queue="default")
    scene.owner_does("UPDATE tasks SET status = 'dead', ended_at = now() WHERE ref = :ref", ref=ref)
    (row,) = rows("SELECT id FROM tasks WHERE ref = :ref", ref=ref)
    leave()
    answer = browse.send(scene.staff(Role.TREASURY), f"/console/jobs/{row.id}/retry", form_at="/console/jobs")
    (move,) = rows("SELECT actor FROM moves WHERE machine = 'task' AND subject = :id", id=str(row.id))
    leave()
    assert move.actor.startswith("operator:")
    return answer


def receive(scene: Scene) -> TestResponse:
    body = json.dumps({"event": "test", "data": {"reference": secrets.token_hex(8)}}).encode()
    signature = hmac.new(SECRET.encode(), body, sha512).hexdigest()
    answer = scene.app.test_client().post(
        "/callbacks/paystack", data=body, headers={"x-paystack-signature": signature}, content_type="application/json"
    )
    assert len(rows("SELECT FROM inbox WHERE body = :body", body=body)) == 1
    leave()
    return answer


Call = Callable[[Scene], TestResponse]

RECORDED: dict[str, Call] = {
    "portal.sign_up": sign_up,
    "portal.confirm_email": confirm_email,
    "portal.resend_code": resend_code,
    "portal.sign_in": portal_sign_in,
    "portal.phone": portal_phone,
    "portal.resend_phone_code": resend_phone_code,
    "portal.change_phone": change_phone,
    "portal.sign_out": portal_sign_out,
    "portal.deposit": portal_deposit,
    "portal.reopen_checkout": reopen_checkout,
    "portal.withdraw": portal_withdraw,
    "portal.bank_account": portal_bank_account,
    "portal.cancel": cancel,
    "api.open_session": api_open_session,
    "api.close_session": api_close_session,
    "api.start_deposit": api_start_deposit,
    "api.request_withdrawal": api_request_withdrawal,
    "console.sign_in": console_sign_in,
    "console.sign_out": console_sign_out,
    "console.export_audit": export_audit,
    "console.reconcile": reconcile,
    "console.resolve_suspense": resolve_suspense,
    "console.begin_view": begin_view,
    "console.end_view": end_view,
    "console.approve": approve,
    "console.reject": reject,
    "console.lift_halt": lift_halt,
    "console.begin_close": begin_close,
    "console.reopen_month": reopen_month,
    "console.close_month": close_month,
    "console.request_journal": request_journal,
    "console.approve_journal": approve_journal,
    "console.reject_journal": reject_journal,
    "console.withdraw_journal": withdraw_journal,
}
KEPT_ELSEWHERE: dict[str, Call] = {
    "console.retry_job": retry_job,  # a line in moves: tasks are machinery (app/audit/exempt.py)
    "callbacks.receive": receive,  # the message itself, byte for byte; what is done about it is recorded then
}
# flask-admin's own doors, which its tables keep closed: they answer by leading back to the list.
CLOSED = ("action_view", "ajax_update", "create_view", "delete_view", "edit_view")


@pytest.fixture
def scene(own_house: Flask, own_database: Database, sandbox: SandboxProcess) -> Scene:
    return Scene(own_house, own_database, sandbox)


def writing(app: Flask) -> set[str]:
    """Every endpoint that takes a method that writes."""
    return {rule.endpoint for rule in app.url_map.iter_rules() if (rule.methods or set()) - READS}


def records_of(answer: TestResponse) -> list[str]:
    """The actors of what the request of this answer left in the record."""
    found = rows("SELECT actor FROM audit.records WHERE request_id = :id", id=answer.headers["X-Request-Id"])
    leave()
    return [row.actor for row in found]


def test_every_door_that_writes_is_called_here(own_house: Flask) -> None:
    closed = {endpoint for endpoint in writing(own_house) if endpoint.partition(".")[2] in CLOSED}
    assert writing(own_house) - closed == set(RECORDED) | set(KEPT_ELSEWHERE)
    assert {endpoint.partition(".")[0] for endpoint in closed} == {"journals"}


@pytest.mark.parametrize("endpoint", RECORDED)
def test_it_leaves_a_record_of_its_request(scene: Scene, endpoint: str) -> None:
    answer = RECORDED[endpoint](scene)
    assert answer.status_code < 400, answer.text
    made = records_of(answer)
    assert made, f"{endpoint} left no record"
    side = "operator:" if endpoint.startswith("console.") else "customer:"
    assert all(who.startswith((side, "system:door:")) for who in made), made


@pytest.mark.parametrize("endpoint", KEPT_ELSEWHERE)
def test_it_leaves_what_it_says_instead(scene: Scene, endpoint: str) -> None:
    answer = KEPT_ELSEWHERE[endpoint](scene)
    assert answer.status_code < 400
    assert records_of(answer) == []  # or it belongs into the other table


@pytest.mark.parametrize("name", CLOSED)
def test_a_tables_own_doors_change_nothing(scene: Scene, name: str) -> None:
    adapter = scene.app.url_map.bind("localhost")
    path = adapter.build(f"journals.{name}", method="POST")
    before = rows("SELECT max(id) AS id, count(*) AS n FROM ledger.journals")
    leave()
    auditor = scene.staff(Role.AUDITOR)
    token = browse.token_of(auditor.get("/console/audit"))
    answer = auditor.post(path, data={"csrf_token": token, "id": "1", "rowid": "1", "action": "delete"})
    assert answer.status_code >= 300
    assert records_of(answer) == []
    assert rows("SELECT max(id) AS id, count(*) AS n FROM ledger.journals") == before
    leave()
