"""Commands of screening: hold somebody against the lists, and what changed in a list against everybody."""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from app.core import clock, ids, logs, machine, outbox
from app.core.actor import Actor
from app.core.db import RETRIED_STATES, db, sqlstate
from app.screening import events, keys, queries, rules
from app.screening.models import Hit, ListEntry, ListVersion, ScreeningRun, ScreeningSubject, SubjectKeys
from app.screening.rules import HIT, WAITING, HitState, Result, Side, Subject, Verdict

BATCH = 50  # entries of a list's change, held against everybody in one transaction
_FENCE = 741_017
_PIECE = 2_000
GONE, UNLIKE, UNNAMED = "No longer listed.", "No longer alike.", "No longer named by the customer."
# Two loops over indexes: the planner can know neither how few share a key nor that row-level security lets all through,
# and would read everybody for each batch. Hence what is found first, each then looked up by itself.
_INDEX_ONLY = "SET LOCAL enable_seqscan = off"
_SHARING = """
    WITH found AS MATERIALIZED (
        SELECT e.id AS entry_id, e.kind AS listed_kind, k.subject_id
          FROM screening_entries e JOIN screening_subject_keys k ON k.keys && e.keys
         WHERE e.id = ANY(CAST(:ids AS bigint[])))
    SELECT found.entry_id, found.subject_id, s.kind, s.names, s.born, s.countries, s.id_hashes
      FROM found CROSS JOIN LATERAL (SELECT * FROM screening_subjects WHERE id = found.subject_id OFFSET 0) s
     WHERE s.kind = found.listed_kind OR 'other' IN (s.kind, found.listed_kind)"""

log = logs.get("screening")


@dataclass(frozen=True)
class Outcome:
    """What came of holding somebody against the lists. `hits` are those that are not decided or are matches.

    `strong`: one of them rests on more than a name, and nothing goes on before people have decided.
    """

    result: Result
    hits: tuple[str, ...]
    strong: bool
    why: str = ""


@dataclass(frozen=True)
class Progress:
    """How far a list's change is held against everybody."""

    entries: int
    pairs: int
    hits: int
    finished: bool


def screen(subject: Subject, *, actor: Actor) -> Outcome:
    """Hold somebody against every list, as they are now and from now on. Where that cannot be done: `unavailable`.

    For those who work for everyone: a customer's own session may write nothing of this.
    """
    _behind_the_fence()
    return _hold(_put(subject), actor=actor)


def screen_again(subject_id: str, *, actor: Actor) -> Outcome:
    """Hold somebody who is known against every list once more, and say so where something else came of it."""
    _behind_the_fence()
    subject = _locked_subject(subject_id)
    before = subject.result
    outcome = _hold(subject, actor=actor)
    if outcome.result != before:
        outbox.emit(events.Settled(subject_id=subject.id, customer_id=subject.customer_id))
    return outcome


def retire(customer_id: str, *, refs_begin: str, named: Collection[str], actor: Actor) -> None:
    """Let go of those whose refs begin so and who are not named any more. A match stays until two withdraw it."""
    past = select(ScreeningSubject).where(
        ScreeningSubject.customer_id == customer_id,
        ScreeningSubject.ref.startswith(refs_begin, autoescape=True),
        ScreeningSubject.ref.not_in(named),
        ScreeningSubject.retired_at.is_(None),
    )
    for subject in db.session.scalars(past.order_by(ScreeningSubject.id).with_for_update()).all():
        subject.retired_at = clock.now()
        db.session.merge(SubjectKeys(subject_id=subject.id, keys=[]))
        for hit in _live_hits(subject.id):
            if hit.state == HitState.OPEN:
                _drop(hit, UNNAMED, actor=actor)
    db.session.flush()


def fence() -> None:
    """Wait for everybody who is being held against lists as they were. To be committed before `rescreen` begins."""
    db.session.execute(select(func.pg_advisory_xact_lock(_FENCE)))


def rescreen(version_id: str, *, actor: Actor) -> Progress:
    """Hold the next entries that this version added or changed against everybody. To be called until it is finished."""
    version = db.session.get_one(ListVersion, version_id, with_for_update=True, populate_existing=True)
    following = (
        select(ListEntry)
        .where(ListEntry.version_id == version_id, ListEntry.id > version.screened_through)
        .where(ListEntry.removed_at.is_(None))
        .order_by(ListEntry.id)
        .limit(BATCH)
    )
    entries = {one.id: one for one in db.session.scalars(following)}
    compared = hits = 0
    if entries:
        compared, hits = _hold_entries(entries, actor=actor)
        version.screened_through = max(entries)
        version.screened += len(entries)
        version.pairs += compared
        version.hits += hits
    if len(entries) < BATCH and version.finished_at is None:
        version.finished_at = clock.now()
        outbox.emit(events.ListHeld(version_id=version.id))
    db.session.flush()
    return Progress(len(entries), compared, hits, finished=version.finished_at is not None)


def drop_of_removed(entry_ids: Collection[int], *, actor: Actor) -> int:
    """Close the open hits of entries that are not listed any more: how many."""
    open_ones = select(Hit).where(Hit.entry_id.in_(entry_ids), Hit.state == HitState.OPEN).order_by(Hit.id)
    found = list(db.session.scalars(open_ones.with_for_update()))
    for hit in found:
        _drop(hit, GONE, actor=actor)
    return len(found)


def _behind_the_fence() -> None:
    db.session.execute(select(func.pg_advisory_xact_lock_shared(_FENCE)))


def _put(subject: Subject) -> ScreeningSubject:
    """Keep what identifies somebody; whoever changed was not screened yet."""
    names = [each.strip() for each in (subject.name, *subject.other_names) if each.strip()]
    hashes = keys.hashed(number for _, number in subject.identifiers)
    kept: dict[str, Any] = {
        "kind": str(subject.kind),
        "names": names,
        "born": subject.born,
        "countries": sorted(subject.countries),
        "id_hashes": sorted(hashes),
    }
    fresh, moment = _fingerprint(kept), clock.now()
    row = db.session.scalars(
        select(ScreeningSubject).where(ScreeningSubject.ref == subject.ref).with_for_update()
    ).one_or_none()
    if row is None:
        row = ScreeningSubject(id=ids.new("scs"), ref=subject.ref, customer_id=subject.customer_id, hash="")
        db.session.add(row)
    elif row.customer_id != subject.customer_id:
        raise ValueError(f"{subject.ref} stands for another customer")
    if row.hash != fresh or row.retired_at is not None:
        for name, value in kept.items():
            setattr(row, name, value)
        row.hash, row.changed_at, row.screened_at, row.result = fresh, moment, None, None
        row.retired_at = None
        db.session.flush()
        found_by = sorted(keys.of_names(subject.kind, names, side=keys.OURS) | keys.of_identifiers(hashes))
        db.session.merge(SubjectKeys(subject_id=row.id, keys=found_by))
    db.session.flush()
    return row


def _fingerprint(identifying: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(identifying, sort_keys=True).encode()).hexdigest()


def _locked_subject(subject_id: str) -> ScreeningSubject:
    return db.session.get_one(ScreeningSubject, subject_id, with_for_update=True, populate_existing=True)


def _hold(subject: ScreeningSubject, *, actor: Actor) -> Outcome:
    why = queries.why_unavailable_for_system(at=clock.now())
    versions = queries.versions_for_system()
    try:
        with db.session.begin_nested():
            listed = queries.candidates_for_system(_keys_of(subject), kind=subject.kind)
            ours = subject.side
            judged = [(one, verdict) for one in listed if (verdict := rules.judge(ours, one.side))]
            _note_subject(subject, judged, actor=actor)
    except OverflowError:
        why = why or "More entries share a part of this name than can be compared."
    except DBAPIError as error:
        if sqlstate(error) in RETRIED_STATES:
            raise
        log.exception("screening failed", extra={"facts": {"subject": subject.id}})
        why = why or "The lists could not be read."
    live = _live_hits(subject.id)
    result = Result.UNAVAILABLE if why else Result.HITS if live else Result.CLEAR
    subject.result, subject.screened_at = result, clock.now()
    db.session.add(
        ScreeningRun(
            id=ids.new("scr"), subject_id=subject.id, customer_id=subject.customer_id, subject_hash=subject.hash,
            versions=versions, result=result, why=why, hits=len(live), actor=str(actor), ran_at=clock.now(),
        )
    )  # fmt: skip
    db.session.flush()
    return Outcome(result, tuple(hit.id for hit in live), strong=any(hit.strong for hit in live), why=why)


def _keys_of(subject: ScreeningSubject) -> list[int]:
    return db.session.get_one(SubjectKeys, subject.id).keys


def _live_hits(subject_id: str) -> list[Hit]:
    live = select(Hit).where(Hit.subject_id == subject_id, Hit.state.in_(rules.LIVE)).order_by(Hit.id)
    return list(db.session.scalars(live))


def _note_subject(subject: ScreeningSubject, judged: Sequence[tuple[ListEntry, Verdict]], *, actor: Actor) -> None:
    """Write down whom they are like, and close what they are not like any more."""
    known = _newest_hits(select(Hit).where(Hit.subject_id == subject.id))
    for entry, verdict in judged:
        _note(subject, entry, verdict, known.get((subject.id, entry.id)), actor=actor)
    alike = {entry.id for entry, _ in judged}
    for (_, entry_id), hit in known.items():
        if entry_id not in alike and hit.state == HitState.OPEN:
            _drop(hit, UNLIKE, actor=actor)


def _hold_entries(entries: dict[int, ListEntry], *, actor: Actor) -> tuple[int, int]:
    """How many pairs were compared, and how many new hits there are."""
    db.session.execute(text(_INDEX_ONLY))
    sides = {one.id: one.side for one in entries.values()}
    compared, alike = 0, set()
    # (read piece by piece: a transaction that only compares for seconds is taken for one that was forgotten)
    sharing = text(_SHARING).execution_options(yield_per=_PIECE)
    for row in db.session.execute(sharing, {"ids": list(entries)}):
        compared += 1
        births = (row.born,) if row.born else ()
        ours = Side(row.kind, tuple(row.names), births, tuple(row.countries), frozenset(row.id_hashes))
        if rules.judge(ours, sides[row.entry_id]):
            alike.add((row.subject_id, row.entry_id))
    known = _newest_hits(select(Hit).where(Hit.entry_id.in_(entries)))
    locked = select(ScreeningSubject).where(ScreeningSubject.id.in_({one for one, _ in alike}))
    locked = locked.order_by(ScreeningSubject.id).with_for_update().execution_options(populate_existing=True)
    subjects = {one.id: one for one in db.session.scalars(locked)}
    fresh = 0
    for subject_id, entry_id in sorted(alike):
        subject, entry = subjects[subject_id], entries[entry_id]
        verdict = rules.judge(subject.side, entry.side)  # (as they are now that nobody changes them)
        if verdict:
            fresh += _note(subject, entry, verdict, known.get((subject_id, entry_id)), actor=actor)
    for pair, hit in known.items():
        if pair not in alike and hit.state == HitState.OPEN:
            _drop(hit, UNLIKE, actor=actor)
    return compared, fresh


def _newest_hits(wanted: Any) -> dict[tuple[str, int], Hit]:
    found: Iterable[Hit] = db.session.scalars(wanted.order_by(Hit.id).with_for_update())
    return {(hit.subject_id, hit.entry_id): hit for hit in found}


def _note(subject: ScreeningSubject, entry: ListEntry, verdict: Verdict, known: Hit | None, *, actor: Actor) -> bool:
    """Write one hit down; True when it is new. What was decided stays decided while both are as they were."""
    if known is not None and known.state == HitState.MATCH:
        return False
    same = known is not None and (known.entry_hash, known.subject_hash) == (entry.hash, subject.hash)
    if known is not None and known.state in WAITING:
        if not same:
            if verdict.strong and not known.strong:
                outbox.emit(events.HitFound(hit_id=known.id, customer_id=known.customer_id))
            known.score, known.strong, known.explanation = verdict.score, verdict.strong, verdict.explanation
            known.entry_hash, known.subject_hash = entry.hash, subject.hash
        return False
    if known is not None and known.state in rules.REFUTED and same:
        return False
    hit = Hit(
        id=ids.new("hit"), subject_id=subject.id, entry_id=entry.id, customer_id=subject.customer_id,
        score=verdict.score, strong=verdict.strong, explanation=verdict.explanation, entry_hash=entry.hash,
        subject_hash=subject.hash, state=HitState.OPEN, found_at=clock.now(), reason="",
    )  # fmt: skip
    machine.begin(hit, machine=HIT, actor=actor)
    subject.result = Result.UNAVAILABLE if subject.result == Result.UNAVAILABLE else Result.HITS
    outbox.emit(events.HitFound(hit_id=hit.id, customer_id=hit.customer_id))
    return True


def _drop(hit: Hit, why: str, *, actor: Actor) -> None:
    hit.decided_at, hit.reason = clock.now(), why
    machine.move(hit, HitState.DROPPED, machine=HIT, actor=actor, reason=why)
    settle_subject(hit.subject_id)


def settle_subject(subject_id: str) -> None:
    """Whose last hit was closed is clear, if that is all that kept them from it."""
    subject = _locked_subject(subject_id)
    if subject.result == Result.HITS and not _live_hits(subject_id):
        subject.result = Result.CLEAR
    db.session.flush()
