"""What is spent is forgotten, what is not stays, and the application deletes nothing else."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.core import actor, ids
from app.core.db import leave, rows, sqlstate, transaction
from jobs import identity as jobs
from jobs.work import Work
from tests.makers import people

# Each kind: how old a row of it may be and stay, and be and go.
AGES = {
    "passkey_challenges": ("20 hours", "25 hours"),
    "codes": ("6 days", "8 days"),
    "password_resets": ("6 days", "8 days"),
    "totp_apps": ("20 hours", "25 hours"),
}
MADE = {
    "passkey_challenges": "INSERT INTO passkey_challenges (id, session_id, purpose, challenge, created_at, expires_at)"
    " VALUES (:id, :session, 'add', decode(md5(:id), 'hex'), now(), now() - CAST(:age AS interval))",
    "codes": "INSERT INTO codes (id, login_id, code_sealed, tries, created_at, expires_at)"
    " VALUES (:id, :login, '', 0, now(), now() - CAST(:age AS interval))",
    "password_resets": "INSERT INTO password_resets (id, audience, created_at, expires_at)"
    " VALUES (:id, 'customer', now(), now() - CAST(:age AS interval))",
    "totp_apps": "INSERT INTO totp_apps (id, login_id, session_id, secret_sealed, last_step, created_at)"
    " VALUES (:id, :login, :session, '', 0, now() - CAST(:age AS interval))",
    "sessions": "INSERT INTO sessions (id, login_id, audience, token_hash, device, created_at, seen_at, expires_at)"
    " VALUES (:id, :login, 'customer', decode(md5(:id), 'hex'), '', now(), now(), now() - CAST(:age AS interval))",
}


@pytest.fixture
def make(inside: Flask, owner_engine: Engine) -> Callable[[str, str], str]:
    """Write a row that is so old, as the owner of the database: its id."""
    login_id = people.customer().login_id
    leave()

    def written(table: str, age: str) -> str:
        row_id, session_id = ids.new("old"), ids.new("ses")
        with owner_engine.begin() as connection:
            connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            alive = {"id": session_id, "login": login_id, "age": "-1 hour"}
            connection.execute(text(MADE["sessions"]), alive)
            facts = {"id": row_id, "login": login_id, "session": session_id, "age": age}
            connection.execute(text(MADE[table]), facts)
        return row_id

    return written


def there(table: str, row_id: str) -> bool:
    leave()
    counted = {name: f"SELECT count(*) AS n FROM {name} WHERE id = :id" for name in AGES}  # noqa: S608 (constants)
    return bool(rows(counted[table], id=row_id)[0].n)


def forget(app: Flask) -> None:
    leave()
    work = Work("test", "", {}, app.extensions["clients"], actor.system("identity.forget_spent"))
    assert jobs.forget_spent(work) is None


@pytest.mark.parametrize("table", AGES)
def test_what_is_spent_goes_and_what_explains_something_stays(
    inside: Flask, make: Callable[[str, str], str], table: str
) -> None:
    young, old = AGES[table]
    kept, gone = make(table, young), make(table, old)
    forget(inside)
    assert there(table, kept)
    assert not there(table, gone)
    record = rows("SELECT actor FROM audit.records WHERE row_id = :id AND action = 'delete'", id=gone)
    assert [each.actor for each in record] == ["system:identity.forget_spent"]


def test_nobodys_code_stays(inside: Flask) -> None:
    forget(inside)
    assert there("codes", "ec_nobody")


@pytest.mark.parametrize("table", AGES)
def test_the_application_deletes_nothing_by_itself(inside: Flask, make: Callable[[str, str], str], table: str) -> None:
    row_id = make(table, AGES[table][1])
    with pytest.raises(DBAPIError) as refused, transaction(actor.system("test")):
        rows(f"DELETE FROM {table} WHERE id = :id RETURNING id", id=row_id)  # noqa: S608 (constants)
    assert sqlstate(refused.value) == "42501"


def test_more_than_fits_one_step_goes_in_several(inside: Flask, owner_engine: Engine) -> None:
    with owner_engine.begin() as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        many = (
            "INSERT INTO codes (id, login_id, code_sealed, tries, created_at, expires_at)"
            " SELECT 'many_' || n, 'lg_nobody', '', 0, '2001-01-01', '2001-01-01' FROM generate_series(1, 1100) n"
        )
        connection.execute(text(many))
    forget(inside)
    assert rows("SELECT count(*) AS n FROM codes WHERE id LIKE 'many_%'")[0].n == 0
