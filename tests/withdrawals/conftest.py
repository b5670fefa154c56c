"""Withdrawals to look into: somebody on no list, long known, with a bank account in their own name."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from app.core import actor, clock, ids
from app.core.db import leave, transaction
from app.core.money import Money
from app.ledger import posting
from app.withdrawals import queries, rounds
from app.withdrawals.models import Withdrawal
from tests.makers import floats, listed, people
from tests.makers.people import Customer, naira
from tests.makers.sandbox import SandboxProcess

SYSTEM = actor.system("test")


@dataclass(frozen=True)
class Case:
    """A customer against whom nothing speaks, and what can be done to them."""

    owner: Customer
    account: str
    engine: Engine

    def ask(self, amount: int = 10_000) -> Withdrawal:
        """A withdrawal of so many naira, looked into."""
        return people.asked_for(self.owner, naira(amount), account=self.account)

    def again(self, asked: Withdrawal) -> Withdrawal:
        """The same, every check done anew."""
        leave()
        with transaction(SYSTEM):
            rounds.look_again(asked.id, actor=SYSTEM)
        return queries.one_for_operators(asked.id)

    def does(self, statement: str, **facts: object) -> None:
        """What the owner of the database does behind everybody's back. Marks that stay are let go for it."""
        leave()
        with self.engine.begin() as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            connection.execute(text("SELECT set_config('bursar.owner', '*', true)"))
            connection.execute(text("ALTER TABLE bank_accounts DISABLE TRIGGER marks_stay"))
            connection.execute(text(statement), {"customer": self.owner.id, "account": self.account, **facts})
            connection.execute(text("ALTER TABLE bank_accounts ENABLE ALWAYS TRIGGER marks_stay"))

    def named_otherwise(self) -> None:
        """The bank names somebody else for their account."""
        self.does("UPDATE bank_accounts SET account_name = 'CHUKWUEMEKA BALOGUN' WHERE id = :account")

    def disputed(self) -> None:
        """Something of theirs is held for a dispute."""
        leave()
        with transaction(SYSTEM):
            posting.hold(self.owner.account, amount=naira(100), ref=ids.new("dsp"), key=ids.new("dsp"))

    def paid_before(self) -> None:
        """As if a withdrawal to their account had been paid."""
        asked = self.ask(1_000)
        with transaction(SYSTEM):
            rounds.look_into(asked.id, actor=SYSTEM)
        self.does("ALTER TABLE withdrawals DISABLE TRIGGER approvals_counted")
        self.does("UPDATE withdrawals SET state = 'settled' WHERE id = :id", id=asked.id)
        self.does("ALTER TABLE withdrawals ENABLE ALWAYS TRIGGER approvals_counted")


@pytest.fixture
def case(inside: Flask, sandbox: SandboxProcess, owner_engine: Engine) -> Case:
    """Somebody with NGN 2,000,000."""
    listed.one_at_least()
    owner = people.customer(enrolled=True)
    people.paid_in(owner, naira(2_000_000), app=inside, sandbox=sandbox)
    listed.screened(listed.subject(f"{listed.word()} {listed.word()}", owner))
    found = Case(owner, people.bank_account(owner, app=inside), owner_engine)
    long_ago = clock.now() - timedelta(days=30)
    found.does("UPDATE customers SET created_at = :at WHERE id = :customer", at=long_ago)
    found.does("UPDATE deposits SET settled_at = :at WHERE customer_id = :customer", at=long_ago)
    leave()
    return found


@pytest.fixture
def float_of(inside: Flask) -> Iterator[Callable[[Money], None]]:
    """Have so much to pay from, until the test ends."""
    with ExitStack() as stack:
        yield lambda wanted: stack.enter_context(floats.only(wanted))
