"""Commands of governance: submit, approve, deny, cancel, retry, expire, carry out, note a failure."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.core import clock, ids, machine, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.core.permissions import granted
from app.governance import errors, events, kinds, queries, rules
from app.governance.kinds import Agreed, Kind, Payload
from app.governance.models import Request, Voided, Vote
from app.governance.queries import Standing
from app.governance.rules import Rule, State, open_leg
from app.identity import queries as identity


def submit(kind_name: str, payload: Payload, *, target: str = "", reason: str, maker: str, actor: Actor) -> Request:
    """Ask for something that others must agree to. It was tried dry, so they see only what can be done.

    Raises NoPolicy, NotAllowedToAsk, Related, ReasonMissing, and as the kind's dry run does.
    """
    kind = _kind(kind_name)
    reason = _reason(reason)
    if kind.make not in granted(identity.roles_for_system(maker)):
        raise errors.NotAllowedToAsk
    if target == f"operator:{maker}" or kinds.related(maker, kind.touches(payload)):
        raise errors.Related
    policy, moment = queries.policy_for_operators(kind.name), clock.now()
    rule = rules.route(policy.routes, kind.facts(payload)) if policy else None
    if policy is None or rule is None:
        raise errors.NoPolicy
    kind.dry_run(payload)
    asked = Request(
        id=ids.new("grq"),
        kind=kind.name,
        target=target,
        payload=payload,
        reason=reason,
        maker=maker,
        policy_id=policy.id,
        legs=[leg.as_json() for leg in rule.legs],
        delay_seconds=int(rule.delay.total_seconds()),
        state=State.PENDING,
        created_at=moment,
        expires_at=moment + rule.ttl,
    )
    machine.begin(asked, machine=rules.MACHINE, actor=actor, reason=reason)
    return asked


def approve(request_id: str, *, operator_id: str, shown: str, actor: Actor, reason: str = "") -> State:
    """One person's yes to the content whose hash they were shown; the last one that is needed has it carried out.

    Raises OwnRequest, Related, IllegalMove, TooLate, ContentChanged, VotedAlready, NotYourLeg.
    """
    standing = _decidable(request_id, operator_id=operator_id, to=State.APPROVED, actor=actor)
    asked = standing.request
    if asked.state == State.FAILED:
        raise errors.TooLate("This one was agreed to already.")
    if clock.now() >= asked.expires_at and not _kind(asked.kind).must_be_decided:
        raise errors.TooLate
    if shown != asked.payload_hash or _tampered(asked):
        raise errors.ContentChanged
    _void_lost(standing)
    standing = queries.one_for_operators(request_id)
    place = open_leg(asked.needs, standing.filled, identity.roles_for_system(operator_id))
    if place is None:
        raise errors.NotYourLeg
    voted_at = _cast(asked, voter=operator_id, leg=place, answer="yes", reason=reason.strip())
    if queries.one_for_operators(request_id).given == standing.needed:
        # (what cools off does so by the clock of the database, which holds to it)
        agreed_at = max(clock.now(), voted_at) if asked.delay_seconds else clock.now()
        asked.not_before = agreed_at + timedelta(seconds=asked.delay_seconds)
        machine.move(asked, State.APPROVED, machine=rules.MACHINE, actor=actor)
        outbox.emit(events.Approved(request_id=asked.id))
    return State(asked.state)


def deny(request_id: str, *, operator_id: str, reason: str, actor: Actor) -> None:
    """One person's no, with a reason for who asked: it ends the request, until it is carried out.

    Raises OwnRequest, Related, ReasonMissing, IllegalMove, VotedAlready, NotYourLeg.
    """
    standing = _decidable(request_id, operator_id=operator_id, to=State.DENIED, actor=actor)
    asked, reason = standing.request, _reason(reason)
    held = identity.roles_for_system(operator_id)
    place = next((place for place, leg in enumerate(asked.needs) if leg.fits(held)), None)
    if place is None:
        raise errors.NotYourLeg
    _cast(asked, voter=operator_id, leg=place, answer="no", reason=reason)
    asked.ended_at = clock.now()
    machine.move(asked, State.DENIED, machine=rules.MACHINE, actor=actor, reason=reason)
    _tell_end(asked)


def cancel(request_id: str, *, operator_id: str, actor: Actor) -> None:
    """Who asked thinks better of it, until it is carried out. Raises NotYourRequest, NotTakenBack, IllegalMove."""
    asked = _open(request_id, to=State.CANCELLED, actor=actor)
    if asked.maker != operator_id:
        raise errors.NotYourRequest
    if _kind(asked.kind).must_be_decided:
        raise errors.NotTakenBack
    asked.ended_at = clock.now()
    machine.move(asked, State.CANCELLED, machine=rules.MACHINE, actor=actor)
    _tell_end(asked)


def retry(request_id: str, *, operator_id: str, actor: Actor) -> None:
    """Have what could not be carried out tried again: for who asked and for who may agree.

    Raises Related, NotYourLeg, TooLate when it was agreed to too long ago, PolicyChanged.
    """
    asked = _open(request_id, to=State.APPROVED, actor=actor)
    if asked.state != State.FAILED:
        raise errors.TooLate("This one did not fail.")
    if _is_stale(asked):
        raise errors.TooLate("It was agreed to too long ago. Ask anew.")
    _refuse_related(asked, operator_id)
    held = identity.roles_for_system(operator_id)
    if operator_id != asked.maker and not any(leg.fits(held) for leg in asked.needs):
        raise errors.NotYourLeg
    if not _still_agreed(asked):
        raise errors.PolicyChanged("Somebody who agreed to it may not any more. Ask anew.")
    asked.result = ""
    machine.move(asked, State.APPROVED, machine=rules.MACHINE, actor=actor, reason="second try")
    outbox.emit(events.Approved(request_id=asked.id))


def expire(*, actor: Actor) -> int:
    """End what nobody decided, or had tried again, in time: how many."""
    moment, over = clock.now(), 0
    for request_id in queries.expired_for_system(at=moment, never=kinds.to_be_decided()):
        asked = _locked(request_id)
        failed = asked.state == State.FAILED
        if asked.state == State.PENDING or (failed and _is_stale(asked)):
            why = "nobody tried again in time" if failed else "nobody decided in time"
            asked.ended_at, over = moment, over + 1
            machine.move(asked, State.EXPIRED, machine=rules.MACHINE, actor=actor, reason=why)
            _tell_end(asked)
    return over


def execute(request_id: str, *, actor: Actor) -> timedelta | None:
    """Carry out what was agreed to, once: None when there is nothing to do any more, or how long it must wait yet.

    Everything is looked at again: content, policy, whether who asked and who agreed still may. Raises TooLate,
    ContentChanged, PolicyChanged, NotAllowedToAsk, Related, and as the kind does: then the caller notes the failure.
    """
    asked, moment = _locked(request_id), clock.now()
    if asked.state != State.APPROVED or asked.not_before is None:
        return None
    if moment < asked.not_before:
        return asked.not_before - moment
    if _is_stale(asked):
        raise errors.TooLate("It was agreed to too long ago.")
    if _tampered(asked):
        raise errors.ContentChanged
    if not _still_agreed(asked):
        asked.not_before = None
        why = "somebody who agreed has lost the role: it needs another's yes"
        machine.move(asked, State.PENDING, machine=rules.MACHINE, actor=actor, reason=why)
        return None
    kind, standing = _kind(asked.kind), queries.one_for_operators(request_id)
    _check_people(kind, standing)
    voters = tuple(cast.vote.voter for cast in standing.votes if cast.counts)
    asked.result = kind.execute(Agreed(asked.id, asked.payload, asked.reason, asked.maker, voters, actor))
    asked.executed_at = asked.ended_at = moment
    machine.move(asked, State.EXECUTED, machine=rules.MACHINE, actor=actor)
    return None


def note_failure(request_id: str, *, words: str, actor: Actor) -> None:
    """It was agreed to and could not be done: said on its page, where it can be tried again."""
    asked = _locked(request_id)
    if asked.state == State.APPROVED:
        asked.result = words
        machine.move(asked, State.FAILED, machine=rules.MACHINE, actor=actor, reason=words)


def _decidable(request_id: str, *, operator_id: str, to: State, actor: Actor) -> Standing:
    asked = _open(request_id, to=to, actor=actor)
    if asked.maker == operator_id:
        raise errors.OwnRequest
    _refuse_related(asked, operator_id)
    standing = queries.one_for_operators(request_id)
    if standing.voted(operator_id):
        raise errors.VotedAlready
    return standing


def _refuse_related(asked: Request, operator_id: str) -> None:
    about_them = asked.target == f"operator:{operator_id}"
    if about_them or kinds.related(operator_id, _kind(asked.kind).touches(asked.payload)):
        raise errors.Related


def _is_stale(asked: Request) -> bool:
    """Whether it was agreed to so long ago that those who agreed would have to be asked again."""
    return clock.now() >= asked.retry_until and not _kind(asked.kind).must_be_decided


def _cast(asked: Request, *, voter: str, leg: int, answer: str, reason: str) -> datetime:
    """Write a vote down: when it was given."""
    vote = Vote(
        id=ids.new("vot"),
        request_id=asked.id,
        maker=asked.maker,
        voter=voter,
        leg=leg,
        answer=answer,
        reason=reason[: rules.REASON_MAX],
        hash_seen=asked.payload_hash,
    )
    db.session.add(vote)
    db.session.flush()
    return vote.voted_at


def _check_people(kind: Kind, standing: Standing) -> None:
    """Who asked still may ask, nobody who agreed is related, the policy asks for these people and no longer wait."""
    asked = standing.request
    may_ask = kind.make in granted(identity.roles_for_system(asked.maker))
    if not may_ask and not kind.must_be_decided:
        raise errors.NotAllowedToAsk
    touched = kind.touches(asked.payload)
    if any(kinds.related(person, touched) for person in (asked.maker, *(cast.vote.voter for cast in standing.votes))):
        raise errors.Related
    policy = queries.policy_for_operators(asked.kind)
    rule: Rule | None = rules.route(policy.routes, kind.facts(asked.payload)) if policy else None
    slower = rule is not None and rule.delay > timedelta(seconds=asked.delay_seconds)
    if rule is None or slower or list(rule.legs) != asked.needs:
        raise errors.PolicyChanged


def _void_lost(standing: Standing) -> None:
    """Write down which votes count no more because their voters lost the role. They stay, and nobody votes twice."""
    needs = standing.request.needs
    for cast in standing.votes:
        if cast.counts and not needs[cast.vote.leg].fits(identity.roles_for_system(cast.vote.voter)):
            lost = Voided(vote_id=cast.vote.id, reason="lost the role", voided_at=clock.now())
            db.session.add(lost)
    db.session.flush()


def _still_agreed(asked: Request) -> bool:
    _void_lost(queries.one_for_operators(asked.id))
    standing = queries.one_for_operators(asked.id)
    same = all(cast.vote.hash_seen == asked.payload_hash for cast in standing.votes)
    return same and standing.given == standing.needed


def _tampered(asked: Request) -> bool:
    """Whether the content is another than the one whose hash stands beside it, or that somebody said yes to."""
    found = db.session.scalar(select(func.payload_hash(Request.payload)).where(Request.id == asked.id))
    seen = db.session.scalars(select(Vote.hash_seen).where(Vote.request_id == asked.id))
    return found != asked.payload_hash or any(one != asked.payload_hash for one in seen)


def _tell_end(asked: Request) -> None:
    outbox.emit(events.Ended(request_id=asked.id, kind=asked.kind, target=asked.target))


def _kind(name: str) -> Kind:
    found = kinds.known(name)
    if found is None:
        raise errors.NoPolicy
    return found


def _reason(reason: str) -> str:
    cleaned = reason.strip()
    if not 1 <= len(cleaned) <= rules.REASON_MAX:
        raise errors.ReasonMissing
    return cleaned


def _open(request_id: str, *, to: State, actor: Actor) -> Request:
    """The request, locked. Raises NotFound, IllegalMove when it has ended."""
    asked = _locked(request_id)
    if not rules.MACHINE.allows(State(asked.state), to):
        machine.move(asked, to, machine=rules.MACHINE, actor=actor)  # refuses, in its own words
    return asked


def _locked(request_id: str) -> Request:
    wanted = select(Request).where(Request.id == request_id).with_for_update()
    found = db.session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound
    return found
