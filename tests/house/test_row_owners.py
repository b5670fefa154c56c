"""The second wall: what belongs to a customer is shown to that customer alone, whatever a query forgets."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.core.db import db, leave, narrow, rows, sqlstate, transaction, widen
from app.withdrawals import service as withdrawals
from tests.makers import people
from tests.makers.books import fresh
from tests.makers.people import naira
from tests.makers.sandbox import SandboxProcess

OWNED = {"customers": "id", "wallets": "customer_id", "bank_accounts": "customer_id", "deposits": "customer_id"}
OWNED |= {"withdrawals": "customer_id"}


@pytest.fixture
def two(inside: Flask, sandbox: SandboxProcess) -> list[people.Customer]:
    """Two customers with something in every table."""
    found = []
    for _ in range(2):
        one = people.customer(enrolled=True)
        people.paid_in(one, naira(1_000), app=inside, sandbox=sandbox)
        account = people.bank_account(one, app=inside)
        with transaction(one.actor):
            withdrawals.request(one.id, bank_account_id=account, amount=naira(100), actor=one.actor)
        found.append(one)
    leave()
    return found


def seen(table: str) -> set[str]:
    """Whose rows a query without a WHERE shows."""
    leave()
    statements = {name: f"SELECT DISTINCT {column} AS owner FROM {name}" for name, column in OWNED.items()}  # noqa: S608
    return {row.owner for row in rows(statements[table])}


@pytest.mark.parametrize("table", OWNED)
def test_a_query_that_forgets_its_owner_shows_ones_own(two: list[people.Customer], table: str) -> None:
    me, other = two
    assert {me.id, other.id} <= seen(table)
    token = narrow(me.id)
    try:
        assert seen(table) == {me.id}
        with transaction(me.actor):
            assert {row.owner for row in rows(f"SELECT {OWNED[table]} AS owner FROM {table}")} == {me.id}  # noqa: S608
    finally:
        widen(token)
    assert {me.id, other.id} <= seen(table)


def test_nothing_is_written_in_anothers_place(two: list[people.Customer]) -> None:
    me, other = two
    token = narrow(me.id)
    insert = text("INSERT INTO wallets SELECT :id, :owner, 'BTC', :id, now()")
    try:
        with pytest.raises(DBAPIError) as refusal, transaction(me.actor):
            db.session.execute(insert, {"id": fresh("w"), "owner": other.id})
        assert sqlstate(refusal.value) == "42501"
        with transaction(me.actor):
            changed = db.session.execute(
                text("UPDATE withdrawals SET ended_at = now() WHERE customer_id = :o"), {"o": other.id}
            )
            assert changed.rowcount == 0  # type: ignore[attr-defined]
    finally:
        widen(token)


def test_who_does_not_say_for_whom_sees_nothing(two: list[people.Customer]) -> None:
    with db.engine.connect() as connection:
        for table in OWNED:
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table  # noqa: S608


def test_a_request_leaves_nothing_narrowed(two: list[people.Customer], client: FlaskClient) -> None:
    (_, other), me = two, people.customer()
    leave()
    answer = client.post("/api/v1/sessions", json={"email": me.email, "password": people.PASSWORD})
    assert answer.json is not None
    token = {"Authorization": f"Bearer {answer.json['token']}"}
    assert client.get("/api/v1/balances", headers=token).status_code == 200
    assert {me.id, other.id} <= seen("wallets")


def test_every_table_with_a_customer_has_it(owner_engine: Engine, inside: Flask) -> None:
    unguarded = text(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'customer_id'"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT (c.relrowsecurity AND"
        " c.relforcerowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))"
    )
    with owner_engine.connect() as connection:
        assert list(connection.execute(unguarded).scalars()) == []
        role = connection.execute(text("SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = 'bursar_app'"))
        assert role.scalar_one() is False
