"""Commands of identification: ask, ask again, write down what was answered, give up. The only writer of its table."""

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select

from app.core import clock, crypto, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db, rows
from app.core.errors import NotFound
from app.identification import errors, events, queries, rules
from app.identification.models import IdentityCheck
from app.identification.rules import CheckState, Given, Judgement, Kind, Provider, Verdict

GIVES_UP_AT_ONCE = 100
NO_ANSWER = "no answer came"


@dataclass(frozen=True)
class Attempt:
    """One try to get an answer. `fence` says which asking and try it is: it counts while there is none later."""

    check_id: str
    fence: tuple[int, int]
    kind: Kind
    provider: Provider
    asked_number: str
    given: Given
    vendor_reference: str


@dataclass(frozen=True)
class Record:
    """What a register holds under a number."""

    name: str
    birth_date: date | None = None
    phone: str = ""
    gender: str = ""

    def facts(self) -> dict[str, Any]:
        """As JSON keeps it."""
        born = self.birth_date.isoformat() if self.birth_date else None
        return {"name": self.name, "birth_date": born, "phone": self.phone, "gender": self.gender}


def ask(customer_id: str, *, kind: Kind, number: str, given: Given, subject: str = rules.SELF, actor: Actor) -> str:
    """Have a number looked up and compared with what was given: the check's id. The answer comes later.

    The same number, given with the same for the same subject, that waits for its answer is one check.
    Raises BadIdentityNumber, GivenIncomplete, AsksSpent.
    """
    kind = Kind(kind)
    plain = rules.canonical(kind, number)
    if plain is None:
        raise errors.BadIdentityNumber
    if kind is Kind.BANK_ACCOUNT and not rules.bank_proof_is_whole(given):
        raise errors.GivenIncomplete
    _one_at_a_time(customer_id)
    index = _index(kind, plain, bank_code=given.bank_code)
    same = select(IdentityCheck).filter_by(
        customer_id=customer_id, subject=subject, number_index=index, state=CheckState.ASKED
    )
    for waiting in db.session.scalars(same.order_by(*queries.NEWEST)):
        if queries.given_for_system(waiting) == given:
            return waiting.id
    _count(customer_id, kind)
    provider = Provider.PAYSTACK if kind is Kind.BANK_ACCOUNT else Provider.REGISTRY
    check = _begun(customer_id, subject=subject, kind=kind, provider=provider, number=plain, given=given)
    if provider is Provider.PAYSTACK:
        check.vendor_reference = queries.vendor_code_for_system(customer_id)
    machine.begin(check, machine=rules.CHECK, actor=actor)
    outbox.emit(events.Asked(check_id=check.id))
    return check.id


def prove_account(customer_id: str, *, number: str, given: Given, actor: Actor) -> str | None:
    """Have Paystack say whether a bank account belongs to the BVN that was given before: the check's id.

    None while no BVN is known, or without both names. Asked with the same before, it is that check. Raises AsksSpent.
    """
    whole = replace(given, bvn=queries.bvn_for_system(customer_id))
    if not rules.bank_proof_is_whole(whole):
        return None
    index = _index(Kind.BANK_ACCOUNT, number, bank_code=whole.bank_code)
    own = select(IdentityCheck).filter_by(customer_id=customer_id, provider=Provider.PAYSTACK, number_index=index)
    for before in db.session.scalars(own.order_by(*queries.NEWEST)):
        if queries.given_for_system(before) == whole:
            return before.id
    return ask(customer_id, kind=Kind.BANK_ACCOUNT, number=number, given=whole, actor=actor)


def ask_again(check_id: str, *, customer_id: str, actor: Actor) -> None:
    """Ask once more what nobody answered; it counts as one of the day.

    Raises NotFound for what is no check of this customer, NotAskable, AsksSpent.
    """
    _one_at_a_time(customer_id)
    own = select(IdentityCheck).filter_by(id=check_id, customer_id=customer_id).with_for_update()
    check = db.session.scalars(own).one_or_none()
    if check is None:
        raise NotFound
    if check.state != CheckState.UNAVAILABLE or check.provider == Provider.RESOLVE:
        raise errors.NotAskable
    _count(check.customer_id, Kind(check.kind))
    check.asks, check.attempts, check.asked_at = check.asks + 1, 0, clock.now()
    check.sent_at, check.trouble = None, ""
    machine.move(check, CheckState.ASKED, machine=rules.CHECK, actor=actor, reason="asked again")
    outbox.emit(events.Asked(check_id=check.id))


def record_bank(
    customer_id: str,
    *,
    account_ref: str,
    bank_code: str,
    number: str,
    given_name: str,
    found_name: str,
    actor: Actor,
) -> str:
    """Compare the name on a bank account with the customer's: the check's id.

    The same account (`account_ref`) compared with the same name is one check.
    """
    _one_at_a_time(customer_id)
    given = Given(given_name, bank_code=bank_code)
    known = select(IdentityCheck).filter_by(provider=Provider.RESOLVE, vendor_reference=account_ref)
    before = db.session.scalars(known.order_by(*queries.NEWEST).limit(1)).one_or_none()
    if before is not None and queries.given_for_system(before) == given:
        return before.id
    check = _begun(
        customer_id, subject=rules.SELF, kind=Kind.BANK_ACCOUNT, provider=Provider.RESOLVE, number=number, given=given
    )
    check.vendor_reference = account_ref
    machine.begin(check, machine=rules.CHECK, actor=actor)
    _answer(check, Record(found_name), actor=actor)
    return check.id


def begin_attempt(check_id: str) -> Attempt | None:
    """Begin a try; those begun before it count no more. None when nothing is to be done: answered, or on its way."""
    check = _locked(check_id)
    if check.state != CheckState.ASKED or check.sent_at is not None:
        return None
    check.attempts += 1
    db.session.flush()
    return Attempt(
        check_id=check.id,
        fence=(check.asks, check.attempts),
        kind=Kind(check.kind),
        provider=Provider(check.provider),
        asked_number=crypto.unseal(check.number_sealed, context=f"{check.id}:number"),
        given=queries.given_for_system(check),
        vendor_reference=check.vendor_reference,
    )


def note_vendor(attempt: Attempt, *, reference: str) -> bool:
    """Keep the vendor's name of the customer before it is asked about them. False: another try took over."""
    check = _still(attempt)
    if check is not None:
        check.vendor_reference = reference
    return check is not None


def note_sent(attempt: Attempt) -> None:
    """The vendor has it and will answer in its own time."""
    check = _still(attempt)
    if check is not None:
        check.sent_at = clock.now()


def record(attempt: Attempt, found: Record, *, actor: Actor) -> bool:
    """Write down what the register holds. False: another try took over, or the answer is there already."""
    check = _still(attempt)
    if check is not None:
        _answer(check, found, actor=actor)
    return check is not None


def record_nothing(attempt: Attempt, *, reason: str, actor: Actor) -> bool:
    """Write down that the register holds nothing. False as for `record`."""
    check = _still(attempt)
    if check is not None:
        _conclude(check, Judgement(Verdict.NOT_FOUND, None, {"reason": reason}), actor=actor)
    return check is not None


def give_up(attempt: Attempt, *, reason: str, actor: Actor) -> None:
    """Nobody answered, and nobody is asked any more until somebody wants it."""
    check = _still(attempt)
    if check is not None:
        _unavailable(check, reason=reason, actor=actor)


def give_up_overdue(*, actor: Actor) -> int:
    """End the waiting for answers that should have come long ago: how many."""
    late = IdentityCheck.asked_at <= clock.now() - rules.WAITS_MAX
    waiting = select(IdentityCheck).where(IdentityCheck.state == CheckState.ASKED, late)
    waiting = waiting.order_by(IdentityCheck.asked_at).limit(GIVES_UP_AT_ONCE).with_for_update(skip_locked=True)
    found = list(db.session.scalars(waiting))
    for check in found:
        _unavailable(check, reason=NO_ANSWER, actor=actor)
    return len(found)


def hear_success(check_id: str, *, found: Record, actor: Actor) -> str:
    """The vendor identified them under this name: what became of it, in a few words; empty when it contradicts."""
    check = _locked(check_id)
    if check.state == CheckState.ANSWERED:
        return "answered before" if check.found_sealed is not None else ""
    _answer(check, found, actor=actor)
    return f"identity check {check.verdict}"


def hear_failure(check_id: str, *, reason: str, actor: Actor) -> str:
    """The vendor did not identify them: what became of it, in a few words; empty when it contradicts."""
    check = _locked(check_id)
    if check.state == CheckState.ANSWERED:
        return "answered before" if check.found_sealed is None else ""
    if reason == rules.TRY_AGAIN:
        if check.state == CheckState.ASKED:
            _unavailable(check, reason="the bank account could not be resolved", actor=actor)
        return "identity check unavailable"
    verdict = Verdict.MISMATCH if reason in rules.DISAGREES else Verdict.REVIEW
    _conclude(check, Judgement(verdict, None, {"reason": reason}), actor=actor)
    return f"identity check {check.verdict}"


def _begun(
    customer_id: str, *, subject: str, kind: Kind, provider: Provider, number: str, given: Given
) -> IdentityCheck:
    check_id = ids.new("idc")
    return IdentityCheck(
        id=check_id,
        customer_id=customer_id,
        subject=subject,
        kind=kind,
        provider=provider,
        number_sealed=crypto.seal(number, context=f"{check_id}:number"),
        number_index=_index(kind, number, bank_code=given.bank_code),
        last4=number[-4:],
        given_sealed=crypto.seal(json.dumps(given.facts()), context=f"{check_id}:given"),
        state=CheckState.ASKED,
        shared=False,
        trouble="",
        vendor_reference="",
        asks=1,
        attempts=0,
        asked_at=clock.now(),
    )


def _index(kind: Kind, number: str, *, bank_code: str) -> bytes:
    bank = bank_code if kind is Kind.BANK_ACCOUNT else ""
    return crypto.blind_index(f"{bank}:{number}", kind=f"identity:{kind}")


def _one_at_a_time(customer_id: str) -> None:
    """Who asks for a customer waits for whoever does so: two cannot both be the last of the day."""
    rows("SELECT pg_advisory_xact_lock(hashtextextended('identity:' || :id, 0))", id=customer_id)


def _count(customer_id: str, kind: Kind) -> None:
    if queries.asks_of_today(customer_id=customer_id, kind=kind) >= rules.ASKS_A_DAY:
        raise errors.AsksSpent


def _locked(check_id: str) -> IdentityCheck:
    return db.session.scalars(select(IdentityCheck).filter_by(id=check_id).with_for_update()).one()


def _still(attempt: Attempt) -> IdentityCheck | None:
    check = _locked(attempt.check_id)
    return check if check.state == CheckState.ASKED and (check.asks, check.attempts) == attempt.fence else None


def _answer(check: IdentityCheck, found: Record, *, actor: Actor) -> None:
    given = queries.given_for_system(check)
    judged = rules.judge(Kind(check.kind), given, found_name=found.name, found_birth_date=found.birth_date)
    # Of two customers whose answers come at once, the second waits here and sees the first.
    rows("SELECT pg_advisory_xact_lock(hashtextextended('identity number:' || :n, 0))", n=check.number_index.hex())
    verified = queries.verified_elsewhere_for_system(check.number_index, customer_id=check.customer_id)
    if verified and judged.verdict is Verdict.MATCH:
        judged = Judgement(Verdict.REVIEW, judged.score, judged.explanation)
    check.shared = verified
    check.found_sealed = crypto.seal(json.dumps(found.facts()), context=f"{check.id}:found")
    _conclude(check, judged, actor=actor)


def _conclude(check: IdentityCheck, judged: Judgement, *, actor: Actor) -> None:
    check.verdict, check.score, check.answered_at, check.trouble = judged.verdict, judged.score, clock.now(), ""
    check.explanation_sealed = crypto.seal(json.dumps(judged.explanation), context=f"{check.id}:explanation")
    machine.move(check, CheckState.ANSWERED, machine=rules.CHECK, actor=actor)
    outbox.emit(
        events.Answered(
            check_id=check.id, customer_id=check.customer_id, kind=str(check.kind), verdict=str(judged.verdict)
        )
    )


def _unavailable(check: IdentityCheck, *, reason: str, actor: Actor) -> None:
    check.trouble = reason
    machine.move(check, CheckState.UNAVAILABLE, machine=rules.CHECK, actor=actor, reason=reason)
