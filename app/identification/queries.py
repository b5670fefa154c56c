"""Reads of identification. A customer sees that and how it went; what was found is for staff who decide."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from app.core import clock, crypto
from app.core.db import db
from app.core.errors import NotFound
from app.identification import rules
from app.identification.models import IdentityCheck
from app.identification.rules import CheckState, Given, Kind, Provider, Verdict

NEWEST = (IdentityCheck.asked_at.desc(), IdentityCheck.id.desc())


@dataclass(frozen=True)
class Shown:
    """What a customer sees of a check."""

    id: str
    subject: str
    kind: str
    state: str
    last4: str
    said: str  # the verdict, or what is being waited for, in plain words
    askable: bool
    asked_at: datetime


@dataclass(frozen=True)
class Opened:
    """A check with what was given and found, as both were written. The number itself is not in it."""

    id: str
    subject: str
    kind: str
    provider: str
    state: str
    last4: str
    verdict: str | None
    score: int | None
    shared: bool
    trouble: str
    given: dict[str, Any]
    found: dict[str, Any] | None
    explanation: dict[str, Any]
    asked_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True)
class Latest:
    """How the newest check of one kind for one subject stands. Only `verdict == "match"` is a pass."""

    id: str
    subject: str
    kind: str
    state: str
    verdict: str | None
    score: int | None
    shared: bool
    last4: str
    asked_at: datetime
    answered_at: datetime | None
    given: Given


def of_customer(*, owner: str) -> list[Shown]:
    """The customer's own checks, newest first."""
    own = select(IdentityCheck).where(IdentityCheck.customer_id == owner).order_by(*NEWEST)
    return [_shown(check) for check in db.session.scalars(own)]


def of_customer_for_operators(customer_id: str) -> list[Opened]:
    """A customer's checks, opened, newest first."""
    own = select(IdentityCheck).where(IdentityCheck.customer_id == customer_id).order_by(*NEWEST)
    return [_opened(check) for check in db.session.scalars(own)]


def numbers_for_system(customer_id: str, *, kinds: Collection[Kind]) -> list[tuple[str, str]]:
    """Every number of these kinds that a customer gave of themself, as pairs of kind and number, each once."""
    own = select(IdentityCheck).where(
        IdentityCheck.customer_id == customer_id, IdentityCheck.subject == rules.SELF, IdentityCheck.kind.in_(kinds)
    )
    found = db.session.scalars(own.order_by(*NEWEST))
    return list(
        dict.fromkeys((each.kind, crypto.unseal(each.number_sealed, context=f"{each.id}:number")) for each in found)
    )


def latest_for_system(customer_id: str) -> list[Latest]:
    """The newest check of each kind for each subject."""
    own = select(IdentityCheck).where(IdentityCheck.customer_id == customer_id).order_by(*NEWEST)
    newest: dict[tuple[str, str], IdentityCheck] = {}
    for check in db.session.scalars(own):
        newest.setdefault((check.subject, check.kind), check)
    return [_latest(check) for check in newest.values()]


def named_for_system(reference: str, *, customer_id: str) -> Latest | None:
    """A customer's check by its id, or the newest by which the name on a bank account of this id was compared."""
    of_account = (IdentityCheck.provider == Provider.RESOLVE) & (IdentityCheck.vendor_reference == reference)
    named = select(IdentityCheck).where(IdentityCheck.customer_id == customer_id)
    named = named.where((IdentityCheck.id == reference) | of_account).order_by(*NEWEST).limit(1)
    found = db.session.scalars(named).one_or_none()
    return _latest(found) if found else None


def shared_for_operators(check_id: str) -> list[str]:
    """Other customers who gave the same number, by id. Raises NotFound."""
    check = db.session.get(IdentityCheck, check_id)
    if check is None:
        raise NotFound
    same = (IdentityCheck.number_index == check.number_index) & (IdentityCheck.customer_id != check.customer_id)
    found = select(IdentityCheck.customer_id).where(same).distinct().order_by(IdentityCheck.customer_id)
    return list(db.session.scalars(found))


def verified_elsewhere_for_system(number_index: bytes, *, customer_id: str) -> bool:
    """Whether another customer gave this number, and it may be theirs: people decide on a `review`, and may say yes."""
    same = (IdentityCheck.number_index == number_index) & (IdentityCheck.customer_id != customer_id)
    verified = select(IdentityCheck.id).where(same, IdentityCheck.verdict.in_([Verdict.MATCH, Verdict.REVIEW]))
    return db.session.scalars(verified.limit(1)).first() is not None


def asks_of_today(*, customer_id: str, kind: Kind) -> int:
    """How often a number of this kind was asked for within 24 hours, not counting bank accounts that were added."""
    lately = IdentityCheck.asked_at > clock.now() - timedelta(days=1)
    own = (IdentityCheck.customer_id == customer_id) & (IdentityCheck.kind == kind)
    asked = select(func.sum(IdentityCheck.asks)).where(own & lately, IdentityCheck.provider != Provider.RESOLVE)
    return int(db.session.scalar(asked) or 0)


def vendor_code_for_system(customer_id: str) -> str:
    """What Paystack calls this customer, empty when it was never asked."""
    known = (IdentityCheck.provider == Provider.PAYSTACK) & (IdentityCheck.vendor_reference != "")
    own = select(IdentityCheck.vendor_reference).where(IdentityCheck.customer_id == customer_id, known)
    return db.session.scalars(own.order_by(IdentityCheck.id.desc()).limit(1)).first() or ""


def bvn_for_system(customer_id: str) -> str:
    """The BVN that a customer gave last, unless it is known to be another's; empty when there is none."""
    own = select(IdentityCheck).filter_by(customer_id=customer_id, subject=rules.SELF, kind=Kind.BVN)
    newest = db.session.scalars(own.order_by(*NEWEST).limit(1)).first()
    wrong = newest is None or newest.verdict in {Verdict.MISMATCH, Verdict.NOT_FOUND}
    return "" if newest is None or wrong else _number(newest)


def asked_of_vendor_for_system(vendor_reference: str) -> int:
    """How often Paystack was asked about this customer of theirs."""
    theirs = select(func.sum(IdentityCheck.asks)).filter_by(provider=Provider.PAYSTACK)
    return int(db.session.scalar(theirs.where(IdentityCheck.vendor_reference == vendor_reference)) or 0)


def of_vendor_for_system(vendor_reference: str, *, bvn: str, account: str, bank_code: str) -> str | None:
    """The check that Paystack's news is about, by its customer code and the numbers as its events show them.

    Of several with the same numbers the newest that waits, else the newest.
    """
    of_code = (IdentityCheck.provider == Provider.PAYSTACK) & (IdentityCheck.vendor_reference == vendor_reference)
    same = []
    for check in db.session.scalars(select(IdentityCheck).where(of_code).order_by(*NEWEST)):
        asked = given_for_system(check)
        shown = (rules.starred(asked.bvn), rules.starred(_number(check)), asked.bank_code)
        if vendor_reference and shown == (bvn, account, bank_code):
            same.append(check)
    waiting = [check.id for check in same if check.state != CheckState.ANSWERED]
    return next(iter([*waiting, *(check.id for check in same)]), None)


def given_for_system(check: IdentityCheck) -> Given:
    """What was given for a check, opened."""
    return Given.of(json.loads(crypto.unseal(check.given_sealed, context=f"{check.id}:given")))


def _number(check: IdentityCheck) -> str:
    return crypto.unseal(check.number_sealed, context=f"{check.id}:number")


def _latest(check: IdentityCheck) -> Latest:
    return Latest(
        id=check.id,
        subject=check.subject,
        kind=check.kind,
        state=check.state,
        verdict=check.verdict,
        score=check.score,
        shared=check.shared,
        last4=check.last4,
        asked_at=check.asked_at,
        answered_at=check.answered_at,
        given=given_for_system(check),
    )


def _shown(check: IdentityCheck) -> Shown:
    waits = {CheckState.ASKED: "We are asking", CheckState.UNAVAILABLE: "No answer yet: try again"}
    said = rules.SAID[Verdict(check.verdict)] if check.verdict else waits[CheckState(check.state)]
    return Shown(
        id=check.id,
        subject=check.subject,
        kind=check.kind,
        state=check.state,
        last4=check.last4,
        said=said,
        askable=check.state == CheckState.UNAVAILABLE,
        asked_at=check.asked_at,
    )


def _opened(check: IdentityCheck) -> Opened:
    said = given_for_system(check)
    return Opened(
        id=check.id,
        subject=check.subject,
        kind=check.kind,
        provider=check.provider,
        state=check.state,
        last4=check.last4,
        verdict=check.verdict,
        score=check.score,
        shared=check.shared,
        trouble=check.trouble,
        given={"name": said.name, "birth_date": said.birth_date.isoformat() if said.birth_date else None},
        found=_json(check.found_sealed, context=f"{check.id}:found"),
        explanation=_json(check.explanation_sealed, context=f"{check.id}:explanation") or {},
        asked_at=check.asked_at,
        answered_at=check.answered_at,
    )


def _json(sealed: bytes | None, *, context: str) -> dict[str, Any] | None:
    return None if sealed is None else dict(json.loads(crypto.unseal(sealed, context=context)))
