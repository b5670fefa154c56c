"""The record: nobody writes unnamed, secrets stay out of it, and nobody rewrites it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.core.db import db, leave, rows, sqlstate
from tests.makers import browse, people


def records(row_id: str) -> list[dict[str, object]]:
    leave()
    found = rows("SELECT * FROM audit.records WHERE row_id = :id ORDER BY id", id=row_id)
    return [row._asdict() for row in found]


def test_a_write_in_nobodys_name_is_refused(inside: Flask) -> None:
    with pytest.raises(DBAPIError) as refused:
        db.session.execute(
            text(
                "INSERT INTO logins (id, audience, email, password_hash, created_at)"
                " VALUES ('lg_unnamed', 'customer', 'unnamed@test.example', '', now())"
            )
        )
    leave()
    assert sqlstate(refused.value) == "BU001"


def test_an_act_leaves_its_record_with_actor_and_masked_secrets(inside: Flask) -> None:
    customer = people.customer()
    made = records(customer.login_id)
    assert [record["action"] for record in made] == ["insert", "update"]
    assert made[0]["actor"] == "system:test"
    assert made[0]["after"]["password_hash"] == "[masked]"  # type: ignore[index]
    assert made[0]["after"]["email"] == "[masked]"  # type: ignore[index]
    assert set(made[1]["after"]) == {"email_confirmed_at"}  # type: ignore[call-overload]
    assert customer.email not in str(made)


def test_an_act_at_a_door_leaves_where_it_came_from_and_on_which_device(inside: Flask, client: FlaskClient) -> None:
    customer = people.customer()
    assert {(record["ip"], record["session_id"]) for record in records(customer.login_id)} == {("", "")}
    browse.sign_in(client, customer.email)
    (session,) = rows("SELECT id FROM sessions WHERE login_id = :login", login=customer.login_id)
    (made,) = records(session.id)
    assert (made["ip"], made["session_id"], made["actor"]) == ("127.0.0.1", "", "system:door:portal.sign_in")
    token = browse.token_of(client.get("/deposit"))
    client.post("/sign-out", data={"csrf_token": token}, headers={"X-Forwarded-For": "203.0.113.9"})
    _, ended = records(session.id)
    assert (ended["ip"], ended["session_id"], ended["actor"]) == ("127.0.0.1", session.id, str(customer.actor))


@pytest.mark.parametrize("statement", ["UPDATE audit.records SET actor = 'x'", "DELETE FROM audit.records"])
def test_the_app_may_not_touch_the_record(inside: Flask, statement: str) -> None:
    with pytest.raises(DBAPIError) as refused:
        db.session.execute(text(statement))
    leave()
    assert sqlstate(refused.value) == "42501"


@pytest.mark.parametrize(
    "statement", ["UPDATE audit.records SET actor = 'x'", "DELETE FROM audit.records", "TRUNCATE audit.records"]
)
def test_not_even_the_owner_rewrites_it(owner_engine: Engine, inside: Flask, statement: str) -> None:
    people.customer()
    leave()
    with owner_engine.connect() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        with pytest.raises(DBAPIError, match="its rows are history"):
            connection.execute(text(statement))
