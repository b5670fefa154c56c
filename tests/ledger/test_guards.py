"""The database guards the books by itself: against its owner, against replication roles, and against the app.

Everything here is tried on the owner's or the app's own connection, past the code that would never do it.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, pool, text
from sqlalchemy.exc import DBAPIError

from app.core.db import sqlstate
from tests.conftest import Database
from tests.makers import books
from tests.makers.books import account, fresh, move, wallet

pytestmark = pytest.mark.usefixtures("inside")

HISTORY = {
    "ledger.assets": "decimals = decimals",
    "ledger.accounts": "opened_by = 'somebody'",
    "ledger.journals": "kind = 'other'",
    "ledger.entries": "amount = 1",
    "ledger.entries_p0": "amount = 1",
    "ledger.entries_p1": "amount = 1",
    "ledger.holds": "amount = 1",
    "ledger.hold_ends": "outcome = 'released'",
    "ledger.requests": "key = 'other'",
    "audit.records": "actor = 'nobody'",
    "public.moves": "actor = 'nobody'",
}
FIRST_OF_P1 = 50_000_000
MIRRORS = ["origin", "replica"]  # under `replica` PostgreSQL skips every trigger that is not ENABLE ALWAYS


@dataclass(frozen=True)
class Book:
    """Two accounts with a journal between them, a hold that was captured, a history."""

    one: int
    other: int
    journal: int


@pytest.fixture
def book(owner_engine: Engine) -> Book:
    """So that every table has a row to attack."""
    one, other = wallet(100), wallet()
    posted = books.capture(books.hold(one, 10).hold_id, move(one, other, 10))
    with owner_engine.begin() as connection:
        found = connection.execute(
            text("SELECT code, id FROM ledger.accounts WHERE code = ANY (:c)"), {"c": [one, other]}
        )
        ids: dict[str, int] = {row.code: row.id for row in found}
        connection.execute(
            text(
                "INSERT INTO moves (machine, subject, new_state, actor, reason, moved_at)"
                " VALUES ('test', 'x', 'y', 'system:test', '', now())"
            )
        )
    return Book(ids[one], ids[other], posted.journal_id)


@pytest.fixture
def owner(owner_engine: Engine) -> Iterator[Connection]:
    """The owner's connection with an actor; nothing it does stays."""
    with books.undone(owner_engine) as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        yield connection


@pytest.fixture
def app_role(database: Database) -> Iterator[Connection]:
    """The role that the product signs in with, and an actor; nothing it does stays."""
    engine = create_engine(database.app_url, poolclass=pool.NullPool)
    with books.undone(engine) as connection:
        connection.execute(text("SELECT set_config('bursar.actor', 'system:test', true)"))
        yield connection
    engine.dispose()


def refused(connection: Connection, statement: str, **parameters: Any) -> str:
    """The code with which the database refuses it."""
    with pytest.raises(DBAPIError) as error:
        connection.execute(text(statement), parameters)
    return sqlstate(error.value)


def add_journal(connection: Connection, journal: int, *, legs: int = 2) -> None:
    """A header, straight into its table."""
    connection.execute(
        text(
            "INSERT INTO ledger.journals (id, kind, ref, legs, actor, request_id, effective_at, booked_at)"
            " OVERRIDING SYSTEM VALUE VALUES (:id, 'test', 'ref', :legs, 'system:test', '', now(), now())"
        ),
        {"id": journal, "legs": legs},
    )


ENTRIES = (
    "INSERT INTO {table} (journal_id, leg, account_id, asset, amount, seq, balance_after, effective_at, booked_at)"
    " SELECT :journal, leg, account, 'NGN', amount, 1000000 + leg, 0, now(), now()"
    " FROM unnest(CAST(:legs AS smallint[]), CAST(:accounts AS bigint[]), CAST(:amounts AS numeric[]))"
    " t(leg, account, amount)"
)


def entries(book: Book, *amounts: object, journal: int, first_leg: int = 1) -> dict[str, Any]:
    """Parameters of ENTRIES: these amounts on the book's accounts in turn."""
    return {
        "journal": journal,
        "legs": list(range(first_leg, first_leg + len(amounts))),
        "accounts": [(book.one, book.other)[n % 2] for n in range(len(amounts))],
        "amounts": "{" + ",".join(str(amount) for amount in amounts) + "}",
    }


def fresh_number() -> int:
    """A journal id in the first partition that the sequence will not reach."""
    return 40_000_000 + secrets.randbelow(9_000_000)


class TestHistory:
    @pytest.mark.parametrize("role", MIRRORS)
    @pytest.mark.parametrize("table", HISTORY)
    @pytest.mark.parametrize("act", ["UPDATE", "DELETE", "TRUNCATE"])
    def test_is_not_the_owner_s_to_change(self, book: Book, owner: Connection, act: str, table: str, role: str) -> None:
        if table == "ledger.entries_p1":  # give the partition of the future a row
            add_journal(owner, FIRST_OF_P1)
            owner.execute(text(ENTRIES.format(table=table)), entries(book, 5, -5, journal=FIRST_OF_P1))
        if table == "audit.records":
            owner.execute(text("INSERT INTO audit.records (actor, request_id, reason, table_name, row_id, action)"
                               " VALUES ('system:test', '', '', 'x', 'x', 'insert')"))  # fmt: skip
        owner.execute(text(f"SET LOCAL session_replication_role = {role}"))
        statement = {
            "UPDATE": f"UPDATE {table} SET {HISTORY[table]}",  # noqa: S608
            "DELETE": f"DELETE FROM {table}",  # noqa: S608
            "TRUNCATE": f"TRUNCATE {table} CASCADE",
        }[act]
        assert refused(owner, statement) == "23001"  # restrict_violation

    def test_is_every_table_of_the_books_but_the_balances(self, owner: Connection) -> None:
        tables = owner.execute(
            text(
                "SELECT relnamespace::regnamespace || '.' || relname FROM pg_class"
                " WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'p')"
            )
        )
        assert set(tables.scalars()) - set(HISTORY) == {"ledger.balances"}

    @pytest.mark.parametrize("table", [*HISTORY, "ledger.balances"])
    def test_has_guards_that_replication_cannot_skip(self, owner: Connection, table: str) -> None:
        triggers = owner.execute(
            text("SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = CAST(:t AS regclass) AND NOT tgisinternal"),
            {"t": table},
        )
        found = dict(map(tuple, triggers))
        assert found
        assert set(found.values()) == {"A"}

    @pytest.mark.parametrize("role", MIRRORS)
    @pytest.mark.parametrize("statement", ["DELETE FROM ledger.balances", "TRUNCATE ledger.balances"])
    def test_keeps_its_balances(self, book: Book, owner: Connection, role: str, statement: str) -> None:
        assert book.one
        owner.execute(text(f"SET LOCAL session_replication_role = {role}"))
        assert refused(owner, statement) == "23001"


class TestBalance:
    @pytest.mark.parametrize("role", MIRRORS)
    @pytest.mark.parametrize("table", ["ledger.entries", "ledger.entries_p0"])
    @pytest.mark.parametrize("amounts", [(5, -4), (5, 5), (5,)], ids=str)
    def test_is_demanded_of_every_insert(
        self, book: Book, owner: Connection, table: str, amounts: tuple[int, ...], role: str
    ) -> None:
        journal = fresh_number()
        add_journal(owner, journal)
        owner.execute(text(f"SET LOCAL session_replication_role = {role}"))
        assert refused(owner, ENTRIES.format(table=table), **entries(book, *amounts, journal=journal)) == "LG005"

    def test_is_demanded_in_the_partition_of_the_future(self, book: Book, owner: Connection) -> None:
        add_journal(owner, FIRST_OF_P1)
        legs = entries(book, 5, -4, journal=FIRST_OF_P1)
        assert refused(owner, ENTRIES.format(table="ledger.entries_p1"), **legs) == "LG005"

    def test_is_demanded_in_each_asset(self, book: Book, owner: Connection) -> None:
        code = f"T{secrets.token_hex(3).upper()}"
        owner.execute(text("INSERT INTO ledger.assets (code, decimals) VALUES (:code, 3)"), {"code": code})
        name = f"asset:test:{fresh()}"
        owner.execute(text("SELECT ledger.open_account(:name, :code, NULL)"), {"name": name, "code": code})
        post = "SELECT ledger.post(:key, 'test', 'ref', :codes, '{5,-5}', now(), '{}')"
        assert refused(owner, post, key=fresh(), codes=[name, account("asset")]) == "LG005"
        assert book.one

    @pytest.mark.parametrize("role", MIRRORS)
    def test_does_not_let_legs_be_added_later(self, book: Book, owner: Connection, role: str) -> None:
        owner.execute(text(f"SET LOCAL session_replication_role = {role}"))
        later = entries(book, 5, -5, journal=book.journal, first_leg=3)
        assert refused(owner, ENTRIES.format(table="ledger.entries"), **later) == "LG005"

    def test_does_not_let_legs_be_without_a_header(self, book: Book, owner: Connection) -> None:
        legs = entries(book, 5, -5, journal=fresh_number())
        assert refused(owner, ENTRIES.format(table="ledger.entries"), **legs) == "LG005"

    def test_does_not_let_a_header_promise_other_legs(self, book: Book, owner: Connection) -> None:
        journal = fresh_number()
        add_journal(owner, journal, legs=3)
        assert (
            refused(owner, ENTRIES.format(table="ledger.entries"), **entries(book, 5, -5, journal=journal)) == "LG005"
        )

    def test_lets_a_sound_journal_pass(self, book: Book, owner: Connection) -> None:
        journal = fresh_number()
        add_journal(owner, journal)
        owner.execute(text(ENTRIES.format(table="ledger.entries")), entries(book, 5, -5, journal=journal))


class TestUnits:
    @pytest.mark.parametrize(
        "amount", ["1.5", "0.1", "NaN", "Infinity", "1e38", "123456789012345678901234567890123456789"]
    )
    def test_are_whole_finite_and_bounded(self, owner: Connection, amount: str) -> None:
        assert refused(owner, f"SELECT CAST('{amount}' AS ledger.units)") == "23514"
        assert refused_in_the_same(owner)

    @pytest.mark.parametrize("amounts", ["{1.5,-1.5}", "{NaN,NaN}", "{Infinity,-Infinity}", "{1e38,-1e38}"])
    def test_are_demanded_of_post(self, owner: Connection, amounts: str) -> None:
        post = "SELECT ledger.post(:key, 'test', 'ref', :codes, CAST(:amounts AS numeric[]), now(), '{}')"
        code = refused(owner, post, key=fresh(), codes=[account("asset"), account("asset")], amounts=amounts)
        assert code == "23514"

    @pytest.mark.parametrize("amount", ["1.5", "NaN", "Infinity", "1e38", "0", "-1"])
    def test_are_demanded_of_hold(self, owner: Connection, amount: str) -> None:
        hold = "SELECT ledger.hold(:key, 'ref', :code, CAST(:amount AS numeric))"
        assert refused(owner, hold, key=fresh(), code=account("asset"), amount=amount) == "23514"

    def test_of_zero_are_no_entry(self, book: Book, owner: Connection) -> None:
        journal = fresh_number()
        add_journal(owner, journal)
        assert refused(owner, ENTRIES.format(table="ledger.entries"), **entries(book, 0, 0, journal=journal)) == "23514"

    def test_keep_every_digit(self, owner: Connection) -> None:
        greatest = 10**38 - 1
        stored = owner.execute(
            text("SELECT CAST(CAST(:n AS numeric) AS ledger.units) AS n"), {"n": greatest}
        ).scalar_one()
        assert int(stored) == greatest


class TestJournal:
    def test_without_an_actor_is_refused(self, owner: Connection) -> None:
        codes = [account("asset"), account("asset")]
        owner.execute(text("SELECT set_config('bursar.actor', '', true)"))
        post = "SELECT ledger.post(:key, 'test', 'ref', :codes, '{5,-5}', now(), '{}')"
        assert refused(owner, post, key=fresh(), codes=codes) == "BU001"

    @pytest.mark.parametrize(("codes", "amounts"), [(1, "{5}"), (2, "{5}"), (1, "{5,-5}"), (0, "{}")])
    @pytest.mark.parametrize("function", ["post", "capture"])
    def test_has_two_legs_or_more_and_an_amount_for_each(
        self, owner: Connection, function: str, codes: int, amounts: str
    ) -> None:
        legs = {"codes": [account("asset") for _ in range(codes)], "amounts": amounts, "key": fresh()}
        hold = books.hold(wallet(5), 5).hold_id
        start = {"post": "ledger.post(:key", "capture": f"ledger.capture({hold}, :key"}[function]
        end = ", 'test', 'ref', CAST(:codes AS text[]), CAST(:amounts AS numeric[]), now(), '{}')"
        assert refused(owner, f"SELECT {start}{end}", **legs) == "LG001"

    def test_that_does_not_balance_is_refused_by_post_itself(self, owner: Connection) -> None:
        post = "SELECT ledger.post(:key, 'test', 'ref', :codes, '{5,-4}', now(), '{}')"
        assert refused(owner, post, key=fresh(), codes=[account("asset"), account("asset")]) == "LG005"


class TestTheApp:
    """What the role of the running product may do with the books: read, and call the functions."""

    TABLES = (*(table for table in HISTORY if table.startswith("ledger.")), "ledger.balances")

    @pytest.mark.parametrize("table", TABLES)
    def test_may_only_read(self, app_role: Connection, table: str) -> None:
        rights = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"]
        may = text(
            "SELECT has_table_privilege(:table, :right) OR (:right NOT IN ('DELETE', 'TRUNCATE', 'TRIGGER')"
            " AND has_any_column_privilege(:table, :right))"
        )
        granted = {right for right in rights if app_role.execute(may, {"table": table, "right": right}).scalar_one()}
        readable = (
            set() if table.startswith("ledger.entries_") else {"SELECT"}
        )  # partitions are read through their parent
        assert granted - {"SELECT"} == set()
        assert granted >= readable

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO ledger.journals DEFAULT VALUES",
            "INSERT INTO ledger.requests (key, hash) VALUES ('k', '')",
            "UPDATE ledger.balances SET credits = credits + 1",
            "UPDATE ledger.accounts SET opened_by = 'nobody'",
            "DELETE FROM ledger.holds",
            "TRUNCATE ledger.entries",
            "SELECT nextval('ledger.journals_id_seq')",
            "SELECT ledger.book(1, 'test', 'ref', '{1,2}', '{5,-5}', now(), '{}')",
            "SELECT ledger.pass('k', '', 1, NULL)",
            "SELECT ledger.account_ids('{a}')",
            "UPDATE audit.records SET actor = 'nobody'",
            "INSERT INTO audit.records DEFAULT VALUES",
            "ALTER TABLE ledger.entries DISABLE TRIGGER ALL",
            "DROP TABLE ledger.requests",
            "CREATE TABLE ledger.mine (id int)",
            "SET session_replication_role = replica",
            "SET ROLE bursar_owner",
        ],
    )
    def test_may_not_go_past_the_functions(self, app_role: Connection, statement: str) -> None:
        assert refused(app_role, statement) == "42501"  # insufficient_privilege

    def test_may_call_these_and_no_other_functions(self, app_role: Connection) -> None:
        callable_ = app_role.execute(
            text(
                "SELECT proname FROM pg_proc WHERE pronamespace = 'ledger'::regnamespace"
                " AND has_function_privilege(oid, 'EXECUTE')"
            )
        )
        assert set(callable_.scalars()) == {"open_account", "post", "hold", "capture", "release"}

    def test_cannot_lead_the_functions_astray_with_tables_of_its_own(self, app_role: Connection) -> None:
        code = wallet(5)
        app_role.execute(text("CREATE TEMP TABLE balances AS SELECT * FROM ledger.balances"))
        app_role.execute(text("CREATE TEMP TABLE accounts AS SELECT * FROM ledger.accounts"))
        app_role.execute(text("UPDATE pg_temp.balances SET credits = 1000000"))
        hold = "SELECT ledger.hold(:key, 'ref', :code, 6)"
        assert refused(app_role, hold, key=fresh(), code=code) == "LG004"


def refused_in_the_same(connection: Connection) -> bool:
    """Whether the refusal ended the transaction, so that nothing after it can be kept."""
    return refused(connection, "SELECT 1") == "25P02"
