"""What the audit decides without looking anything up: who sees whose records, what one changed, what was one act."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from app.core.permissions import Permission, Role, granted

MASKED = "[masked]"
REVEALS_COUNT_FOR = timedelta(hours=24)
REVEAL_NOTE_MIN = 5
COMPLIANCE = frozenset({Role.COMPLIANCE_OFFICER, Role.COMPLIANCE_MANAGER})
SEES_EVERYTHING = frozenset({Role.AUDITOR, Role.ADMIN})
SEES_TEAMS: Mapping[Role, frozenset[Role]] = {
    Role.SUPPORT: frozenset(),
    Role.COMPLIANCE_OFFICER: frozenset({Role.COMPLIANCE_OFFICER}),
    Role.COMPLIANCE_MANAGER: COMPLIANCE,
    Role.FINANCE: frozenset({Role.FINANCE}),
    Role.TREASURY: frozenset({Role.TREASURY}),
}
# What only who may see it anyway sees in the audit too, whoever did it: nobody is to learn who was found on a list.
CONFIDENTIAL = Permission.SCREENING_READ
CONFIDENTIAL_TABLES = frozenset(
    {
        *("screening_lists", "screening_versions", "screening_hits"),
        *("applications", "application_answers", "application_notes", "restrictions", "cases", "case_notes"),
    }
)


@dataclass(frozen=True)
class Scope:
    """Whose records somebody sees: everybody's, or their own and those of people with one of these roles.

    `confidential`: also those of what is kept from most.
    """

    everything: bool
    teams: frozenset[Role]
    confidential: bool


@dataclass(frozen=True)
class Change:
    """One field of a record as it was and as it is; None where there was nothing. What is masked says only that."""

    field: str
    before: str | None
    after: str | None
    masked: bool


class Recorded(Protocol):
    """What a record tells."""

    id: Any
    recorded_at: Any
    actor: Any
    reason: Any
    table_name: Any
    row_id: Any
    action: Any
    before: Any
    after: Any


class Moved(Protocol):
    """What a move of a machine tells."""

    machine: Any
    subject: Any
    new_state: Any
    actor: Any
    reason: Any
    moved_at: Any


@dataclass(frozen=True)
class Entry:
    """One thing that happened to an object. A move has a machine and a state, anything else an action on a table."""

    at: datetime
    actor: str
    reason: str
    machine: str = ""
    state: str = ""
    action: str = ""
    table: str = ""
    record_id: int | None = None
    changes: tuple[Change, ...] = ()


def scope_of(roles: Iterable[str]) -> Scope:
    """Whose records somebody with these roles sees. Their own they always see; names that are no roles add nothing."""
    held = {role for role in Role if role in set(roles)}
    return Scope(
        everything=bool(held & SEES_EVERYTHING),
        teams=frozenset().union(*(SEES_TEAMS.get(role, frozenset()) for role in held)),
        confidential=CONFIDENTIAL in granted(held),
    )


def changes_of(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[Change, ...]:
    """Field by field, in the order of their names."""
    old, new = before or {}, after or {}
    return tuple(
        Change(field, _words(old.get(field)), _words(new.get(field)), MASKED in (old.get(field), new.get(field)))
        for field in sorted(old.keys() | new.keys())
    )


def history(records: Sequence[Recorded], moves: Sequence[Moved]) -> list[Entry]:
    """What happened, newest first. A move and the record of the row that it changed are one act, told once."""
    told = _pairs(records, moves)
    entries = [_moved(move, told.get(place)) for place, move in enumerate(moves)]
    paired = {record.id for record in told.values()}
    entries += [_recorded(record) for record in records if record.id not in paired]
    return sorted(entries, key=lambda entry: (entry.at, entry.record_id or 0), reverse=True)


def _pairs(records: Sequence[Recorded], moves: Sequence[Moved]) -> dict[int, Recorded]:
    """The record of each move, by the move's place. Of what happened twice the nearest in time belong."""
    fitting = [(place, record) for place, move in enumerate(moves) for record in records if _is_of(record, move)]
    found: dict[int, Recorded] = {}
    taken = set()
    for place, record in sorted(fitting, key=lambda pair: abs(pair[1].recorded_at - moves[pair[0]].moved_at)):
        if place not in found and record.id not in taken:
            found[place] = record
            taken.add(record.id)
    return found


def _is_of(record: Recorded, move: Moved) -> bool:
    state = (record.after or {}).get("state")
    return (record.row_id, record.actor, state) == (move.subject, move.actor, move.new_state)


def _moved(move: Moved, record: Recorded | None) -> Entry:
    return Entry(
        at=move.moved_at,
        actor=move.actor,
        reason=move.reason or (record.reason if record else ""),
        machine=move.machine,
        state=move.new_state,
        record_id=record.id if record else None,
        changes=changes_of(record.before, record.after) if record else (),
    )


def _recorded(record: Recorded) -> Entry:
    return Entry(
        at=record.recorded_at,
        actor=record.actor,
        reason=record.reason,
        action=record.action,
        table=record.table_name,
        record_id=record.id,
        changes=changes_of(record.before, record.after),
    )


def _words(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
