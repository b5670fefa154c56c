"""Customers whose accounts staff have to look after."""

from app.core import actor
from app.core.db import leave, transaction
from app.identity import recovery
from tests.makers.books import fresh
from tests.makers.databases import made_by
from tests.makers.people import Customer

SYSTEM = actor.system("test")


def noted_recovery(email: str, *, contact: str = "") -> str:
    """Somebody says that this mailbox is lost; nobody has looked up whose it is: the recovery."""

    def ask() -> None:
        with transaction(SYSTEM):
            recovery.ask(email, contact=contact or f"{fresh('new')}@test.example", actor=SYSTEM)

    return made_by(ask, "recoveries")


def lost_mailbox(owner: Customer, *, contact: str = "") -> str:
    """A customer asks to be reached elsewhere, and it was found out who they are: the recovery."""
    recovery_id = noted_recovery(owner.email, contact=contact)
    with transaction(SYSTEM):
        recovery.answer(recovery_id, actor=SYSTEM)
    leave()
    return recovery_id
