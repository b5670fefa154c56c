"""Numbers of the sandbox's registers, and customers who are asked about."""

import itertools
import secrets
from datetime import date

from app.core.db import transaction
from app.identification import service
from app.identification.rules import Given, Kind
from tests.makers.people import Customer

BORN = date(1990, 4, 23)
ADA = Given("Ada Obi", birth_date=BORN)
ECHO, OTHER, PART, SWAPPED = "2201", "2202", "2203", "2204"
REFUSED, NOBODY, LATE, BUSY, DOWN = "2400", "2404", "2408", "2429", "2500"
_fresh = itertools.count(secrets.randbelow(1_000_000))


def number(family: str) -> str:
    """An 11-digit number of a family that nobody else in these tests gives."""
    return f"{family}{next(_fresh) % 10**7:07d}"


def ask(owner: Customer, asked: str, *, kind: Kind = Kind.BVN, given: Given = ADA, subject: str = "self") -> str:
    """Ask in the customer's own name: the check's id."""
    with transaction(owner.actor):
        return service.ask(owner.id, kind=kind, number=asked, given=given, subject=subject, actor=owner.actor)


def proof(*, email: str, name: str = "Ada Obi", bvn: str | None = None) -> Given:
    """What is given to prove a bank account."""
    return Given(name, bank_code="057", bvn=bvn or number("2233"), email=email)


def account_number() -> str:
    """A bank account's number that nobody else in these tests has."""
    return f"30{secrets.randbelow(10**8):08d}"
