"""The stage for one call of a door: a house, people in it, and what they have to have done before."""

import secrets
from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.core import actor
from app.core.db import db, leave
from app.core.permissions import Role
from app.identity.models import Login
from app.withdrawals.models import Withdrawal
from tests.makers import apps, browse, people
from tests.makers.databases import Database, owner_does
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess
from tests.web.console.conftest import enter

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
        browse.come_in(client, customer.email)
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
        one = people.asked_for(customer, naira(1_000), account=account)
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
        owner_does(self.database, statement, **facts)


Call = Callable[[Scene], TestResponse]
