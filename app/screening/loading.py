"""Taking in a newer version of a list: in one transaction, so that half a list is never anybody's answer."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core import clock, ids, outbox
from app.core.actor import Actor
from app.core.db import db
from app.screening import errors, events, keys, queries, rules, service
from app.screening.models import ListEntry, ListVersion, ScreeningList
from app.screening.rules import Entry

BATCH = 1_000
TWICE = "this entry was there before"


@dataclass
class Faults:
    """What could not be read: how much, and of the first thousand which lines and why.

    `lost` are the lines in which somebody, or a name of theirs, may have stood: whoever is missing is not gone then.
    """

    many: int = 0
    lost: int = 0
    kept: list[tuple[int, str]] = field(default_factory=list)

    def lose(self, line: int, reason: str) -> None:
        """Write down that this line is lost."""
        self.lost += 1
        self.note(line, reason)

    def note(self, line: int, reason: str) -> None:
        """Write down what does not keep anybody off the list."""
        self.many += 1
        if len(self.kept) < rules.FAULTS_KEPT:
            self.kept.append((line, reason))


@dataclass(frozen=True)
class Source:
    """A list, and the file that it comes from this time."""

    code: str
    title: str
    format: str
    sha256: str


@dataclass
class _Tally:
    seen: set[int] = field(default_factory=set)
    added: int = 0
    changed: int = 0
    names: int = 0


def take(
    source: Source, entries: Iterable[tuple[int, Entry]], *, faults: Faults, anyway: bool, actor: Actor
) -> ListVersion:
    """Put the list in the place of the one before: only what was added, changed or removed is touched.

    Each entry comes with the number of its line. Raises ListSuspicious when it is empty, or lost a fifth of its entries
    or of their further names, unless it is wanted `anyway`: then nothing of it may be kept. While lines are lost nobody
    is removed, and no name. Where the file is the one of last time, nothing but its age changes.
    """
    listed = _locked(source)
    before = db.session.get(ListVersion, listed.version_id) if listed.version_id else None
    listed.checked_at = clock.now()
    if before is not None and before.sha256 == source.sha256 and not (anyway and before.lost_lines):
        if before.finished_at is not None:
            outbox.emit(events.ListHeld(version_id=before.id))
        db.session.flush()
        return before
    version = _version(source, previous=before)
    db.session.add(version)
    db.session.flush()
    had = _live(source.code)
    tally = _Tally()
    for batch in _batches(entries):
        _put(batch, version, tally, faults, anyway=anyway)
    if not anyway:
        _refuse_suspicious(had, tally, faults)
    if anyway or not faults.lost:
        version.removed = _remove(source.code, version, tally, actor=actor)
    version.entries, version.added, version.changed = len(tally.seen), tally.added, tally.changed
    _note_faults(version, faults)
    listed.version_id, listed.live = version.id, _live(source.code)[0]
    db.session.flush()
    outbox.emit(events.ListLoaded(version_id=version.id))
    return version


def retire(code: str, *, actor: Actor) -> int:
    """Search this list no more, and close what was open about it: how many stood on it. Raises UnknownList.

    What was agreed on stays as it is, but nobody is kept from anything by it. Loading it again brings it back.
    """
    kept = queries.list_for_system(code)
    listed = _locked(Source(code, kept.title, kept.format, ""))
    if listed.version_id is None:
        raise errors.UnknownList
    version = _version(Source(code, listed.title, listed.format, ""), previous=None)
    version.previous_id, version.finished_at = listed.version_id, clock.now()
    db.session.add(version)
    db.session.flush()
    version.removed = _remove(code, version, _Tally(), actor=actor)
    unfinished = update(ListVersion).where(ListVersion.list_code == code, ListVersion.finished_at.is_(None))
    db.session.execute(unfinished.values(finished_at=version.finished_at))
    listed.version_id, listed.live = None, 0
    db.session.flush()
    outbox.emit(events.ListHeld(version_id=version.id))
    return version.removed


def warn_of_aging() -> None:
    """Say of each list once that nobody has loaded it for a while."""
    moment = clock.now()
    for code in queries.aging_for_system(at=moment):
        db.session.get_one(ScreeningList, code, with_for_update=True).warned_at = moment
        outbox.emit(events.ListAged(list_code=code))


def note_refused(source: Source, refused: errors.ListSuspicious, *, faults: Faults) -> ListVersion:
    """Keep that a file was not taken, and why, for who looks at the lists."""
    listed = _locked(source)
    before = db.session.get(ListVersion, listed.version_id) if listed.version_id else None
    version = _version(source, previous=before)
    version.refusal, version.entries = refused.message, refused.facts["entries"]
    _note_faults(version, faults)
    version.finished_at = clock.now()
    db.session.add(version)
    db.session.flush()
    return version


def _locked(source: Source) -> ScreeningList:
    """The list's row; two who load it come one after the other."""
    made = insert(ScreeningList).values(code=source.code, title=source.title, format=source.format)
    db.session.execute(made.on_conflict_do_nothing())
    listed = db.session.get_one(ScreeningList, source.code, with_for_update=True, populate_existing=True)
    if listed.format != source.format:
        raise errors.ListUnreadable(
            f"{source.code} is a list of the format {listed.format}. Give this one another code."
        )
    listed.title = source.title
    return listed


def _version(source: Source, *, previous: ListVersion | None) -> ListVersion:
    return ListVersion(
        id=ids.new("scv"), list_code=source.code, previous_id=previous.id if previous else None,
        sha256=source.sha256, refusal="", entries=0, added=0, changed=0, removed=0, bad_lines=0, lost_lines=0,
        faults=[],
        loaded_at=clock.now(),
    )  # fmt: skip


def _note_faults(version: ListVersion, faults: Faults) -> None:
    version.bad_lines, version.lost_lines = faults.many, faults.lost
    version.faults = [list(each) for each in faults.kept]


def _live(code: str) -> tuple[int, int]:
    """How many entries stand on the list, with how many names."""
    names = func.coalesce(func.sum(func.cardinality(ListEntry.names)), 0)
    counted = select(func.count().label("many"), names.label("names"))
    row = db.session.execute(counted.where(ListEntry.list_code == code, ListEntry.removed_at.is_(None))).one()
    return row.many, row.names


def _batches(entries: Iterable[tuple[int, Entry]]) -> Iterator[list[tuple[int, Entry]]]:
    following = iter(entries)
    while batch := list(islice(following, BATCH)):
        yield batch


def _put(batch: list[tuple[int, Entry]], version: ListVersion, tally: _Tally, faults: Faults, *, anyway: bool) -> None:
    """Write what is new or changed of these entries. While lines are lost, names that they had stay with them."""
    wanted: dict[str, Entry] = {}
    for line, entry in batch:
        if entry.ref in wanted:
            faults.note(line, TWICE)
        else:
            wanted[entry.ref] = entry
    lines = {entry.ref: line for line, entry in reversed(batch)}
    known = select(ListEntry.id, ListEntry.entry_ref, ListEntry.hash, ListEntry.removed_at, ListEntry.names).where(
        ListEntry.list_code == version.list_code, ListEntry.entry_ref.in_(wanted)
    )
    there = {row.entry_ref: row for row in db.session.execute(known)}
    fresh = []
    for ref, entry in wanted.items():
        row = there.get(ref)
        if row is not None and row.id in tally.seen:
            faults.note(lines[ref], TWICE)
            continue
        tally.names += len(entry.names)
        if row is None:
            first = {"list_code": version.list_code, "entry_ref": ref, "first_seen_at": version.loaded_at}
            fresh.append(_values(entry, version) | first)
            continue
        tally.seen.add(row.id)
        names = (*entry.names, *row.names) if faults.lost and not anyway and row.removed_at is None else entry.names
        values = _values(replace(entry, names=tuple(dict.fromkeys(names))), version)
        if row.hash != values["hash"] or row.removed_at is not None:
            tally.changed += 1
            db.session.execute(update(ListEntry).where(ListEntry.id == row.id).values(**values))
    if fresh:
        tally.seen.update(db.session.scalars(insert(ListEntry).returning(ListEntry.id), fresh))
        tally.added += len(fresh)


def _values(entry: Entry, version: ListVersion) -> dict[str, Any]:
    hashes = keys.hashed(entry.identifiers)
    identifying = {
        "kind": str(entry.kind),
        "names": list(entry.names),
        "topics": sorted(entry.topics),
        "births": sorted(entry.births),
        "countries": sorted(entry.countries),
        "identifiers": sorted(entry.identifiers),
    }
    told = json.dumps(identifying | {"names": sorted(entry.names)}, sort_keys=True).encode()
    return identifying | {
        "id_hashes": sorted(hashes),
        "raw": entry.raw,
        "hash": hashlib.sha256(told).hexdigest(),
        "keys": sorted(keys.of_names(entry.kind, entry.names, side=keys.LISTED) | keys.of_identifiers(hashes)),
        "version_id": version.id,
        "changed_at": version.loaded_at,
        "removed_at": None,
    }


def _refuse_suspicious(had: tuple[int, int], tally: _Tally, faults: Faults) -> None:
    """Entries and their further names are counted apart: the files of both may be cut."""
    seen = len(tally.seen)
    counts = [(had[0], seen), (had[1] - had[0], tally.names - seen)]
    if seen == 0 or any(now < was - was * rules.SHRINK_MAX_PERCENT // 100 for was, now in counts):
        raise errors.ListSuspicious(
            entries=seen, before=had[0], names=tally.names, names_before=had[1], bad_lines=faults.many
        )


def _remove(code: str, version: ListVersion, tally: _Tally, *, actor: Actor) -> int:
    """Mark what is not in the file any more, and close what was open about it: how many."""
    live = select(ListEntry.id).where(ListEntry.list_code == code, ListEntry.removed_at.is_(None))
    gone = [each for each in db.session.scalars(live) if each not in tally.seen]
    for start in range(0, len(gone), BATCH):
        some = gone[start : start + BATCH]
        marked = update(ListEntry).where(ListEntry.id.in_(some))
        db.session.execute(marked.values(removed_at=version.loaded_at, version_id=version.id))
        service.drop_of_removed(some, actor=actor)
    return len(gone)
