"""What happened to an object: the moves of its machine and, for those who may read the audit, its records."""

from flask_login import current_user

from app.audit import queries, rules
from app.audit.queries import Seen
from app.audit.rules import Entry
from app.core.permissions import Permission
from app.identity import queries as identity

BORROWED_MAX = 200


def seen() -> Seen:
    """What the operator at work may see of the record."""
    scope = rules.scope_of(current_user.roles)
    confidential = scope.confidential and Permission.SCREENING_READ in current_user.permissions
    if scope.everything:
        return Seen(None, confidential)
    staff = identity.operators_for_operators()
    team = {f"operator:{one.id}" for one in staff if scope.teams & set(one.roles)}
    return Seen(frozenset(team | {f"operator:{current_user.id}"}), confidential)


def of_borrowed(borrowed_id: str) -> list[Entry]:
    """What was recorded of an operator while they had a role for the hour, newest first: for who reviews it."""
    borrowed = identity.borrowed_one_for_system(borrowed_id)
    asked = queries.Asked(
        actors=frozenset({f"operator:{borrowed.operator_id}"}),
        since=borrowed.since,
        until=borrowed.returned_at or borrowed.until,
    )
    return rules.history(
        queries.list_for_operators(asked, seen=Seen(None, seen().confidential), limit=BORROWED_MAX), []
    )


def of(*object_ids: str, request_id: str = "") -> list[Entry]:
    """What happened to these rows, or in this request, newest first."""
    reads = Permission.AUDIT_READ in current_user.permissions
    records = queries.of_objects_for_operators(object_ids, request_id=request_id, seen=seen()) if reads else []
    return rules.history(records, queries.moves_for_operators(object_ids))
