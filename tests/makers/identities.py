"""Numbers of the sandbox's registers, and customers who are asked about."""

import itertools
import json
import secrets
from datetime import date

from app.core import clock, crypto, ids
from app.core.db import db, transaction
from app.identification import service
from app.identification.models import IdentityCheck
from app.identification.rules import SELF, CheckState, Given, Kind, Provider, Verdict
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


def answered(
    owner: Customer, kind: Kind, verdict: Verdict = Verdict.MATCH, *, shared: bool = False, given: Given = ADA
) -> str:
    """A check that was answered so, for those who do not care by whom: its id."""
    check_id, moment = ids.new("idc"), clock.now()
    db.session.add(
        IdentityCheck(
            id=check_id,
            customer_id=owner.id,
            subject="company" if kind is Kind.COMPANY else SELF,
            kind=kind,
            provider=Provider.REGISTRY,
            number_sealed=crypto.seal("0" * 11, context=f"{check_id}:number"),
            number_index=secrets.token_bytes(32),
            last4="0000",
            given_sealed=crypto.seal(json.dumps(given.facts()), context=f"{check_id}:given"),
            state=CheckState.ANSWERED,
            verdict=verdict,
            score=100,
            shared=shared,
            asked_at=moment,
            answered_at=moment,
        )
    )
    db.session.flush()
    return check_id


def proof(*, email: str, name: str = "Ada Obi", bvn: str | None = None) -> Given:
    """What is given to prove a bank account."""
    return Given(name, bank_code="057", bvn=bvn or number("2233"), email=email)


def account_number() -> str:
    """A bank account's number that nobody else in these tests has."""
    return f"30{secrets.randbelow(10**8):08d}"
