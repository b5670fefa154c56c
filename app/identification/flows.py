"""Steps of identification that cross the world: begin a try and commit, ask, record. None runs inside a transaction."""

import json
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from app.clients.http import Refused, Silent
from app.clients.kyc import Outcome, Registry
from app.clients.paystack import Paystack
from app.core import inbox, logs
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.identification import queries, rules, service
from app.identification.rules import Provider
from app.identification.service import Attempt, Record

SUCCESS, FAILURE = "customeridentification.success", "customeridentification.failed"
SILENT = "nobody answered"
# A no to us and not to what we asked: it may be a yes later.
_ABOUT_US = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS,
}
_SHOWN_MAX = 200

log = logs.get("identification")


@dataclass(frozen=True)
class Heard:
    """What became of an event; `placed` is false for one that somebody should look at."""

    event: str
    reference: str
    words: str
    placed: bool = True


def answer(check_id: str, *, kyc: Registry, paystack: Paystack, actor: Actor) -> timedelta | None:
    """Try to get an answer: how long until the next try, None when none is needed.

    However often it is killed and begun again, one answer is written: that of the newest try.
    """
    attempt = atomically(lambda: service.begin_attempt(check_id), actor=actor)
    if attempt is None:
        return None
    leave()
    if attempt.provider is Provider.PAYSTACK:
        return _send(attempt, paystack=paystack, actor=actor)
    found = kyc.look_up(
        attempt.kind,
        attempt.asked_number,
        name=attempt.given.name,
        birth_date=attempt.given.birth_date,
        reference=check_id,
    )
    if found.outcome is Outcome.UNAVAILABLE:
        return _in_vain(attempt, actor=actor)
    if found.outcome is Outcome.FOUND:
        record = Record(found.name, found.birth_date, found.phone, found.gender)
        kept = atomically(lambda: service.record(attempt, record, actor=actor), actor=actor)
    else:
        nothing = {Outcome.NOT_FOUND: "nothing is registered", Outcome.REFUSED: "the register refuses this number"}
        reason = nothing[found.outcome]
        kept = atomically(lambda: service.record_nothing(attempt, reason=reason, actor=actor), actor=actor)
    if not kept:
        log.warning("another try took over", extra={"facts": {"check": check_id, "try": attempt.fence[1]}})
    return None


def hear(inbox_id: int, *, paystack: Paystack, actor: Actor) -> Heard | None:
    """Act on an event of identification, None for another. A success is asked back from Paystack. Raises Silent."""
    facts = _identification(inbox.read(inbox_id).body)
    leave()
    if facts is None:
        return None
    event, code, reason = facts["event"], facts["code"], facts["reason"]
    check_id = queries.of_vendor_for_system(
        code, bvn=facts["bvn"], account=facts["account_number"], bank_code=facts["bank_code"]
    )
    leave()
    if check_id is None:
        return Heard(event, code, "we did not ask for this identification", placed=False)
    if event == FAILURE:
        words = atomically(lambda: service.hear_failure(check_id, reason=reason, actor=actor), actor=actor)
    else:
        known = paystack.find_customer(code)
        if known is None or not known.identified:
            return Heard(event, code, "Paystack does not confirm this identification", placed=False)
        found = Record(f"{known.first_name} {known.last_name}".strip())
        words = atomically(lambda: service.hear_success(check_id, found=found, actor=actor), actor=actor)
    if not words:
        return Heard(event, code, "it contradicts the answer that we have", placed=False)
    return Heard(event, code, words)


def told_anew(body: bytes) -> str:
    """What tells two events of the same bytes apart: how often was asked by then. Empty for another event.

    Paystack's events of identification carry no id and no time: the same failure of two askings is the same text.
    """
    facts = _identification(body)
    return f"asked {queries.asked_of_vendor_for_system(facts['code'])}" if facts else ""


def _send(attempt: Attempt, *, paystack: Paystack, actor: Actor) -> timedelta | None:
    """Hand a bank account's proof to Paystack. Sent twice it is asked twice, and the second answer changes nothing."""
    first, last = attempt.given.first_and_last
    try:
        code = attempt.vendor_reference or paystack.create_customer(
            email=attempt.given.email, first_name=first, last_name=last
        )
        # (kept before the call: the answer may be here before the call's own)
        if not atomically(lambda: service.note_vendor(attempt, reference=code), actor=actor):
            return None
        leave()
        paystack.validate_customer(
            code,
            first_name=first,
            last_name=last,
            bvn=attempt.given.bvn,
            bank_code=attempt.given.bank_code,
            account_number=attempt.asked_number,
        )
    except Refused as refusal:
        if refusal.status in _ABOUT_US:
            return _in_vain(attempt, actor=actor)
        atomically(
            lambda: service.record_nothing(attempt, reason="Paystack refuses what was given", actor=actor), actor=actor
        )
        return None
    except Silent:
        return _in_vain(attempt, actor=actor)
    atomically(lambda: service.note_sent(attempt), actor=actor)
    return None


def _in_vain(attempt: Attempt, *, actor: Actor) -> timedelta | None:
    pause = rules.pause_after(attempt.fence[1])
    if pause is None:
        atomically(lambda: service.give_up(attempt, reason=SILENT, actor=actor), actor=actor)
    return pause


def _identification(body: bytes) -> dict[str, str] | None:
    try:
        message = json.loads(body)
        event, told = message["event"], message["data"]
        proof: Any = told["identification"]
        facts = {"event": event, "code": told["customer_code"], "reason": told.get("reason") or ""}
        facts |= {name: proof[name] for name in ("bvn", "account_number", "bank_code")}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if facts["event"] not in {SUCCESS, FAILURE} or not all(isinstance(value, str) for value in facts.values()):
        return None
    return {name: _plain(value) for name, value in facts.items()}


def _plain(text: str) -> str:
    """Somebody else's text as the database can take it."""
    shown = text[:_SHOWN_MAX].encode(errors="replace").decode()
    return "".join(letter if letter.isprintable() else "�" for letter in shown)
