"""Reads of screening. None is for a customer, and none for staff who may not know of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import defer

from app.core import clock
from app.core.db import db
from app.screening import errors, keys, rules
from app.screening.models import Hit, ListEntry, ListVersion, ScreeningList, ScreeningRun, ScreeningSubject
from app.screening.rules import LIVE, HitState, Kind, Result, Side, Standing, Verdict

CANDIDATES_MAX = 20_000
FOUND_MAX = 50


@dataclass(frozen=True)
class Found:
    """A hit with its two sides."""

    hit: Hit
    subject: ScreeningSubject
    entry: ListEntry

    @property
    def content(self) -> str:
        """What identifies the two, as it is shown: who decides says what they were looking at."""
        return f"{self.entry.hash}.{self.subject.hash}"

    @property
    def forbids(self) -> bool:
        """Whether nothing may go on for who is this: more than a name agrees, or it was agreed on."""
        counts = self.hit.state == HitState.MATCH or (self.hit.strong and self.hit.state in rules.WAITING)
        return counts and self.entry.removed_at is None and rules.forbids(self.entry.topics)


@dataclass(frozen=True)
class Loaded:
    """A list with the version that counts and the one that was loaded last; their faults come when they are read."""

    list: ScreeningList
    version: ListVersion | None
    newest: ListVersion | None
    stale: bool


@dataclass(frozen=True)
class Panel:
    """How a customer stands: the state, what is undecided first, and against what and when they were held."""

    state: Standing
    hits: list[Found]
    runs: list[ScreeningRun]
    lists: list[Loaded]
    why: str


def why_unavailable_for_system(*, at: datetime) -> str:
    """Why nobody can be said to be on no list at present; empty when all are there and fresh."""
    known = list(db.session.scalars(select(ScreeningList).where(ScreeningList.version_id.is_not(None))))
    if not known:
        return "No list is loaded."
    old = [one.title for one in known if one.checked_at is None or one.checked_at < at - rules.LIST_AGE_MAX]
    if old:
        return f"Too old: {', '.join(sorted(old))}."
    return ""


def pending_for_system() -> str:
    """Which lists changed and are still being held against everybody; empty when none."""
    pending = select(ScreeningList.title).join(ListVersion, ListVersion.list_code == ScreeningList.code)
    titles = set(db.session.scalars(pending.where(ListVersion.finished_at.is_(None), ListVersion.refusal == "")))
    return f"Being held against everybody: {', '.join(sorted(titles))}." if titles else ""


def versions_for_system() -> dict[str, str]:
    """The version of each list that counts."""
    counted = select(ScreeningList.code, ScreeningList.version_id).where(ScreeningList.version_id.is_not(None))
    return {row.code: row.version_id for row in db.session.execute(counted)}


def candidates_for_system(subject_keys: Collection[int], *, kind: str) -> list[ListEntry]:
    """Entries that share a key. Raises OverflowError for more than anybody could be held against."""
    sharing = select(ListEntry).where(ListEntry.keys.overlap(list(subject_keys)), ListEntry.removed_at.is_(None))
    if kind != Kind.OTHER:
        sharing = sharing.where(ListEntry.kind.in_((kind, Kind.OTHER)))
    found = list(db.session.scalars(sharing.limit(CANDIDATES_MAX + 1)))
    if len(found) > CANDIDATES_MAX:
        raise OverflowError
    return found


def state_for_system(customer_id: str) -> str:
    """How a customer stands: `clear` is said only while every list is there and has been held against them."""
    return _state(customer_id)[0]


def standing_for_operators(customer_id: str) -> Panel:
    """All that compliance needs to see of one customer."""
    state, why = _state(customer_id)
    found = db.session.execute(_hits().where(Hit.customer_id == customer_id).order_by(Hit.id.desc()).limit(FOUND_MAX))
    order = {each: place for place, each in enumerate((*LIVE, *rules.REFUTED, HitState.DROPPED))}
    both = [Found(hit, subject, entry) for hit, subject, entry in found]
    hits = sorted(both, key=lambda one: (order[HitState(one.hit.state)], -one.hit.score))
    newest = select(ScreeningRun).where(ScreeningRun.customer_id == customer_id).order_by(ScreeningRun.id.desc())
    return Panel(state, hits, list(db.session.scalars(newest.limit(5))), lists_for_operators(), why)


def _state(customer_id: str) -> tuple[Standing, str]:
    of_theirs = select(Hit.state, ListEntry.topics).join(ListEntry, ListEntry.id == Hit.entry_id)
    still = Hit.state.in_(rules.WAITING) | ((Hit.state == HitState.MATCH) & ListEntry.removed_at.is_(None))
    live = db.session.execute(of_theirs.where(Hit.customer_id == customer_id, still)).all()
    matched = [row.topics for row in live if row.state == HitState.MATCH]
    if any(rules.forbids(topics) for topics in matched):
        return Standing.MATCH, ""
    if len(live) > len(matched):
        return Standing.HITS, ""
    asked = select(ScreeningSubject.result, ScreeningSubject.screened_at)
    asked = asked.where(ScreeningSubject.customer_id == customer_id, ScreeningSubject.retired_at.is_(None))
    screened = db.session.execute(asked).all()
    if not screened:
        return Standing.NEVER, ""
    why = why_unavailable_for_system(at=clock.now()) or pending_for_system()
    if why or any(row.result == Result.UNAVAILABLE or row.screened_at is None for row in screened):
        return Standing.UNAVAILABLE, why or "They could not be held against the lists; it is tried again."
    return (Standing.KNOWN if matched else Standing.CLEAR), ""


def _hits() -> Select[Hit, ScreeningSubject, ListEntry]:
    both = select(Hit, ScreeningSubject, ListEntry).join(ScreeningSubject, ScreeningSubject.id == Hit.subject_id)
    return both.join(ListEntry, ListEntry.id == Hit.entry_id)


def hit_for_operators(hit_id: str) -> Found:
    """One hit. Raises UnknownHit."""
    row = db.session.execute(_hits().where(Hit.id == hit_id)).one_or_none()
    if row is None:
        raise errors.UnknownHit
    hit, subject, entry = row
    return Found(hit, subject, entry)


def earlier_for_operators(hit: Hit) -> list[Hit]:
    """What was decided on the same pair before, newest first."""
    same = select(Hit).where(Hit.subject_id == hit.subject_id, Hit.entry_id == hit.entry_id, Hit.id < hit.id)
    return list(db.session.scalars(same.order_by(Hit.id.desc()).limit(20)))


def list_for_operators(
    states: Collection[HitState],
    *,
    list_code: str = "",
    topic: str = "",
    strong: bool = False,
    before: str | None = None,
    limit: int,
) -> list[Found]:
    """Hits in these states, newest first. Keyset by id."""
    wanted = _hits().where(Hit.state.in_(states), *_narrowed(list_code, topic, strong=strong))
    wanted = wanted.where(Hit.id < before) if before else wanted
    found = db.session.execute(wanted.order_by(Hit.id.desc()).limit(limit))
    return [Found(hit, subject, entry) for hit, subject, entry in found]


def _narrowed(list_code: str, topic: str, *, strong: bool) -> list[ColumnElement[bool]]:
    return [
        *([ListEntry.list_code == list_code] if list_code else []),
        *([ListEntry.topics.contains([topic])] if topic else []),
        *([Hit.strong.is_(True)] if strong else []),
    ]


def counts_for_operators() -> dict[str, int]:
    """How many hits are in each state."""
    counted = select(Hit.state, func.count().label("many")).group_by(Hit.state)
    return {row.state: row.many for row in db.session.execute(counted)}


def lists_for_operators() -> list[Loaded]:
    """Every list, by its title."""
    moment = clock.now()
    known = list(db.session.scalars(select(ScreeningList).order_by(ScreeningList.title)))
    last = select(func.max(ListVersion.id)).group_by(ListVersion.list_code)
    either = ListVersion.id.in_(last) | ListVersion.id.in_([one.version_id for one in known])
    found = db.session.scalars(select(ListVersion).where(either).options(defer(ListVersion.faults)))
    versions = {one.id: one for one in found.all()}
    newest = {one.list_code: one for _, one in sorted(versions.items())}
    return [
        Loaded(
            one,
            versions.get(one.version_id or ""),
            newest.get(one.code),
            one.version_id is not None and (one.checked_at is None or one.checked_at < moment - rules.LIST_AGE_MAX),
        )
        for one in known
    ]


def aging_for_system(*, at: datetime) -> list[str]:
    """Lists that nobody has loaded for a while, and of which nobody was told since."""
    old = ScreeningList.version_id.is_not(None) & (ScreeningList.checked_at < at - rules.LIST_AGE_WARNED)
    untold = ScreeningList.warned_at.is_(None) | (ScreeningList.warned_at < ScreeningList.checked_at)
    return list(db.session.scalars(select(ScreeningList.code).where(old, untold).order_by(ScreeningList.code)))


def list_for_system(code: str) -> ScreeningList:
    """One list. Raises UnknownList."""
    found = db.session.get(ScreeningList, code)
    if found is None:
        raise errors.UnknownList
    return found


def version_for_operators(version_id: str) -> ListVersion:
    """A file that was loaded. Raises UnknownVersion."""
    found = db.session.get(ListVersion, version_id)
    if found is None:
        raise errors.UnknownVersion
    return found


def search_for_operators(asked: str, *, kind: str = Kind.OTHER) -> list[tuple[ListEntry, Verdict]]:
    """Whom the lists name so, the most alike first, and whoever has this number. Nothing of it is kept."""
    hashes = keys.hashed([asked])
    looked_for = keys.of_names(Kind(kind), [asked], side=keys.OURS) | keys.of_identifiers(hashes)
    side = Side(kind, (asked,), (), (), hashes)
    found = [(one, rules.judge(side, one.side)) for one in candidates_for_system(looked_for, kind=kind)]
    alike = [(one, verdict) for one, verdict in found if verdict]
    return sorted(alike, key=lambda pair: (-pair[1].score, pair[0].id))[:FOUND_MAX]


def due_for_system(*, limit: int) -> list[str]:
    """Subjects that were never, or could not be, held against the lists as they are: who waits longest first.

    Who could not be is tried again once a list was loaded, and each hour: no hundred of them keeps others waiting.
    """
    loaded = db.session.scalar(select(func.max(ScreeningList.checked_at)))
    hour = clock.now() - rules.RETRY_AFTER
    again = (ScreeningSubject.result == Result.UNAVAILABLE) & (ScreeningSubject.screened_at < max(loaded or hour, hour))
    due = select(ScreeningSubject.id).where(
        ScreeningSubject.retired_at.is_(None), or_(ScreeningSubject.screened_at.is_(None), again)
    )
    return list(db.session.scalars(due.order_by(ScreeningSubject.screened_at.nulls_first()).limit(limit)))


def cleared_by_for_system(customer_id: str) -> set[str]:
    """Who said of a hit on this customer that it is somebody else: they do not also agree to what rests on that."""
    cleared = select(Hit.decided_by).where(Hit.customer_id == customer_id, Hit.state.in_(rules.REFUTED))
    return {one for one in db.session.scalars(cleared.distinct()) if one}
