"""What a superuser does behind the guards is found by the seal and named, and nobody who is only late is accused.

In a database of its own: what is done here stays done, and the chain is this file's alone.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, create_engine, pool, text
from sqlalchemy.exc import DBAPIError

from app.core.db import leave, rows, transaction
from app.ledger import seal
from app.ledger.seal import Fault
from dev.embedded import Servers
from tests.makers import books
from tests.makers.books import TESTER, account, fresh, move, settle_seal, wallet
from tests.makers.crowd import at_once
from tests.makers.databases import Database, fresh_database

POST = "SELECT journal_id FROM ledger.post(:key, 'test', 'ref', CAST(:codes AS text[]), '{5,-5}', NULL, '{}')"
BLOCK = 10  # ids per block, so that there are several


@pytest.fixture(scope="module")
def vault(given: Servers, home: Path) -> Iterator[Database]:
    """A database for this file."""
    with fresh_database(given, home) as made:
        yield made


@pytest.fixture
def sealed(vault: Database) -> Iterator[Flask]:
    """Inside the books, all sealed: three blocks or more of journals."""
    with books.desk(vault.app_url, connections=10) as room, room.app_context():
        code = wallet(1_000)
        for _ in range(3 * BLOCK):
            books.post(move(code, wallet(), 1))
        settle_seal(ids=BLOCK)
        leave()
        yield room


@pytest.fixture
def superuser(vault: Database) -> Iterator[Engine]:
    engine = create_engine(vault.owner_url, poolclass=pool.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture
def restored(superuser: Engine, sealed: Flask) -> Iterator[Callable[..., None]]:
    """Do statements with every guard off; the tables they touch are as they were again after the test."""
    tables = ("blocks", "entries", "journals")
    with superuser.begin() as connection:
        for table in tables:
            kept = f"CREATE TABLE public.{table}_before AS SELECT * FROM ledger.{table}"  # noqa: S608
            connection.execute(text(kept))

    def damage(*statements: str, **facts: object) -> None:
        with superuser.begin() as connection:
            unguarded(connection)
            for statement in statements:
                changed = connection.execute(text(statement), facts)
                assert changed.rowcount

    yield damage
    with superuser.begin() as connection:
        unguarded(connection)
        for table in tables:
            overriding = "OVERRIDING SYSTEM VALUE" if table == "journals" else ""
            connection.execute(text(f"DELETE FROM ledger.{table}"))  # noqa: S608
            back = f"INSERT INTO ledger.{table} {overriding} SELECT * FROM public.{table}_before"  # noqa: S608
            connection.execute(text(back))
            connection.execute(text(f"DROP TABLE public.{table}_before"))
        guard(connection, "ENABLE ALWAYS")
    leave()
    assert faults() == []


def unguarded(connection: Connection) -> None:
    """What a superuser can do and nobody else: the triggers off."""
    guard(connection, "DISABLE")


def guard(connection: Connection, how: str) -> None:
    """Every guard of the books on or off; `ENABLE ALWAYS` is how they were made."""
    found = connection.execute(
        text(
            "SELECT tgrelid::regclass AS relation, tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE c.relnamespace = 'ledger'::regnamespace AND NOT tgisinternal AND tgparentid = 0"
        )
    )
    for row in found.all():
        connection.execute(text(f"ALTER TABLE {row.relation} {how} TRIGGER {row.tgname}"))


def faults(anchors: dict[int, str] | None = None) -> list[Fault]:
    """What verify() says now."""
    leave()
    found = list(seal.verify(anchors))
    leave()
    return found


def anchors() -> dict[int, str]:
    """The hash of every block, as somebody outside wrote them down."""
    found = rows("SELECT no, encode(hash, 'hex') AS hash FROM ledger.blocks")
    leave()
    return {row.no: row.hash for row in found}


def middle() -> tuple[int, int]:
    """A journal in a block that is neither the first nor the last, with its block."""
    found = rows(
        "SELECT b.no, j.id FROM ledger.blocks b JOIN ledger.journals j ON j.id BETWEEN b.first_id AND b.last_id"
        " WHERE b.journals = :full AND b.no > 1 AND b.no < (SELECT max(no) FROM ledger.blocks)"
        " ORDER BY b.no DESC, j.id LIMIT 1 OFFSET 2",
        full=BLOCK,
    )
    leave()
    return found[0].id, found[0].no


REHASH = """
UPDATE ledger.blocks b
   SET leaves = l.leaves, journals = l.n, previous = coalesce(p.hash, sha256('')),
       hash = ledger.block_hash(b.no, b.first_id, b.last_id, l.n, l.leaves, coalesce(p.hash, sha256('')))
  FROM (SELECT x.no, count(*)::int AS n,
               string_agg(int8send(v.journal_id) || v.leaf, ''::bytea ORDER BY v.journal_id) AS leaves
          FROM ledger.blocks x, ledger.leaves(x.first_id - 1, x.last_id) v GROUP BY x.no) l
  LEFT JOIN ledger.blocks p ON p.no = l.no - 1 WHERE l.no = b.no AND b.no = :block
"""


class TestVerify:
    def test_says_nothing_about_an_untouched_chain(self, sealed: Flask) -> None:
        assert (seal.unsealed(), faults(), faults(anchors())) == (0, [], [])
        head = seal.head()
        assert head is not None
        assert head.no > 3

    @pytest.mark.parametrize(
        "damage",
        [
            "UPDATE ledger.entries SET amount = amount * 2 WHERE journal_id = :journal",
            "UPDATE ledger.entries SET account_id = 1 WHERE journal_id = :journal AND leg = 1",
            "UPDATE ledger.entries SET balance_after = balance_after + 1 WHERE journal_id = :journal AND leg = 2",
            "UPDATE ledger.entries SET effective_at = effective_at - interval '1 us' WHERE journal_id = :journal",
            "DELETE FROM ledger.entries WHERE journal_id = :journal",
            """UPDATE ledger.journals SET memo = '{"for": "another"}' WHERE id = :journal""",
            "UPDATE ledger.journals SET booked_at = booked_at + interval '1 us' WHERE id = :journal",
            "UPDATE ledger.journals SET effective_at = effective_at - interval '1 day' WHERE id = :journal",
            "UPDATE ledger.journals SET actor = 'operator:another' WHERE id = :journal",
            "UPDATE ledger.journals SET key = 'another' WHERE id = :journal",
            "UPDATE ledger.journals SET reverses = 1 WHERE id = :journal",
        ],
    )
    def test_names_the_journal_that_was_altered(self, restored: Callable[..., None], damage: str) -> None:
        journal, block = middle()
        restored(damage, journal=journal)
        assert faults() == [Fault(block, f"journal {journal} was altered")]

    def test_names_the_journal_whose_account_was_renamed(self, restored: Callable[..., None]) -> None:
        one, other = wallet(), wallet()
        books.post(move(account("asset"), one, 5))
        settle_seal()
        rename = "UPDATE ledger.accounts SET code = :new WHERE code = :old"
        nobody = f"liability:test:{fresh()}:NGN"
        swap = ((one, nobody), (other, one), (nobody, other))
        for old, new in swap:
            restored(rename, rename.replace("accounts", "balances"), old=old, new=new)
        found = faults()
        for old, new in swap:  # and back
            restored(rename, rename.replace("accounts", "balances"), old=old, new=new)
        assert found != []

    def test_names_the_journal_that_was_removed(self, restored: Callable[..., None]) -> None:
        journal, block = middle()
        restored(
            "DELETE FROM ledger.entries WHERE journal_id = :journal",
            "DELETE FROM ledger.journals WHERE id = :journal",
            journal=journal,
        )
        assert faults() == [Fault(block, f"journal {journal} was removed")]

    def test_names_the_journal_that_was_added_in_the_past(self, restored: Callable[..., None]) -> None:
        journal, block = middle()
        taken = "DELETE FROM ledger.entries WHERE journal_id = :journal"
        restored(taken, "DELETE FROM ledger.journals WHERE id = :journal", REHASH, journal=journal, block=block)
        restored(
            "INSERT INTO ledger.journals OVERRIDING SYSTEM VALUE"
            " SELECT * FROM public.journals_before WHERE id = :journal",
            "INSERT INTO ledger.entries SELECT * FROM public.entries_before WHERE journal_id = :journal",
            journal=journal,
        )
        assert Fault(block, f"journal {journal} was added") in faults()

    def test_names_the_block_after_one_that_was_hashed_anew(self, restored: Callable[..., None]) -> None:
        journal, block = middle()
        restored("UPDATE ledger.entries SET amount = amount * 2 WHERE journal_id = :journal", REHASH, journal=journal,
                 block=block)  # fmt: skip
        assert faults() == [Fault(block + 1, "block does not follow the one before")]

    def test_names_the_block_whose_hash_alone_was_changed(self, restored: Callable[..., None]) -> None:
        _, block = middle()
        restored("UPDATE ledger.blocks SET hash = sha256('x') WHERE no = :block", block=block)
        assert faults() == [
            Fault(block, "block was rewritten"),
            Fault(block + 1, "block does not follow the one before"),
        ]

    def test_finds_a_chain_hashed_anew_to_its_end_by_what_was_anchored(self, restored: Callable[..., None]) -> None:
        journal, block = middle()
        kept = anchors()
        restored("UPDATE ledger.entries SET amount = amount * 2 WHERE journal_id = :journal", journal=journal)
        for number in range(block, max(kept) + 1):
            restored(REHASH, block=number)
        assert faults() == []  # a chain alone cannot tell
        named = [Fault(number, "block is not the one that was anchored") for number in range(block, max(kept) + 1)]
        assert faults(kept) == named
        assert faults({max(kept): kept[max(kept)]}) == named[-1:]  # one anchor at the end is enough

    def test_misses_the_last_block_when_it_was_anchored(self, restored: Callable[..., None]) -> None:
        kept = anchors()
        restored("DELETE FROM ledger.blocks WHERE no = :block", block=max(kept))
        assert faults(kept) == [Fault(max(kept), "block is missing")]

    def test_misses_a_block_in_between(self, restored: Callable[..., None]) -> None:
        _, block = middle()
        restored("DELETE FROM ledger.blocks WHERE no = :block", block=block)
        assert faults() == [
            Fault(block, "block is missing"),
            Fault(block + 1, "block does not follow the one before"),
        ]

    def test_names_blocks_that_were_swapped(self, restored: Callable[..., None]) -> None:
        _, block = middle()
        swap = "UPDATE ledger.blocks SET no = :new WHERE no = :old"
        for old, new in ((block, -9), (block - 1, block), (-9, block - 1)):
            restored(swap, old=old, new=new)
        found = faults()
        assert {fault.block for fault in found} == {block - 1, block, block + 1}
        assert Fault(block, "block was rewritten") in found


class TestLateComers:
    """Ids are drawn before they are committed: who commits late must find no block closed over his head."""

    def post(self, connection: Connection) -> int:
        """A journal, not committed yet."""
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        codes = [account("asset"), account("asset")]
        return int(connection.execute(text(POST), {"key": fresh(), "codes": codes}).scalar_one())

    @pytest.mark.parametrize("commits", [True, False])
    def test_are_waited_for(self, sealed: Flask, superuser: Engine, *, commits: bool) -> None:
        with superuser.connect() as late:
            journal = self.post(late)
            after = books.post(move(account("asset"), account("asset"), 1)).journal_id
            assert after > journal
            assert settle_seal() == 0  # not even the one who was quicker: blocks are without gaps
            late.commit() if commits else late.rollback()
        assert settle_seal() == 1 + commits
        assert (seal.unsealed(), faults()) == (0, [])

    def test_are_waited_for_also_in_a_savepoint(self, sealed: Flask, superuser: Engine) -> None:
        with superuser.connect() as late:
            late.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
            with late.begin_nested():
                self.post(late)
            assert settle_seal() == 0
            late.commit()
        assert (settle_seal(), faults()) == (1, [])

    def test_are_waited_for_however_the_sealer_began(self, sealed: Flask, superuser: Engine) -> None:
        """The horizon must be newer than the last id that was drawn; a transaction's id may be as old as it likes."""
        with superuser.connect() as sealer, superuser.connect() as late:
            sealer.execute(text("SELECT pg_current_xact_id()"))
            self.post(late)
            with suppress(DBAPIError):  # it may refuse to be called so
                sealer.execute(text("SELECT ledger.seal(10)"))
                sealer.commit()
            settle_seal()
            late.commit()
        settle_seal()
        found = faults()
        with superuser.begin() as connection:  # sound again, for the tests that come
            unguarded(connection)
            for fault in found:
                connection.execute(text("DELETE FROM ledger.blocks WHERE no >= :no"), {"no": fault.block})
            guard(connection, "ENABLE ALWAYS")
        settle_seal()
        assert found == []


class TestSealers:
    def test_of_two_at_once_each_journal_is_in_one_block(self, sealed: Flask) -> None:
        stop = threading.Event()

        def post() -> None:
            for _ in range(30):
                books.post(move(account("asset"), account("asset"), 1))
            stop.set()

        def advance() -> int:
            done = 0
            while not stop.is_set():
                done += settle_seal(ids=7)
            return done

        _, one, other = at_once(sealed, [post, advance, advance])
        rest = settle_seal(ids=7)
        assert one + other + rest == 30
        blocks = rows("SELECT no, first_id, last_id FROM ledger.blocks ORDER BY no")
        assert [row.no for row in blocks] == list(range(1, len(blocks) + 1))
        assert (seal.unsealed(), faults()) == (0, [])

    @pytest.mark.parametrize("waiting", [True, False])
    def test_go_on_in_books_that_were_moved_to_a_younger_server(
        self, sealed: Flask, superuser: Engine, *, waiting: bool
    ) -> None:
        """Its transaction ids are lower than those that the seal remembers."""
        if waiting:
            books.post(move(account("asset"), account("asset"), 1))
        with superuser.begin() as connection:
            connection.execute(text("UPDATE ledger.seal_state SET horizon = horizon + 1000000"))
        settle_seal()
        books.post(move(account("asset"), account("asset"), 1))
        settle_seal()
        assert (seal.unsealed(), faults()) == (0, [])
        with pytest.raises(DBAPIError, match="does not go back"), superuser.begin() as connection:
            connection.execute(text("UPDATE ledger.seal_state SET horizon = horizon - 1"))


class TestTheFirstBlock:
    """In books that nothing was booked in."""

    @pytest.fixture
    def empty(self, given: Servers, home: Path) -> Iterator[Flask]:
        with fresh_database(given, home) as made, books.desk(made.app_url) as room, room.app_context():
            yield room

    def test_does_not_close_before_the_first_journal(self, empty: Flask) -> None:
        settle_seal()
        books.post(move(account("asset"), wallet(), 1))
        settle_seal()
        assert faults() == []

    @pytest.mark.parametrize("moment", ["infinity", "-infinity", "294276-01-01"])
    def test_is_made_whatever_times_were_given(self, empty: Flask, moment: str) -> None:
        codes = [account("asset"), account("asset")]
        with suppress(DBAPIError), transaction(TESTER) as session:
            session.execute(text(POST.replace("NULL", f"'{moment}'")), {"key": fresh(), "codes": codes})
        settle_seal()
        assert (seal.unsealed(), faults()) == (0, [])
