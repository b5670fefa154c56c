"""The audit: who did what to what, from where and why; found by any of these, one by one or as a file."""

import json
from dataclasses import dataclass
from typing import Any

from flask import request
from flask.wrappers import Response

from app.audit import queries, rules, service
from app.audit.errors import ReasonMissing
from app.audit.models import AuditRecord
from app.audit.queries import Asked
from app.core.db import atomically
from app.core.errors import Malformed
from app.core.permissions import Permission
from app.identity import queries as identity
from app.web import guards, sheets
from app.web.console import history, objects
from app.web.console.base import bp
from app.web.console.books import times
from app.web.fragments import page, wants_fragment

PAGE = 40
FIELDS = ("who", "table", "action", "object", "request", "ip", "session", "from", "to")
ACTIONS = ("insert", "update", "delete")
BATCH = 500
COLUMNS = [
    "id", "recorded_at", "actor", "name", "action", "table", "row", "reason", "request", "ip", "device",
    "before", "after",
]  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A record with the page of what it is about."""

    record: AuditRecord
    place: tuple[str, str] | None


@bp.get("/audit")
@guards.operator(Permission.AUDIT_READ)
def audit() -> Response:
    """Records that fit, newest first."""
    return _list({})


@bp.post("/audit/export")
@guards.operator(Permission.AUDIT_READ, fresh=True)
def export_audit() -> Response:
    """The records that fit as a file, newest first, each with what it changed. Taking them out is itself recorded."""
    given, actor, seen = _given(), guards.actor(), history.seen()
    staff, reason = identity.names_for_operators(), request.form.get("reason", "").strip()
    try:
        asked = _asked(given, staff)
        atomically(lambda: service.note_export(given, reason=reason, actor=actor), actor=actor, reason=reason)
    except ReasonMissing as refused:
        return _list({"reason": refused.message})
    except Malformed:
        return _list({})

    def batch(cursor: str) -> tuple[list[sheets.Row], str]:
        before = int(cursor) if cursor else None
        found = queries.list_for_operators(asked, seen=seen, before=before, limit=BATCH)
        return [_cells(one, staff) for one in found], str(found[-1].id) if len(found) == BATCH else ""

    return sheets.long_sheet("audit", COLUMNS, batch)


def _list(errors: dict[str, str]) -> Response:
    given, staff = _given(), identity.names_for_operators()
    before = request.args.get("before", type=int)
    fault, found = "", []
    try:
        found = queries.list_for_operators(_asked(given, staff), seen=history.seen(), before=before, limit=PAGE + 1)
    except Malformed as refused:
        fault = refused.message
    return page(
        "console/audit.html",
        block="results",
        status=422 if fault or errors else 200,
        fault=fault,
        errors=errors,
        given=given,
        rows=[Row(record, objects.place_of(record.row_id)) for record in found[:PAGE]],
        older=found[PAGE - 1].id if len(found) > PAGE else None,
        first=before is None,
        tables=queries.tables_for_operators(),
        actions=ACTIONS,
        staff=staff,
        everything=history.seen().actors is None,
    )


@bp.get("/audit/<int:record_id>")
@guards.operator(Permission.AUDIT_READ)
def audit_record(record_id: int) -> Response:
    """One record: a drawer beside the list, or a page of its own."""
    record = queries.one_for_operators(record_id, seen=history.seen())
    return page(
        "console/audit_record.html",
        block="drawer",
        in_drawer=wants_fragment(),
        record=record,
        changes=rules.changes_of(record.before, record.after),
        place=objects.place_of(record.row_id),
        staff=identity.names_for_operators(),
    )


def _given() -> dict[str, str]:
    """The filters that are set, as they stand in the address."""
    given = {name: request.values.get(name, "").strip() for name in FIELDS}
    return {name: text for name, text in given.items() if text}


def _asked(given: dict[str, str], staff: dict[str, str]) -> Asked:
    """What they mean. Raises Malformed for a time that is none."""
    return Asked(
        actors=_actors(given.get("who", ""), staff),
        table=given.get("table", ""),
        action=given.get("action", ""),
        row_id=given.get("object", ""),
        request_id=given.get("request", ""),
        ip=given.get("ip", ""),
        session_id=given.get("session", ""),
        since=times.begins(given.get("from", "")),
        until=times.ends(given.get("to", "")),
    )


def _actors(who: str, staff: dict[str, str]) -> frozenset[str] | None:
    """Everybody whom a few letters may mean: staff by a part of their name, anybody by their id or written whole."""
    if not who:
        return None
    named = {f"operator:{id_}" for id_, name in staff.items() if who.casefold() in name.casefold()}
    return frozenset(named | {who, f"operator:{who}", f"customer:{who}", f"system:{who}"})


def _cells(record: AuditRecord, staff: dict[str, str]) -> sheets.Row:
    return [
        str(record.id),
        sheets.stamp(record.recorded_at),
        record.actor,
        staff.get(record.actor.partition(":")[2], ""),
        record.action,
        record.table_name,
        record.row_id,
        record.reason,
        record.request_id,
        record.ip,
        record.session_id,
        _json(record.before),
        _json(record.after),
    ]


def _json(values: dict[str, Any] | None) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True) if values else ""
