"""Bare SQL for tests of the database's own guards: rows put past them, in a transaction whose work does not stay."""

import json
from datetime import timedelta

from sqlalchemy import Connection, text

from tests.makers.books import fresh

_REQUEST = (
    "INSERT INTO approval_requests (id, kind, target, payload, payload_hash, reason, maker, policy_id, legs,"
    " delay_seconds, state, created_at, expires_at, not_before, ended_at)"
    " SELECT :id, :kind, :target, CAST(:payload AS jsonb), payload_hash(CAST(:payload AS jsonb)), 'x', :maker,"
    """ 'pol_staff.roles_1', '[{"roles": ["admin"], "count": 1}]', 60, :state, now() - interval '1 h',"""
    " now() + interval '1 day', now() + :due_in,"
    " CASE WHEN :state NOT IN ('pending', 'approved', 'failed') THEN now() END"
)
_INVITATION = (
    "INSERT INTO invitations (id, request_id, login_id, name, roles, token_hash, created_at, expires_at, accepted_at)"
    " VALUES (:id, :request, :login, 'x', :roles, sha256(convert_to(:id, 'UTF8')), now(), now() + interval '1 day',"
    " CASE WHEN :accepted THEN now() END)"
)


def act_as(connection: Connection, who: str) -> None:
    """Say in whose name this transaction acts."""
    connection.execute(text("SELECT set_config('bursar.actor', :who, true)"), {"who": who})


def put_request(connection: Connection, kind: str, payload: dict[str, object], *, maker: str, **more: object) -> str:
    """A request as if it had been agreed to an hour ago, past its guard: its id. The owner's connection."""
    given: dict[str, object] = {"target": "", "state": "approved", "due_in": timedelta(hours=-1), **more}
    request_id = fresh("grq")
    act_as(connection, "system:test")
    connection.execute(text("ALTER TABLE approval_requests DISABLE TRIGGER born"))
    connection.execute(
        text(_REQUEST), {"id": request_id, "kind": kind, "payload": json.dumps(payload), "maker": maker, **given}
    )
    connection.execute(text("ALTER TABLE approval_requests ENABLE ALWAYS TRIGGER born"))
    return request_id


def put_invitation(
    connection: Connection, request_id: str, *, login_id: str, roles: list[str], accepted: bool = False
) -> str:
    """An invitation past its guard: its id. The owner's connection."""
    given = {"id": fresh("inv"), "request": request_id, "login": login_id, "roles": roles, "accepted": accepted}
    connection.execute(text("ALTER TABLE invitations DISABLE TRIGGER approved"))
    connection.execute(text(_INVITATION), given)
    connection.execute(text("ALTER TABLE invitations ENABLE ALWAYS TRIGGER approved"))
    return str(given["id"])


def past(connection: Connection, table: str, trigger: str, statement: str, **given: object) -> None:
    """Do this with one trigger of a table taken away. The owner's connection."""
    connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}"))
    connection.execute(text(statement), given)
    connection.execute(text(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}"))
