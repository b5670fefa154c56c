"""Is it alive, is it ready, what does it lean on: for load balancers and people. JSON, no secrets, no sign-in."""

import time

from flask import Blueprint, Response, current_app, jsonify, make_response
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import rows
from app.documents import queries as documents
from app.web.guards import public

SERVICE = "bursar"
VERSION = "0.1.0"
STARTED = time.monotonic()

bp = Blueprint("health", __name__)


@bp.get("/livez")
@public
def livez() -> Response:
    """The process answers."""
    return jsonify({"status": "alive"})


@bp.get("/readyz")
@public
def readyz() -> Response:
    """The database can be written, its schema is the one this code knows, and no document needs another key."""
    try:
        row = rows(
            "SELECT pg_is_in_recovery() AS standby, (SELECT version_num FROM alembic_version) AS revision,"
            " has_table_privilege('ledger.entries', 'UPDATE') AS may_alter_entries"
        )[0]
        keys_missing = documents.keys_missing_for_system()
    except SQLAlchemyError:
        return make_response(jsonify({"status": "not ready", "reason": "the database does not answer"}), 503)
    head = current_app.extensions["schema_head"]
    reasons = {
        "the database is a standby": row.standby,
        f"the schema is {row.revision}, this code needs {head}": row.revision != head,
        "the app's role may change entries of the ledger": row.may_alter_entries,
        "documents are sealed with a key that is not in DOCUMENT_KEYS": bool(keys_missing),
    }
    bad = [reason for reason, holds in reasons.items() if holds]
    return make_response(
        jsonify({"status": "not ready", "reason": bad[0]} if bad else {"status": "ready"}), 503 if bad else 200
    )


@bp.get("/health")
@public
def health() -> Response:
    """The whole picture; 503 when something needed is down."""
    needed = {"database": _database(), "redis": _redis()}
    well = all(needed.values())
    body = {
        "status": "healthy" if well else "unhealthy",
        "service": SERVICE,
        "version": VERSION,
        "uptime": _uptime(),
        "dependencies": {name: "healthy" if fine else "unhealthy" for name, fine in needed.items()},
    }
    return make_response(jsonify(body), 200 if well else 503)


def _database() -> bool:
    try:
        return bool(rows("SELECT 1 AS one"))
    except SQLAlchemyError:
        return False


def _redis() -> bool:
    try:
        return bool(current_app.extensions["redis"].ping())
    except RedisError:
        return False


def _uptime() -> str:
    minutes = int(time.monotonic() - STARTED) // 60
    return f"{minutes // 60}h{minutes % 60}m"
