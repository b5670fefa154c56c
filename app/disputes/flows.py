"""Steps of disputes that cross the world: what a message says is a hint, the truth is asked back from Paystack."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.clients.http import Refused, Silent
from app.clients.paystack import Paystack
from app.clients.paystack_answers import Dispute as Told
from app.core import clock, inbox
from app.core.actor import Actor
from app.core.db import atomically, leave
from app.core.money import NGN, Money, zero
from app.disputes import errors, queries, requests, rules, service
from app.disputes.models import Dispute
from app.disputes.rules import State
from app.governance.kinds import Payload
from app.governance.models import Request
from app.payments import balance_flows, balance_lines, refund_queries, suspense
from app.payments import refund_flows as refunds
from app.payments.suspense import Trouble

EVENTS = frozenset({"charge.dispute.create", "charge.dispute.remind", "charge.dispute.resolve"})
_LEDGER_MARGIN = timedelta(days=1)  # how far it may lie before the time that is told of its end
_SHOWN_MAX = 200


@dataclass(frozen=True)
class Heard:
    """What became of an event; `placed` is false for one that somebody should look at."""

    event: str
    reference: str
    words: str
    placed: bool = True


def hear(inbox_id: int, *, paystack: Paystack, actor: Actor) -> Heard | None:
    """Act on an event of a dispute, None for another. Raises Silent."""
    message = _dispute(inbox.read(inbox_id).body)
    leave()
    if message is None:
        return None
    event, vendor_id, reference = message
    told = paystack.find_dispute(vendor_id) if vendor_id else None
    if told is None:
        return Heard(event, reference, "Paystack does not know this dispute", placed=False)
    dispute = _apply(told, paystack=paystack, actor=actor)
    if dispute is None:
        return Heard(event, reference, "Paystack does not say which charge it is about, or how much", placed=False)
    return Heard(event, reference, f"dispute {dispute.state}")


def watch(dispute_id: str, *, paystack: Paystack, actor: Actor) -> timedelta | None:
    """Ask Paystack how a dispute stands, and warn before it is due: how long until to ask again, None at its end.

    One that people let go is asked about for some weeks more: an end against theirs is for somebody to see.
    """
    if queries.one_for_system(dispute_id).state not in rules.ENDED:
        atomically(lambda: service.warn(dispute_id), actor=actor)  # (first: Paystack may be silent, and time goes on)
    elif not _may_end_otherwise(dispute_id):
        return None
    told = _ask(dispute_id, paystack=paystack, actor=actor)
    dispute = queries.one_for_system(dispute_id)
    if dispute.state not in rules.ENDED:
        return rules.pause(dispute.due_at, at=clock.now())
    told_its_end = told is not None and rules.state_of(told.status, told.resolution) in rules.ENDED
    return None if told_its_end else rules.LET_GO_WATCHED_EVERY


def request_letting_go(dispute_id: str, *, reason: str, maker: str, paystack: Paystack, actor: Actor) -> Request:
    """Ask that a dispute count as won, after Paystack was asked how it stands. Raises as the request, and NotTold."""
    try:
        _ask(dispute_id, paystack=paystack, actor=actor)
    except (Silent, Refused) as error:
        raise errors.NotTold from error
    leave()
    return atomically(
        lambda: requests.request_letting_go(dispute_id, reason=reason, maker=maker, actor=actor),
        actor=actor,
        reason=reason,
    )


def look_before_letting_go(payload: Payload, *, paystack: Paystack, actor: Actor) -> None:
    """What is done before it is let go as was agreed: what Paystack says by now is applied. Raises Silent, Refused."""
    _ask(payload["dispute_id"], paystack=paystack, actor=actor)


def sweep(*, paystack: Paystack, actor: Actor) -> int:
    """Find disputes whose webhook never came, and those that stand otherwise than was heard last: how many it applied.

    One that cannot be placed waits in suspense, once however often it is found; one that fails keeps no other from
    being applied, and is raised when they are done.
    """
    leave()
    theirs = {told.id: told for told in paystack.disputes(since=clock.now() - rules.SWEPT_BACK)}
    heard = queries.heard_last_for_system(theirs)
    leave()
    missed = [told for told in theirs.values() if rules.is_news(told, heard=heard.get(told.id))]
    applied, failed = 0, list[Exception]()
    for told in missed:
        try:
            if _apply(told, paystack=paystack, actor=actor) is not None:
                applied += 1
            else:
                _put_aside(told, actor=actor)
        except Exception as error:  # noqa: BLE001 (it is raised below, when the others were applied)
            failed.append(error)
    if failed:
        raise failed[0]
    return applied


def look_for_refunds(dispute_id: str, *, paystack: Paystack, actor: Actor) -> None:
    """Book what was refunded of a charge at Paystack while it was disputed: it was not for the dispute, that was won.

    Raises Silent.
    """
    refunds.hear(queries.one_for_system(dispute_id).reference, paystack=paystack, actor=actor)


def _may_end_otherwise(dispute_id: str) -> bool:
    """Whether people let it go, so that Paystack may tell another end yet."""
    one = queries.one_for_system(dispute_id)
    told = rules.state_of(one.vendor_status, one.resolution) in rules.ENDED
    return not told and one.ended_at is not None and clock.now() < one.ended_at + rules.WATCHED_AFTER


def _ask(dispute_id: str, *, paystack: Paystack, actor: Actor) -> Told | None:
    """What Paystack says of a dispute now; it is applied, where it ended as far as it says another end."""
    vendor_id = queries.one_for_system(dispute_id).vendor_id
    last = queries.heard_last_for_system([vendor_id])[vendor_id]
    leave()
    told = paystack.find_dispute(vendor_id)
    if told is not None and (last.state not in rules.ENDED or rules.is_news(told, heard=last)):
        _apply(told, paystack=paystack, actor=actor)
        leave()
    return told


def _apply(told: Told, *, paystack: Paystack, actor: Actor) -> Dispute | None:
    reference = told.transaction_reference
    if not reference:
        return None
    refunds.settle_first(reference, paystack=paystack, actor=actor)
    lost, amount = rules.state_of(told.status, told.resolution) is State.LOST, told.refund_amount
    # One that was declined may be told with nothing to pay back: then what it was about is the charge.
    unsaid = amount is None or (amount == 0 and not lost)
    charge = paystack.find_charge(reference) if unsaid or lost else None
    if unsaid:
        amount = charge.amount if charge else None
    if not amount:
        return None
    worth = Money(NGN, min(amount, charge.amount) if charge else amount)
    last = queries.heard_last_for_system([told.id]).get(told.id)
    leave()
    ends = lost and (last is None or last.state not in rules.ENDED)
    from_balance = _from_balance(told, worth, paystack=paystack, actor=actor) if ends else zero(NGN)
    leave()
    over = Money(NGN, amount) - worth
    return atomically(
        lambda: _write(told, worth, from_balance=min(from_balance, worth), over=over, actor=actor), actor=actor
    )


def _write(told: Told, worth: Money, *, from_balance: Money, over: Money, actor: Actor) -> Dispute:
    """Nobody loses more to a dispute than its charge: what is told beyond it is asked about, and not booked."""
    if over.units:
        words = f"Paystack says that dispute {_plain(told.id)} took {worth + over}, and its charge was of {worth}"
        trouble = Trouble(f"dispute:{told.id}:over", "charge.dispute.over", told.transaction_reference, words, over)
        suspense.suspend(trouble, actor=actor)
    return service.apply(told, amount=worth, from_balance=from_balance, actor=actor)


def _put_aside(told: Told, *, actor: Actor) -> None:
    words = f"Paystack has dispute {_plain(told.id)}, and does not say of which charge, or how much"
    trouble = Trouble(f"dispute:{told.id}", "charge.dispute.found", told.transaction_reference, words)
    atomically(lambda: suspense.suspend(trouble, actor=actor), actor=actor)


def _from_balance(told: Told, worth: Money, *, paystack: Paystack, actor: Actor) -> Money:
    """What of a lost dispute was taken from our balance, as itself or as the refund that it became.

    The rest Paystack keeps of a settlement.
    """
    ours = refund_queries.vendor_ids_for_system(told.transaction_reference)
    leave()
    theirs = [each for each in paystack.refunds(told.transaction_reference) if each.id not in ours]
    begun = [each.created_at for each in theirs if each.created_at is not None]
    moved = balance_flows.moved(
        {(balance_lines.DISPUTE, told.id), *((balance_lines.REFUND, each.id) for each in theirs)},
        since=min([told.resolved_at or told.created_at or clock.now(), *begun]) - _LEDGER_MARGIN,
        enough=worth.units,
        paystack=paystack,
        actor=actor,
    )
    return Money(NGN, max(-moved, 0))


def _dispute(body: bytes) -> tuple[str, str, str] | None:
    """The event, Paystack's id of the dispute and its charge's reference; None for another event."""
    try:
        message = json.loads(body)
        event, facts = message["event"], message["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(event, str) or event not in EVENTS or not isinstance(facts, dict):
        return None
    charge: Any = facts.get("transaction")
    reference = charge.get("reference") if isinstance(charge, dict) else facts.get("transaction_reference")
    return event, _plain(facts.get("id")), _plain(reference)


def _plain(value: object) -> str:
    """Somebody else's text as the database and a person can take it."""
    shown = str("" if value is None else value)[:_SHOWN_MAX].encode(errors="replace").decode()
    return "".join(letter if letter.isprintable() else "�" for letter in shown)
