"""What a superuser does to the record is found by its seal and named, and nobody who is only late is closed over.

In a database of its own: what is done here stays done, and the chain is this file's alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, pool, text
from sqlalchemy.exc import DBAPIError

from app.audit import chain, seal
from app.audit.chain import Fault, Head
from app.clients.anchors import FileAnchor
from app.core import actor, clock
from app.core.db import leave, rows, transaction
from app.ledger import health
from app.web import commands
from dev.embedded import Servers
from jobs import audit as work_of_the_audit
from jobs import schedule, work
from tests.makers import books
from tests.makers.books import TESTER, fresh
from tests.makers.databases import Database, fresh_database

BLOCK = 5  # records per block, so that there are several
WRITE = "INSERT INTO logins (id, audience, email, password_hash, created_at) VALUES (:id, 'customer', :id, '', now())"
REHASH = """
UPDATE audit.blocks b
   SET leaves = l.leaves, records = l.n,
       hash = ledger.block_hash(b.no, b.first_id, b.last_id, l.n, l.leaves, b.previous)
  FROM (SELECT count(*)::int AS n, string_agg(int8send(v.record_id) || v.leaf, ''::bytea ORDER BY v.record_id) AS leaves
          FROM audit.blocks x, audit.leaves(x.first_id - 1, x.last_id) v WHERE x.no = :block) l
 WHERE b.no = :block
"""


@pytest.fixture(scope="module")
def vault(given: Servers, home: Path) -> Iterator[Database]:
    """A database for this file."""
    with fresh_database(given, home) as made:
        yield made


@pytest.fixture
def sealed(vault: Database) -> Iterator[Flask]:
    """Inside a house whose records are all sealed: three blocks or more."""
    with books.desk(vault.app_url, connections=10) as room, room.app_context():
        for _ in range(3 * BLOCK):
            recorded()
        books.settled(lambda: seal.CHAIN.advance(limit=BLOCK), waiting=seal.CHAIN.waiting)
        yield room


@pytest.fixture
def superuser(vault: Database) -> Iterator[Engine]:
    engine = create_engine(vault.owner_url, poolclass=pool.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def restored(superuser: Engine, sealed: Flask) -> Iterator[Callable[..., None]]:
    """Do statements with every guard off; the tables are as they were again after the test."""
    tables = ("blocks", "records")
    with superuser.begin() as connection:
        for table in tables:
            connection.execute(text(f"CREATE TABLE public.{table}_before AS SELECT * FROM audit.{table}"))  # noqa: S608

    def damage(*statements: str, **facts: object) -> None:
        with superuser.begin() as connection:
            guard(connection, "DISABLE")
            for statement in statements:
                assert connection.execute(text(statement), facts).rowcount

    yield damage
    with superuser.begin() as connection:
        guard(connection, "DISABLE")
        for table in tables:
            overriding = "OVERRIDING SYSTEM VALUE" if table == "records" else ""
            connection.execute(text(f"DELETE FROM audit.{table}"))  # noqa: S608
            back = f"INSERT INTO audit.{table} {overriding} SELECT * FROM public.{table}_before"  # noqa: S608
            connection.execute(text(back))
            connection.execute(text(f"DROP TABLE public.{table}_before"))
        guard(connection, "ENABLE ALWAYS")
    leave()
    assert faults() == []


def guard(connection: Connection, how: str) -> None:
    """The guards of the record on or off; `ENABLE ALWAYS` is how they were made."""
    for table in ("records", "blocks"):
        for trigger in ("append_only", "never_emptied"):
            connection.execute(text(f"ALTER TABLE audit.{table} {how} TRIGGER {trigger}"))


def recorded(connection: Connection | None = None) -> int:
    """An act that leaves a record: the record's id. In a transaction of its own, or in one that goes on."""
    name = fresh("lg")
    if connection is None:
        with transaction(TESTER) as session:
            session.execute(text(WRITE), {"id": name})
        found = rows("SELECT id FROM audit.records WHERE row_id = :id", id=name)
        leave()
    else:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        connection.execute(text(WRITE), {"id": name})
        found = list(connection.execute(text("SELECT id FROM audit.records WHERE row_id = :id"), {"id": name}))
    return int(found[0].id)


def settle() -> int:
    """Seal all that is final: how many records were sealed. The first idle call may only have named the next ones."""
    made = idle = 0
    while idle <= 1:
        with transaction(TESTER):
            step = seal.CHAIN.advance(limit=BLOCK)
        made, idle = made + step, 0 if step else idle + 1
    return made


def faults(anchors: dict[int, str] | None = None) -> list[Fault]:
    """What verifying says now."""
    leave()
    found = list(seal.CHAIN.verify(anchors))
    leave()
    return found


def middle() -> tuple[int, int]:
    """A record in a block that is neither the first nor the last, with its block."""
    found = rows(
        "SELECT b.no, r.id FROM audit.blocks b JOIN audit.records r ON r.id BETWEEN b.first_id AND b.last_id"
        " WHERE b.records = :full AND b.no > 1 AND b.no < (SELECT max(no) FROM audit.blocks)"
        " ORDER BY b.no DESC, r.id LIMIT 1 OFFSET 2",
        full=BLOCK,
    )
    leave()
    return found[0].id, found[0].no


class TestVerify:
    def test_says_nothing_about_an_untouched_chain(self, sealed: Flask) -> None:
        head = seal.CHAIN.head()
        assert head is not None
        assert head.no > 3
        assert (seal.CHAIN.waiting(), faults({head.no: head.hash})) == (0, [])

    @pytest.mark.parametrize(
        "change",
        [
            "actor = 'operator:another'",
            "reason = 'another'",
            "request_id = 'another'",
            "ip = '203.0.113.1'",
            "session_id = 'another'",
            "recorded_at = recorded_at - interval '1 us'",
            "row_id = 'another'",
            "table_name = 'another'",
            "action = 'delete'",
            """after = '{"state": "approved"}'""",
            "before = '{}'",
        ],
    )
    def test_names_the_record_that_was_edited(self, restored: Callable[..., None], change: str) -> None:
        record, block = middle()
        restored(f"UPDATE audit.records SET {change} WHERE id = :record", record=record)  # noqa: S608
        assert faults() == [Fault(block, f"record {record} was altered")]

    def test_names_the_record_that_was_deleted(self, restored: Callable[..., None]) -> None:
        record, block = middle()
        restored("DELETE FROM audit.records WHERE id = :record", record=record)
        assert faults() == [Fault(block, f"record {record} was removed")]

    def test_names_the_record_that_was_inserted_in_the_past(self, restored: Callable[..., None]) -> None:
        record, block = middle()
        restored("DELETE FROM audit.records WHERE id = :record", REHASH, record=record, block=block)
        restored(
            "INSERT INTO audit.records OVERRIDING SYSTEM VALUE SELECT * FROM public.records_before WHERE id = :record",
            record=record,
        )
        assert Fault(block, f"record {record} was added") in faults()

    def test_names_a_block_hashed_anew_by_what_was_anchored(self, restored: Callable[..., None]) -> None:
        head = seal.CHAIN.head()
        assert head is not None
        last = rows("SELECT last_id FROM audit.blocks WHERE no = :no", no=head.no)[0].last_id
        leave()
        restored("UPDATE audit.records SET reason = 'x' WHERE id = :record", REHASH, record=last, block=head.no)
        assert faults() == []  # a chain alone cannot tell
        assert faults({head.no: head.hash}) == [Fault(head.no, "block is not the one that was anchored")]


class TestLateComers:
    @pytest.mark.parametrize("commits", [True, False])
    def test_are_not_closed_over(self, sealed: Flask, superuser: Engine, *, commits: bool) -> None:
        with superuser.connect() as late:
            record = recorded(late)
            assert recorded() > record
            assert settle() == 0  # not even the one who was quicker: blocks are without gaps
            late.commit() if commits else late.rollback()
        assert settle() == 1 + commits
        assert (seal.CHAIN.waiting(), faults()) == (0, [])


class TestTheAppRole:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit.seal_state SET candidate = 0",
            "INSERT INTO audit.blocks DEFAULT VALUES",
            "DELETE FROM audit.blocks",
        ],
    )
    def test_may_not_touch_the_seal(self, sealed: Flask, statement: str) -> None:
        with pytest.raises(DBAPIError, match="permission denied"), transaction(TESTER) as session:
            session.execute(text(statement))

    def test_is_refused_a_seal_in_a_transaction_that_has_written(self, sealed: Flask) -> None:
        def write_and_seal() -> None:
            with transaction(TESTER) as session:
                session.execute(text(WRITE), {"id": fresh("lg")})
                seal.CHAIN.advance()

        with pytest.raises(DBAPIError, match="a transaction of its own"):
            write_and_seal()


class TestAnchors:
    def test_of_both_seals_lie_in_one_file_and_are_told_apart(self) -> None:
        moment = clock.now()
        lines = [str(Head(1, 9, "aa", moment)), str(Head(1, 9, "bb", moment, "audit")), str(Head(2, 9, "cc", moment))]
        assert replace(seal.CHAIN, mark="").read_anchors(lines) == {1: "aa", 2: "cc"}
        assert seal.CHAIN.read_anchors(lines) == {1: "bb"}
        with pytest.raises(ValueError, match="two hashes"):
            seal.CHAIN.read_anchors([*lines, "audit 1 dd"])
        assert seal.CHAIN.mark in chain.MARKS


class TestWork:
    @pytest.fixture
    def job(self, app: Flask) -> work.Work:
        """A task of the clock."""
        return work.Work("test", "slot", {}, app.extensions["clients"], actor.system("test"))

    def test_seals_anchors_and_verifies(self, sealed: Flask, job: work.Work, tmp_path: Path) -> None:
        recorded()
        work_of_the_audit.seal_records(job)
        assert seal.CHAIN.waiting() == 0
        kept = tmp_path / "heads"
        work_of_the_audit.anchor_seal(replace(job, clients=replace(job.clients, anchors=(FileAnchor(kept),))))
        head = seal.CHAIN.head()
        assert head is not None
        assert kept.read_text() == f"{head}\n"
        assert seal.CHAIN.read_anchors(kept.read_text().splitlines()) == {head.no: head.hash}
        work_of_the_audit.verify_seal(job)
        assert health.standing() is None

    def test_halts_payouts_when_a_record_was_altered(self, restored: Callable[..., None], job: work.Work) -> None:
        record, block = middle()
        restored("UPDATE audit.records SET actor = 'operator:another' WHERE id = :record", record=record)
        work_of_the_audit.verify_seal(job)
        halt = health.standing()
        assert halt is not None
        assert halt.findings == {"seal of the audit": [f"block {block}: record {record} was altered"]}
        somebody = actor.operator("op_1")
        with transaction(somebody):  # no halt for other tests
            health.lift(halt.id, actor=somebody, reason="test over")

    def test_is_on_the_clock(self) -> None:
        assert {"audit.seal", "audit.anchor", "audit.verify"} <= {periodic.kind for periodic in schedule.SCHEDULE}


class TestCommand:
    @pytest.fixture
    def verify(self, sealed: Flask) -> Callable[..., tuple[int, str]]:
        commands.register(sealed)

        def run(*arguments: str) -> tuple[int, str]:
            leave()
            result = sealed.test_cli_runner().invoke(args=["audit", "verify", *arguments])
            return result.exit_code, result.output

        return run

    def test_says_how_much_was_verified(self, verify: Callable[..., tuple[int, str]]) -> None:
        code, said = verify("--anchors", "/dev/null")
        assert code == 0
        assert said.startswith("Verified blocks: ")
        assert said.endswith("records not sealed yet: 0.\n")

    def test_names_the_first_bad_record(
        self, verify: Callable[..., tuple[int, str]], restored: Callable[..., None]
    ) -> None:
        record, block = middle()
        restored("UPDATE audit.records SET reason = 'x' WHERE id = :record", record=record)
        code, said = verify("--anchors", "/dev/null")
        assert (code, said.splitlines()[0]) == (1, f"block {block}: record {record} was altered")
