"""The tests bite: take one guard off, do what it forbids, and an invariant of the proof names it.

With the guard on, the same act is refused. Everything happens in a transaction of the owner that is rolled back; what
only shows between two connections is done in a database of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, pool, text
from sqlalchemy.exc import DBAPIError

from app.core.db import leave, sqlstate
from app.ledger import proof, seal
from app.ledger.posting import Posted
from dev.embedded import Servers
from tests.makers import books
from tests.makers.books import account, fresh, move, refused, wallet
from tests.makers.crowd import at_once
from tests.makers.databases import Database, fresh_database

FUNCTION = "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'ledger'::regnamespace AND proname = :name"
POST = "SELECT ledger.post(:key, 'test', 'ref', ARRAY[:one, :sink], '{%s}', %s, '{}')"
CAPTURE = "SELECT ledger.capture(:hold, true, :key, 'test', 'ref', ARRAY[:one, :sink], '{61,-61}', NULL, '{}')"
UNBALANCED = (
    "WITH j AS (INSERT INTO ledger.journals (key, hash, kind, ref, legs, actor, request_id, effective_at, booked_at)"
    " VALUES (:key, '', 'x', 'x', 1, 'x', '', now(), now()) RETURNING id)"
    " INSERT INTO ledger.entries SELECT j.id, 1, a.id, 0, 'NGN', 5, 9, 5, now(), now() FROM j, ledger.accounts a"
    " WHERE a.code = :one"
)


@dataclass(frozen=True)
class Mutation:
    """A guard to take off, by statements or by text of a function; the act it forbids; the invariant that names it."""

    act: str
    invariant: str
    drop: tuple[str, ...] = ()
    edit: tuple[tuple[str, str, str], ...] = ()
    first: tuple[str, ...] = ()


MUTATIONS = {
    "balanced": Mutation(
        UNBALANCED, "journal sums to zero per asset", drop=("ALTER TABLE ledger.entries DISABLE TRIGGER balanced",)
    ),
    "balanced, of legs": Mutation(
        UNBALANCED.replace("'x', 1, 'x'", "'x', 2, 'x'"),
        "journal has the legs its header says",
        drop=("ALTER TABLE ledger.entries DISABLE TRIGGER balanced",),
    ),
    "append_only on entries": Mutation(
        "UPDATE ledger.entries SET amount = amount + 1 WHERE journal_id = :journal AND leg = 1",
        "balance is the sum of its entries",
        drop=("ALTER TABLE ledger.entries DISABLE TRIGGER append_only",),
    ),
    "append_only on journals": Mutation(
        "UPDATE ledger.journals SET legs = 3 WHERE id = :journal",
        "journal has the legs its header says",
        drop=("ALTER TABLE ledger.journals DISABLE TRIGGER append_only",),
    ),
    "append_only on accounts": Mutation(
        "UPDATE ledger.accounts SET stripes = 2 WHERE code = :one",
        "balance and account agree",
        drop=("ALTER TABLE ledger.accounts DISABLE TRIGGER append_only",),
    ),
    "guard on balances": Mutation(
        POST % ("1000,-1000", "NULL"),
        "no account is below its floor",
        drop=("ALTER TABLE ledger.balances DISABLE TRIGGER guard",),
    ),
    "never_deleted on balances": Mutation(
        "DELETE FROM ledger.balances WHERE code = :one",
        "balance and account agree",
        drop=("ALTER TABLE ledger.balances DISABLE TRIGGER never_deleted",),
    ),
    "guard on holds": Mutation(
        "UPDATE ledger.holds SET remaining = 61 WHERE id = :hold",
        "hold is its parts and what remains",
        drop=("ALTER TABLE ledger.holds DISABLE TRIGGER guard",),
    ),
    "no more is captured than was held (and the guard on holds behind it)": Mutation(
        CAPTURE,
        "hold is its parts and what remains",
        drop=("ALTER TABLE ledger.holds DISABLE TRIGGER guard",),
        edit=(("capture", "OR v_taken > v_hold.remaining", ""),),
    ),
    "closed months": Mutation(
        POST % ("5,-5", "'2001-01-15'"),
        "closed month is as it was written down",
        edit=(("refuse_closed", "RAISE EXCEPTION", "RAISE DEBUG"),),
        first=(
            "INSERT INTO ledger.periods (month, state, begun_by, begun_at) VALUES ('2001-01-01', 'closed', 'x', now())",
        ),
    ),
    "a reversal mirrors": Mutation(
        (POST % ("5,-5", "NULL")).replace("'{}')", "'{}', :journal)"),
        "reversal mirrors its journal",
        edit=(("check_reversal", "IS DISTINCT FROM (p_codes, p_amounts)", "IS NULL"),),
    ),
    "an empty account alone is closed": Mutation(
        "SELECT ledger.close_account(:one)",
        "closed account is empty",
        edit=(("close_account", "v_sums.balance <> 0 OR v_sums.held <> 0", "false"),),
    ),
}


@pytest.fixture
def owner(inside: Flask, owner_engine: Engine) -> Iterator[Connection]:
    """The owner's connection with an actor; nothing it does stays."""
    with books.undone(owner_engine) as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        yield connection


def edited(connection: Connection, name: str, old: str, new: str) -> None:
    """Put a function back with other words in it."""
    source = connection.execute(text(FUNCTION), {"name": name}).scalar_one()
    assert old in source, f"{name} has changed: this mutation changes nothing"
    connection.exec_driver_sql(source.replace(old, new).replace("%", "%%"))


def broken(connection: Connection) -> set[str]:
    """The invariants that do not hold inside this transaction."""
    return {name for name, query in proof.INVARIANTS.items() if connection.execute(text(query)).first()}


@pytest.mark.parametrize("name", MUTATIONS)
def test_without_this_guard_an_invariant_breaks(owner: Connection, name: str) -> None:
    mutation = MUTATIONS[name]
    one, sink = wallet(100), wallet()
    journal = books.post(move(one, sink, 10)).journal_id
    facts: dict[str, Any] = {"one": one, "sink": sink, "journal": journal, "key": fresh()}
    facts["hold"] = books.hold(one, 60).hold_id
    for statement in mutation.first:
        owner.execute(text(statement))
    wanted = {key: value for key, value in facts.items() if f":{key}" in mutation.act}
    assert refused(owner, mutation.act, **wanted)
    for statement in mutation.drop:
        owner.execute(text(statement))
    for edit in mutation.edit:
        edited(owner, *edit)
    assert broken(owner) == set()
    owner.execute(text(mutation.act), wanted)
    assert mutation.invariant in broken(owner)


@pytest.fixture
def scratch(given: Servers, home: Path) -> Iterator[Database]:
    """A database that may be spoiled."""
    with fresh_database(given, home) as made:
        yield made


def back_and_forth(one: str, other: str) -> None:
    for _ in range(20):
        books.post(move(one, other, 1))


def red(room: Flask, attempt: Callable[[], list[Any]]) -> set[str]:
    """What goes wrong in a crowd: errors that are no refusals, and invariants."""
    wrong: set[str] = set()
    for _ in range(8):
        wrong |= {sqlstate(answer) for answer in attempt() if isinstance(answer, DBAPIError)}
        leave()
        wrong |= set(proof.broken())
        if wrong:
            break
    leave()
    return wrong


@pytest.mark.slow
@pytest.mark.parametrize("off", [False, True], ids=["with", "without"])
def test_without_the_lock_in_post_a_crowd_fails(scratch: Database, *, off: bool) -> None:
    engine = create_engine(scratch.owner_url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        if off:
            edited(connection, "post", "ORDER BY b.account_id FOR NO KEY UPDATE", "ORDER BY b.account_id")
    engine.dispose()
    with books.desk(scratch.app_url, connections=8) as room, room.app_context():
        one, other = wallet(1_000), wallet(1_000)
        pairs = [(one, other), (other, one)] * 4
        wrong = red(room, lambda: at_once(room, [partial(back_and_forth, *pair) for pair in pairs]))
        assert bool(wrong) is off


def test_without_its_unique_index_no_key_is_taken(owner: Connection) -> None:
    """The functions name the index as the one that decides: without it they do nothing at all."""
    one, sink, key = wallet(100), wallet(), fresh()
    owner.execute(text("ALTER TABLE ledger.journals DROP CONSTRAINT uq_journals_key"))
    assert refused(owner, POST % ("5,-5", "NULL"), one=one, sink=sink, key=key) == "42P10"


@pytest.mark.slow
def test_without_the_answer_for_a_used_key_it_is_booked_twice(scratch: Database) -> None:
    """What the crowd with one key shows: here each of them books, and the test of fifty connections would see it."""
    engine = create_engine(scratch.owner_url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        edited(connection, "post", "ON CONFLICT (key) DO NOTHING", "")
        connection.execute(text("ALTER TABLE ledger.journals DROP CONSTRAINT uq_journals_key"))
    engine.dispose()
    with books.desk(scratch.app_url, connections=8) as room, room.app_context():
        journal, key = move(account("asset"), wallet(), 10), fresh()
        answers = at_once(room, [lambda: books.post(journal, key=key)] * 8)
        assert len({answer.journal_id for answer in answers if isinstance(answer, Posted)}) == 8


@pytest.mark.parametrize("off", [False, True], ids=["with", "without"])
def test_without_its_horizon_the_seal_closes_over_who_is_late(scratch: Database, *, off: bool) -> None:
    engine = create_engine(scratch.owner_url, poolclass=pool.NullPool)
    if off:
        with engine.begin() as connection:
            edited(connection, "seal", "v_state.horizon >= pg_snapshot_xmin", "0 > pg_snapshot_xmin")
    with books.desk(scratch.app_url) as room, room.app_context(), engine.connect() as late:
        one, sink = wallet(100), wallet()
        leave()
        late.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        late.execute(text(POST % ("5,-5", "NULL")), {"key": fresh(), "one": one, "sink": sink})
        wallet(1)  # a journal with a higher number is there first
        books.settle_seal()
        late.commit()
        books.settle_seal()
        leave()
        assert bool(list(seal.verify())) is off
        leave()
    engine.dispose()
