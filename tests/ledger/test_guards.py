"""The database guards the books by itself: against its owner, against replication roles, and against the app.

Everything here is tried on the owner's or the app's own connection, past the code that would never do it.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, pool, text

from tests.conftest import Database
from tests.makers import books
from tests.makers.books import account, fresh, move, refused, wallet

pytestmark = pytest.mark.usefixtures("inside")

HISTORY = {
    "ledger.assets": "decimals = decimals",
    "ledger.asset_versions": "digits = digits",
    "ledger.accounts": "opened_by = 'somebody'",
    "ledger.journals": "kind = 'other'",
    "ledger.entries": "amount = 1",
    "ledger.entries_p0": "amount = 1",
    "ledger.hold_parts": "outcome = 'released'",
    "ledger.period_balances": "balance = 1",
    "ledger.prices": "naira = 1",
    "ledger.blocks": "journals = 0",
    "ledger.checks": "findings = '{}'",
    "audit.records": "actor = 'nobody'",
    "public.moves": "actor = 'nobody'",
}
KEPT = ("ledger.balances", "ledger.holds", "ledger.periods", "ledger.seal_state", "ledger.halts")
TABLES = tuple(table for table in (*HISTORY, *KEPT) if table.startswith("ledger."))
CALLABLE = {
    "open_account", "restrict", "set_floor", "close_account", "post", "post_batch", "reverse",
    "hold", "capture", "release", "expire_holds",
    "begin_close", "reopen", "settle_period", "close_period", "reopen_closed",
    "balance_at", "balances_before", "effective_balances", "statement_page", "stripe_page",
    "seal", "check_block", "leaves", "block_hash", "microseconds", "record_price", "make_partitions",
    "record_check", "lift_halt", "set_asset",
}  # fmt: skip
PARTITION = 50_000_000
MIRRORS = ["origin", "replica"]  # under `replica` PostgreSQL skips every trigger that is not ENABLE ALWAYS
# A row for each table of history that no test before this one may have filled.
FILLED = (
    "INSERT INTO ledger.periods (month, state, begun_by, begun_at) VALUES ('2001-01-01', 'closed', 'x', now())",
    "INSERT INTO ledger.period_balances SELECT '2001-01-01', min(id), 0 FROM ledger.accounts",
    "INSERT INTO ledger.prices VALUES ('BTC', '2001-01-01', 1, 'test', 'test')",
    "INSERT INTO ledger.blocks VALUES (-1, 0, 0, 0, '', '', '')",
    "INSERT INTO ledger.checks (findings, actor) VALUES ('{}', 'test')",
    "INSERT INTO ledger.halts (findings) VALUES ('{}') ON CONFLICT DO NOTHING",
    """INSERT INTO audit.records (actor, request_id, reason, table_name, row_id, action)
       VALUES ('x', '', '', 'x', 'x', 'insert')""",
    "INSERT INTO moves (machine, subject, new_state, actor, reason, moved_at) VALUES ('x', 'x', 'y', 'x', '', now())",
)
ENTRIES = (
    "INSERT INTO {table} (journal_id, leg, account_id, stripe, asset, amount, seq, balance_after, effective_at,"
    " booked_at) SELECT :journal, leg, account, 0, 'NGN', amount, 1000000 + leg, 0, now(), now()"
    " FROM unnest(CAST(:legs AS smallint[]), CAST(:accounts AS bigint[]), CAST(:amounts AS numeric[]))"
    " t(leg, account, amount)"
)
POST = "SELECT ledger.post(:key, 'test', 'ref', CAST(:codes AS text[]), CAST(:amounts AS numeric[]), NULL, '{}')"


@dataclass(frozen=True)
class Book:
    """Two wallets with a journal between them that captured a hold."""

    one: int
    other: int
    journal: int
    codes: tuple[str, str]


@pytest.fixture
def book(owner_engine: Engine) -> Book:
    """Rows to attack, of this test alone."""
    one, other = wallet(100), wallet()
    posted = books.capture(books.hold(one, 10).hold_id, move(one, other, 10))
    with owner_engine.connect() as connection:
        found = connection.execute(text("SELECT code, id FROM ledger.accounts"))
        ids: dict[str, int] = {row.code: row.id for row in found}
    return Book(ids[one], ids[other], posted.journal_id, (one, other))


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


def act_as(connection: Connection, role: str) -> None:
    connection.execute(text(f"SET LOCAL session_replication_role = {role}"))


def add_journal(connection: Connection, journal: int, *, legs: int = 2) -> None:
    """A header, straight into its table."""
    connection.execute(
        text(
            "INSERT INTO ledger.journals (id, key, hash, kind, ref, legs, actor, request_id, effective_at, booked_at)"
            " OVERRIDING SYSTEM VALUE VALUES (:id, :key, '', 'test', 'ref', :legs, 'system:test', '', now(), now())"
        ),
        {"id": journal, "legs": legs, "key": fresh()},
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
    def test_is_not_the_owner_s_to_change(self, book: Book, owner: Connection, table: str, role: str) -> None:
        for statement in FILLED:
            owner.execute(text(statement))
        act_as(owner, role)
        for act in (
            f"UPDATE {table} SET {HISTORY[table]}",  # noqa: S608
            f"DELETE FROM {table}",  # noqa: S608
            f"TRUNCATE {table} CASCADE",
        ):
            assert refused(owner, act) == "23001", act  # restrict_violation

    @pytest.mark.parametrize("role", MIRRORS)
    @pytest.mark.parametrize("table", KEPT)
    def test_is_kept_where_rows_are_updated(self, book: Book, owner: Connection, table: str, role: str) -> None:
        for statement in FILLED:
            owner.execute(text(statement))
        act_as(owner, role)
        for act in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):  # noqa: S608
            assert refused(owner, act) == "23001", act

    def test_is_every_table_of_the_books(self, owner: Connection) -> None:
        tables = owner.execute(
            text(
                "SELECT relnamespace::regnamespace || '.' || relname FROM pg_class"
                " WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'p')"
            )
        )
        assert set(tables.scalars()) == set(TABLES)

    @pytest.mark.parametrize("table", [*HISTORY, *KEPT])
    def test_has_guards_that_replication_cannot_skip(self, owner: Connection, table: str) -> None:
        found = triggers(owner, table)
        assert {name for name, enabled in found if enabled != "A"} == set()
        names = {name for name, _ in found}
        assert {"never_emptied"} < names
        assert names & {"append_only", "never_deleted", "guard_reopening"}

    def test_is_guarded_alike_in_a_partition_made_later(self, book: Book, owner: Connection) -> None:
        made = owner.execute(text("SELECT ledger.make_partitions(150000000)")).scalar_one()
        assert made == 3
        number = 3 * PARTITION
        add_journal(owner, number)
        owner.execute(text(ENTRIES.format(table="ledger.entries")), entries(book, 5, -5, journal=number))
        assert triggers(owner, "ledger.entries_p3") == triggers(owner, "ledger.entries_p0")
        assert rights(owner, "ledger.entries_p3") == {"SELECT"}
        act_as(owner, "replica")
        for act in (
            "UPDATE ledger.entries_p3 SET amount = 1",
            "DELETE FROM ledger.entries_p3",
            "TRUNCATE ledger.entries_p3",
        ):
            assert refused(owner, act) == "23001", act
        add_journal(owner, number + 1)
        unbalanced = entries(book, 5, -4, journal=number + 1)
        assert refused(owner, ENTRIES.format(table="ledger.entries_p3"), **unbalanced) == "LG005"


def triggers(connection: Connection, table: str) -> set[tuple[str, str]]:
    """Its triggers and whether they always fire. Names are what the guards are known by."""
    found = connection.execute(
        text("SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = CAST(:t AS regclass) AND NOT tgisinternal"),
        {"t": table},
    )
    return {(str(row.tgname), str(row.tgenabled)) for row in found}


def rights(connection: Connection, table: str, role: str = "bursar_web") -> set[str]:
    """What the app may do with a table, or with any column of it."""
    may = text(
        "SELECT has_table_privilege(:role, :table, :right) OR (:right IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')"
        " AND has_any_column_privilege(:role, :table, :right))"
    )
    every = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")
    return {
        right for right in every if connection.execute(may, {"role": role, "table": table, "right": right}).scalar_one()
    }


class TestBalance:
    @pytest.mark.parametrize("role", MIRRORS)
    @pytest.mark.parametrize("table", ["ledger.entries", "ledger.entries_p0"])
    @pytest.mark.parametrize("amounts", [(5, -4), (5, 5), (5,), (0, 0), (5, 0, -5), (5, -5, 1)], ids=str)
    def test_is_demanded_of_every_insert(
        self, book: Book, owner: Connection, table: str, amounts: tuple[int, ...], role: str
    ) -> None:
        journal = fresh_number()
        add_journal(owner, journal, legs=len(amounts))
        act_as(owner, role)
        assert refused(owner, ENTRIES.format(table=table), **entries(book, *amounts, journal=journal)) == "LG005"

    @pytest.mark.parametrize("amount", ["1.5", "NaN", "Infinity", "1e38"])
    def test_is_of_whole_finite_and_bounded_amounts(self, book: Book, owner: Connection, amount: str) -> None:
        journal = fresh_number()
        add_journal(owner, journal)
        legs = entries(book, amount, "NaN" if amount == "NaN" else f"-{amount}", journal=journal)
        assert refused(owner, ENTRIES.format(table="ledger.entries"), **legs) == "23514"

    def test_is_demanded_of_each_of_two_journals_in_one_statement(self, book: Book, owner: Connection) -> None:
        first = fresh_number()
        add_journal(owner, first)
        add_journal(owner, first + 1)
        both = "WITH one AS ({one}) {other}".format(
            one=ENTRIES.format(table="ledger.entries").replace(":journal", str(first)),
            other=ENTRIES.format(table="ledger.entries").replace(":journal", str(first + 1)),
        )
        assert refused(owner, both, **entries(book, 5, -4, journal=0)) == "LG005"

    def test_is_demanded_in_each_asset(self, book: Book, owner: Connection) -> None:
        code = f"T{secrets.token_hex(3).upper()}"
        owner.execute(text("INSERT INTO ledger.assets (code, decimals) VALUES (:code, 3)"), {"code": code})
        name = f"asset:test:{fresh()}:{code}"
        owner.execute(text("SELECT ledger.open_account(:name, :code, NULL)"), {"name": name, "code": code})
        assert refused(owner, POST, key=fresh(), codes=[name, account("asset")], amounts="{5,-5}") == "LG005"

    def test_refuses_an_entry_in_another_asset_than_its_account_s(self, book: Book, owner: Connection) -> None:
        journal = fresh_number()
        add_journal(owner, journal)
        in_dollars = ENTRIES.format(table="ledger.entries").replace("'NGN'", "'USD'")
        assert refused(owner, in_dollars, **entries(book, 5, -5, journal=journal)) == "LG005"

    @pytest.mark.parametrize("role", MIRRORS)
    def test_does_not_let_legs_be_added_later(self, book: Book, owner: Connection, role: str) -> None:
        act_as(owner, role)
        later = entries(book, 5, -5, journal=book.journal, first_leg=3)
        assert refused(owner, ENTRIES.format(table="ledger.entries"), **later) == "LG005"

    def test_does_not_let_legs_be_without_a_header(self, book: Book, owner: Connection) -> None:
        legs = entries(book, 5, -5, journal=fresh_number())
        assert refused(owner, ENTRIES.format(table="ledger.entries"), **legs) == "LG005"

    def test_does_not_let_a_header_promise_other_legs(self, book: Book, owner: Connection) -> None:
        journal = fresh_number()
        add_journal(owner, journal, legs=3)
        legs = entries(book, 5, -5, journal=journal)
        assert refused(owner, ENTRIES.format(table="ledger.entries"), **legs) == "LG005"

    def test_lets_a_sound_journal_pass(self, book: Book, owner: Connection) -> None:
        journal = fresh_number()
        add_journal(owner, journal)
        owner.execute(text(ENTRIES.format(table="ledger.entries")), entries(book, 5, -5, journal=journal))


class TestUnits:
    @pytest.mark.parametrize("amounts", ["{1.5,-1.5}", "{NaN,NaN}", "{Infinity,-Infinity}", "{1e38,-1e38}"])
    def test_are_demanded_of_post(self, owner: Connection, amounts: str) -> None:
        code = refused(owner, POST, key=fresh(), codes=[account("asset"), account("asset")], amounts=amounts)
        assert code == "23514"

    @pytest.mark.parametrize("amount", ["1.5", "NaN", "Infinity", "1e38"])
    def test_are_demanded_of_hold(self, owner: Connection, amount: str) -> None:
        hold = "SELECT ledger.hold(:key, 'ref', :code, CAST(:amount AS numeric))"
        assert refused(owner, hold, key=fresh(), code=account("asset"), amount=amount) == "23514"

    @pytest.mark.parametrize("floor", ["1.5", "NaN", "Infinity"])
    def test_are_demanded_of_a_floor(self, owner: Connection, floor: str) -> None:
        open_account = "SELECT ledger.open_account(:code, 'NGN', CAST(:floor AS numeric))"
        assert refused(owner, open_account, code=f"asset:test:{fresh()}:NGN", floor=floor) == "23514"

    def test_keep_every_digit(self, owner: Connection) -> None:
        greatest = 10**38 - 1
        stored = owner.execute(text("SELECT CAST(CAST(:n AS numeric) AS ledger.units)"), {"n": greatest}).scalar_one()
        assert int(stored) == greatest


class TestJournal:
    def test_without_an_actor_is_refused(self, owner: Connection) -> None:
        codes = [account("asset"), account("asset")]
        owner.execute(text("SELECT set_config('bursar.actor', '', true)"))
        assert refused(owner, POST, key=fresh(), codes=codes, amounts="{5,-5}") == "BU001"

    @pytest.mark.parametrize(("codes", "amounts"), [(1, "{5}"), (2, "{5}"), (1, "{5,-5}"), (0, "{}")])
    def test_has_two_legs_or_more_and_an_amount_for_each(self, owner: Connection, codes: int, amounts: str) -> None:
        named = [account("asset") for _ in range(codes)]
        assert refused(owner, POST, key=fresh(), codes=named, amounts=amounts) == "LG001"

    @pytest.mark.parametrize("amounts", ["{5,-4}", "{0,0}"])
    def test_that_does_not_balance_is_refused_by_post_itself(self, owner: Connection, amounts: str) -> None:
        codes = [account("asset"), account("asset")]
        assert refused(owner, POST, key=fresh(), codes=codes, amounts=amounts) == "LG005"


class TestTheApp:
    """What the role of the running product may do with the books: read, and call the functions."""

    @pytest.mark.parametrize("table", TABLES)
    def test_may_only_read(self, app_role: Connection, table: str) -> None:
        assert rights(app_role, table) == {"SELECT"}

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO ledger.journals DEFAULT VALUES",
            "UPDATE ledger.balances SET credits = credits + 1",
            "UPDATE ledger.accounts SET opened_by = 'nobody'",
            "DELETE FROM ledger.holds",
            "TRUNCATE ledger.entries",
            "UPDATE ledger.seal_state SET candidate = 0",
            "INSERT INTO ledger.blocks DEFAULT VALUES",
            "DELETE FROM ledger.periods",
            "SELECT nextval('ledger.journals_id_seq')",
            "SELECT setval('ledger.journals_id_seq', 1)",
            "SELECT ledger.write_batch('{k}', '{a}', '{k}', '{r}', '{}', '{}', '{}', '{1}', '{a}', '{1}', false, NULL)",
            "SELECT ledger.end_part(1, 'released', 1, NULL)",
            "SELECT ledger.add_partition(7, 50000000)",
            "UPDATE audit.records SET actor = 'nobody'",
            "INSERT INTO audit.records DEFAULT VALUES",
            "ALTER TABLE ledger.entries DISABLE TRIGGER ALL",
            "DROP TABLE ledger.holds",
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
        assert set(callable_.scalars()) == CALLABLE

    def test_cannot_lead_the_functions_astray_with_tables_of_its_own(self, app_role: Connection) -> None:
        code = wallet(5)
        app_role.execute(text("CREATE TEMP TABLE balances AS SELECT * FROM ledger.balances"))
        app_role.execute(text("CREATE TEMP TABLE accounts AS SELECT * FROM ledger.accounts"))
        app_role.execute(text("UPDATE pg_temp.balances SET credits = 1000000"))
        hold = "SELECT ledger.hold(:key, 'ref', :code, 6)"
        assert refused(app_role, hold, key=fresh(), code=code) == "LG004"
