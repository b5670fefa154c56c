"""Ways to pay in, for tests: an account number of somebody's own, money in suspense, what two people say to it."""

import secrets

from flask import Flask
from sqlalchemy import select

from app.clients.paystack_answers import Authorization, Charge, DedicatedAccount
from app.core import actor
from app.core.db import db, leave, transaction
from app.core.money import Money
from app.core.permissions import Role
from app.governance import flows as governance_flows
from app.governance import service as governance
from app.governance.models import Request
from app.payments import cards, dedicated, deposits, queries
from app.payments import flows as payments
from app.payments.models import SuspenseItem
from tests.makers import people
from tests.makers.people import Customer

SYSTEM = actor.system("test")


def account_number(owner: Customer) -> str:
    """An account number of their own that Paystack opened."""
    number = f"99{secrets.randbelow(90_000_000) + 10_000_000}"
    with transaction(owner.actor):
        asked = dedicated.ask(owner.id, actor=owner.actor)
    opened = DedicatedAccount(number, number, "BURSAR/ADA OBI", "Test Bank", "test-bank", True, f"CUS_{number}")
    with transaction(SYSTEM):
        dedicated.open_account(asked.id, opened=opened, actor=SYSTEM)
    leave()
    return number


def came(units: int, number: str, *, sender: str = "ADA OBI", **changes: str) -> Charge:
    """A transfer to an account number, as Paystack tells of it."""
    reference = changes.get("reference") or f"100{secrets.randbelow(10**20)}"
    fees = min(-(-units // 100), 300_00)
    ends = Authorization(
        "AUTH_x", False, "dedicated_nuban", "", "", "", "", "",
        sender, "Test Bank", "XXXXXX1234", number, "Test Bank", "", "NG",
    )  # fmt: skip
    return Charge(
        reference=reference,
        status=changes.get("status", "success"),
        amount=units,
        requested=None,
        fees=fees,
        currency=changes.get("currency", "NGN"),
        domain=changes.get("domain", "test"),
        channel="dedicated_nuban",
        paid_at=None,
        authorization=ends,
    )


def kept_card(owner: Customer) -> str:
    """A card that they keep: its id."""
    card = Authorization(
        f"AUTH_{secrets.token_hex(5)}", True, "card", "4081", "visa ", "TEST BANK", "12", "2030",
        "", "", "", "", "", "", "NG",
    )  # fmt: skip
    with transaction(SYSTEM):
        cards.keep(owner.id, charge=Charge("x", "success", 1, 1, 0, "NGN", "test", "card", None, authorization=card))
    leave()
    return queries.saved_cards(customer_id=owner.id)[0].id


def stray(amount: Money) -> str:
    """Money that nobody announced, in suspense: the item's id."""
    with transaction(SYSTEM):
        charge = came(amount.units, "0000000000")
        deposits.place_stray(charge, our_domain="test", actor=SYSTEM)
    leave()
    return item_of(charge.reference).id


def item_of(reference: str) -> SuspenseItem:
    """What waits in suspense under a reference."""
    leave()
    return db.session.scalars(select(SuspenseItem).where(SuspenseItem.reference == reference)).one()


def agreed(asked: Request, *, by: str = "") -> None:
    """Treasury, or who is named, says yes, and it is carried out."""
    treasury = by or people.operator(Role.TREASURY)[0]
    with transaction(who := actor.operator(treasury)):
        governance.approve(asked.id, operator_id=treasury, shown=asked.payload_hash, actor=who)
    governance_flows.carry_out(asked.id, actor=SYSTEM)
    leave()


def told(reference: str, app: Flask) -> str | None:
    """What becomes of a charge that a webhook names."""
    return payments.look_up_charge(reference, paystack=app.extensions["clients"].paystack, actor=SYSTEM)
