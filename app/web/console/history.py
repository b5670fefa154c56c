"""What happened to an object: the moves of its machine and, for those who may read the audit, its records."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from flask_login import current_user

from app.audit import queries, rules
from app.audit.models import AuditRecord
from app.audit.queries import Seen
from app.audit.rules import Entry
from app.core.machine import Move
from app.core.permissions import Permission
from app.governance import kinds
from app.identity import queries as identity

BORROWED_MAX = 200
Quiet = Callable[[str], bool]


def seen() -> Seen:
    """What the operator at work may see of the record."""
    scope = rules.scope_of(current_user.roles)
    confidential = scope.confidential and Permission.SCREENING_READ in current_user.permissions
    hidden = kinds.hidden_from(current_user.permissions)
    if scope.everything:
        return Seen(None, confidential, hidden)
    staff = identity.operators_for_operators()
    team = {f"operator:{one.id}" for one in staff if scope.teams & set(one.roles)}
    return Seen(frozenset(team | {f"operator:{current_user.id}"}), confidential, hidden)


def of_borrowed(borrowed_id: str) -> list[Entry]:
    """What was recorded of an operator while they had a role for the hour, newest first: for who reviews it."""
    borrowed = identity.borrowed_one_for_system(borrowed_id)
    asked = queries.Asked(
        actors=frozenset({f"operator:{borrowed.operator_id}"}),
        since=borrowed.since,
        until=borrowed.returned_at or borrowed.until,
    )
    return rules.history(queries.list_for_operators(asked, seen=replace(seen(), actors=None), limit=BORROWED_MAX), [])


def page_of(
    object_ids: Collection[str], *, before: datetime | None, limit: int, quiet: Quiet
) -> tuple[list[Entry], datetime | None]:
    """A page of what happened to these rows, newest first, and before which moment the next one is (None at the end).

    Of an actor who is `quiet` to whoever looks only moves are told, without a reason.
    """
    reads = Permission.AUDIT_READ in current_user.permissions
    told = queries.of_objects_for_operators(object_ids, seen=seen(), before=before, limit=limit + 1) if reads else []
    moves = queries.moves_for_operators(object_ids, before=before, limit=limit + 1)
    records = [record for record in told if not quiet(record.actor)]
    found = [replace(one, reason="") if quiet(one.actor) else one for one in rules.history(records, moves)]
    cut = _cut(told, moves, limit)
    whole = [one for one in found if cut is None or one.at >= cut]
    if len(whole) > limit:
        return whole[:limit], whole[limit - 1].at
    return whole, cut


def _cut(records: Sequence[AuditRecord], moves: Sequence[Move], limit: int) -> datetime | None:
    """Down to which moment both lists are whole; None when they are so to their ends."""
    ends = [
        *([records[limit - 1].recorded_at] if len(records) > limit else []),
        *([moves[limit - 1].moved_at] if len(moves) > limit else []),
    ]
    return max(ends, default=None)


def of(*object_ids: str, request_id: str = "") -> list[Entry]:
    """What happened to these rows, or in this request, newest first."""
    reads = Permission.AUDIT_READ in current_user.permissions
    records = queries.of_objects_for_operators(object_ids, request_id=request_id, seen=seen()) if reads else []
    return rules.history(records, queries.moves_for_operators(object_ids))
