"""People for tests: customers with a wallet and a bank account, operators, money in a wallet."""

import itertools
import secrets
from dataclasses import dataclass

import requests
from flask import Flask
from sqlalchemy import select

from app.core import actor, clock
from app.core.actor import Actor
from app.core.db import db, leave, transaction
from app.core.money import NGN, Money
from app.core.permissions import Role
from app.customers import queries as customer_queries
from app.customers import service as customers
from app.customers.rules import Tier
from app.identity import phones
from app.identity import queries as identity_queries
from app.identity import service as identity
from app.identity.models import Code
from app.identity.rules import Audience
from app.ledger import balances, chart
from app.payments import deposits
from app.payments import flows as payments
from app.staff.rules import WATCHERS
from app.wallets import service as wallets
from app.withdrawals import queries as withdrawal_queries
from app.withdrawals import rounds
from app.withdrawals import service as withdrawals
from app.withdrawals.models import Withdrawal
from dev import verified
from tests.makers import apps
from tests.makers.sandbox import SandboxProcess

COMMAND = actor.system("command:operators create")  # the one who makes operators without an invitation
PASSWORD = "a long enough password"
PHONE = "0803 555 0123"  # typed at sign-up by people who never confirm it
ZENITH = "057"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Customer:
    """A customer of one test."""

    id: str
    login_id: str
    email: str

    @property
    def account(self) -> str:
        """Their naira account in the books."""
        return chart.of_customer(self.id, asset=NGN)

    @property
    def actor(self) -> Actor:
        """They themselves."""
        return actor.customer(self.id)

    def balance(self) -> balances.BalanceNow:
        """What they have."""
        return balances.of(self.account)


def naira(amount: int) -> Money:
    """Whole naira."""
    return Money(NGN, amount * 100)


def customer(*, enrolled: bool = False, tier: Tier = Tier.T3, email: str = "") -> Customer:
    """A customer with a confirmed address, a tier and a wallet; if asked for, an app and a confirmed phone."""
    email = email or f"customer-{next(_numbers)}-{secrets.token_hex(3)}@test.example"
    with transaction(actor.system("test")):
        claim = customers.sign_up("Ada Obi", email=email, phone=phone_number(), password=PASSWORD)
    login_id = claim.login_id
    with transaction(actor.system("test")):
        identity.confirm_email(claim, code=newest_code(login_id))
        found = customers.require(login_id)
        wallets.open_wallet(found.id, asset=NGN)
    verify(found.id, tier)
    if enrolled:
        apps.give(login_id, email)
        confirm_phone(login_id)
    return Customer(found.id, login_id, email)


def verify(customer_id: str, tier: Tier = Tier.T3) -> None:
    """Have so much of somebody verified."""
    with transaction(actor.system("test")):
        verified.set_tier(customer_id, tier, actor=actor.system("test"))


def newest_code(login_id: str) -> str:
    """The code that was mailed last."""
    newest = select(Code.id).where(Code.login_id == login_id, Code.phone_id.is_(None)).order_by(Code.created_at.desc())
    return identity_queries.code_for_system(db.session.scalars(newest.limit(1)).one())


def phone_number() -> str:
    """A mobile number that nobody else in these tests has."""
    return f"+234803{secrets.randbelow(9_000_000) + 1_000_000}"


def waiting_number(login_id: str, number: str) -> str:
    """Let somebody say that this number is theirs: its id."""
    with transaction(actor.system("test")):
        return phones.put(login_id, number=number)


def newest_phone_code(login_id: str) -> str:
    """The code that was made for their phone last."""
    newest = select(Code.id).where(Code.login_id == login_id, Code.phone_id.is_not(None))
    newest = newest.order_by(Code.created_at.desc()).limit(1)
    return identity_queries.code_for_system(db.session.scalars(newest).one())


def confirm_phone(login_id: str) -> None:
    """Have the number that waits confirmed."""
    with transaction(actor.system("test")):
        phones.issue_code(login_id)
    with transaction(actor.system("test")):
        assert phones.confirm(login_id, code=newest_phone_code(login_id))


def operator(*roles: Role) -> tuple[str, str]:
    """A member of staff with an authenticator app: id and address."""
    operator_id, email = newcomer(*roles)
    apps.give(apps.login_of(email), email)
    return operator_id, email


def at_work(role: Role) -> tuple[str, str]:
    """A member of staff with an open session: who, and the session's id."""
    operator_id, email = operator(role)
    login_id = apps.login_of(email)
    with transaction(actor.system("test")):
        opened = identity.open_session(login_id, audience=Audience.OPERATOR, device=identity.Device("a test's"))
    return operator_id, opened.session_id


def newcomer(*roles: Role) -> tuple[str, str]:
    """A member of staff who has no second factor yet: id and address."""
    email = f"staff-{next(_numbers)}-{secrets.token_hex(3)}@test.example"
    with transaction(COMMAND):
        return identity.hire("Bola Ade", email=email, password=PASSWORD, roles=list(roles)), email


def somebody_watches() -> None:
    """Have somebody who is told of emergencies, where there is nobody yet: without them nobody takes a role alone."""
    if not any(identity_queries.active_count_for_system(role) for role in WATCHERS):
        operator(Role.COMPLIANCE_MANAGER)
    leave()


def somebody_is(role: Role) -> None:
    """Have somebody of this role, where there is nobody yet: without them nobody could agree to some things."""
    if not identity_queries.active_count_for_system(role):
        operator(role)
    leave()


def bank_account(owner: Customer, *, app: Flask, number: str = "", name: str = "") -> str:
    """A bank account of theirs, in their name or another, looked up at the vendor, two days ago: its id."""
    clients = app.extensions["clients"]
    payments.refresh_banks(paystack=clients.paystack, actor=actor.system("test"))
    number = number or f"{secrets.randbelow(8_000_000_000) + 1_000_000_000}"
    leave()
    name = name or customer_queries.names_for_operators({owner.id})[owner.id]
    leave()
    holder = {"account_number": number, "account_name": name}
    address = f"{app.extensions['settings'].paystack_base_url}/_sandbox/accounts"
    with requests.Session() as session:
        session.trust_env = False  # (what the environment says of proxies does not hold for this machine)
        session.post(address, json=holder, timeout=5).raise_for_status()
    with clock.at(clock.now() - apps.OLD):
        return payments.add_bank_account(
            owner.id, bank_code=ZENITH, account_number=number, paystack=clients.paystack, actor=owner.actor
        ).id


def asked_for(owner: Customer, amount: Money, *, account: str) -> Withdrawal:
    """A withdrawal of theirs that was asked for and checked."""
    with transaction(owner.actor):
        asked = withdrawals.request(owner.id, bank_account_id=account, amount=amount, actor=owner.actor)
    return looked_into(asked.id)


def looked_into(withdrawal_id: str) -> Withdrawal:
    """A withdrawal, with its checks done."""
    checker = actor.system("test")
    with transaction(checker):
        rounds.look_into(withdrawal_id, actor=checker)
    found = withdrawal_queries.one_for_operators(withdrawal_id)
    leave()
    return found


def open_deposit(owner: Customer, amount: Money, *, app: Flask) -> tuple[str, str]:
    """A deposit with its checkout open at the vendor: id and reference."""
    with transaction(owner.actor):
        deposit = deposits.start(owner.id, amount=amount, actor=owner.actor)
    payments.open_checkout(
        deposit,
        paystack=app.extensions["clients"].paystack,
        email=owner.email,
        callback_url="http://localhost/",
        actor=owner.actor,
    )
    return deposit.id, deposit.reference


def paid_in(owner: Customer, amount: Money, *, app: Flask, sandbox: SandboxProcess) -> str:
    """A deposit, paid at the vendor by bank transfer, so that it is free at once, and credited: its id."""
    deposit_id, reference = open_deposit(owner, amount, app=app)
    sandbox.pay(reference, channel="bank_transfer")
    payments.watch_deposit(deposit_id, paystack=app.extensions["clients"].paystack, actor=actor.system("test"))
    leave()
    return deposit_id
