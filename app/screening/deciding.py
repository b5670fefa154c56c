"""Decisions on hits: one person clears what rests on a name, the rest is agreed on, and nothing unseen is decided."""

from sqlalchemy import select

from app.core import clock, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Forbidden
from app.governance import kinds
from app.governance import queries as governance
from app.screening import errors, events, queries, service
from app.screening.models import Hit
from app.screening.rules import HIT, WAITING, HitState


def clear(hit_id: str, *, reason: str, shown: str, actor: Actor, operator_id: str) -> None:
    """Decide that a hit is somebody else: it does not come back until what identifies one of the two changes.

    One person may say so while nothing but a name agrees. `shown` is what they looked at, as `Found.content` says it.
    Raises UnknownHit, HitUnexplained, HitDecided, HitChanged, AskedAlready, ClearedByTwo, Forbidden for who is the
    customer privately.
    """
    hit = _ours_to_decide(hit_id, shown=shown, actor=actor, operator_id=operator_id)
    if not reason.strip():
        raise errors.HitUnexplained
    if hit.strong:
        raise errors.ClearedByTwo
    _decide(hit, HitState.NO_MATCH, reason=reason, decided_by=operator_id, actor=actor)


def note_asked(hit_id: str, verdict: HitState, *, shown: str, operator_id: str, actor: Actor) -> Hit:
    """Somebody asks others to agree to this. Raises as `clear` does; HitDecided for the withdrawal of what is none."""
    hit = _ours_to_decide(hit_id, shown=shown, actor=actor, operator_id=operator_id)
    _refuse_verdict(hit, verdict)
    if hit.state != HitState.MATCH:
        machine.move(hit, HitState.MATCH_ASKED, machine=HIT, actor=actor)
    return hit


def check(hit_id: str, verdict: HitState, *, shown: str) -> None:
    """Whether others may still agree to it. Raises UnknownHit, HitDecided, HitChanged."""
    found = queries.hit_for_operators(hit_id)
    _refuse_verdict(found.hit, verdict)
    if found.content != shown:
        raise errors.HitChanged


def agree(hit_id: str, verdict: HitState, *, shown: str, reason: str, decided_by: str, actor: Actor) -> None:
    """What was asked for is so. For governance, once others have agreed. Raises as `check` does."""
    hit = locked(hit_id)
    check(hit_id, verdict, shown=shown)
    _decide(hit, verdict, reason=reason, decided_by=decided_by, actor=actor)


def locked(hit_id: str) -> Hit:
    """A hit that nobody else decides on meanwhile. Raises UnknownHit."""
    wanted = select(Hit).where(Hit.id == hit_id).with_for_update().execution_options(populate_existing=True)
    hit = db.session.scalars(wanted).one_or_none()
    if hit is None:
        raise errors.UnknownHit
    return hit


def reopen_unconfirmed(*, actor: Actor) -> int:
    """Open the hits again about which others were asked, and did not agree: how many."""
    asked = list(db.session.scalars(select(Hit.id).where(Hit.state == HitState.MATCH_ASKED).limit(service.BATCH)))
    return sum(_open_again(locked(hit_id), actor=actor) for hit_id in asked)


def _open_again(hit: Hit, *, actor: Actor) -> bool:
    if hit.state != HitState.MATCH_ASKED or governance.about_for_operators(target_of(hit.id)):
        return False
    machine.move(hit, HitState.OPEN, machine=HIT, actor=actor, reason="It was not agreed on.")
    return True


def _ours_to_decide(hit_id: str, *, shown: str, actor: Actor, operator_id: str) -> Hit:
    """A hit about which nobody was asked yet, and that is still as it was shown."""
    hit = locked(hit_id)
    _open_again(hit, actor=actor)
    if kinds.related(operator_id, {hit.customer_id}):
        raise Forbidden("You do not decide on yourself.")
    if governance.about_for_operators(target_of(hit.id)):
        raise errors.AskedAlready
    if hit.state not in {HitState.OPEN, HitState.MATCH}:
        raise errors.HitDecided
    if queries.hit_for_operators(hit_id).content != shown:
        raise errors.HitChanged
    return hit


def _refuse_verdict(hit: Hit, verdict: HitState) -> None:
    """A match is withdrawn, and nothing else is."""
    wanted = (HitState.MATCH,) if verdict == HitState.WITHDRAWN else WAITING
    if hit.state not in wanted:
        raise errors.HitDecided


def _decide(hit: Hit, verdict: HitState, *, reason: str, decided_by: str, actor: Actor) -> None:
    _refuse_verdict(hit, verdict)
    hit.decided_by, hit.decided_at, hit.reason = decided_by, clock.now(), reason.strip()
    machine.move(hit, verdict, machine=HIT, actor=actor, reason=reason)
    if verdict == HitState.MATCH:
        outbox.emit(events.Matched(hit_id=hit.id, customer_id=hit.customer_id))
    else:
        service.settle_subject(hit.subject_id)
        outbox.emit(events.Cleared(hit_id=hit.id, customer_id=hit.customer_id))


def target_of(hit_id: str) -> str:
    """What requests about a hit are filed under: no customer's page lists them."""
    return f"screening:{hit_id}"
