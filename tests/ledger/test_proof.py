"""Each invariant bites: break the books as only a superuser can, with the guards taken off, and see it named.

Nothing of it stays: the damage is done and looked at inside one transaction of the owner, which is rolled back.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, Engine, text

from app.core.db import rows
from app.ledger import balances, proof
from tests.makers import books
from tests.makers.books import account, move, wallet

pytestmark = pytest.mark.usefixtures("inside")

DAMAGE: dict[str, tuple[str, ...]] = {
    "journal sums to zero per asset": (
        "UPDATE ledger.entries SET amount = amount + 1 WHERE journal_id = :journal AND leg = 1",
    ),
    "asset sums to zero over all accounts": (
        "UPDATE ledger.entries SET amount = amount + 1 WHERE journal_id = :journal AND leg = 1",
    ),
    "journal has the legs its header says": ("UPDATE ledger.journals SET legs = 3 WHERE id = :journal",),
    "balance is the sum of its entries": (
        "UPDATE ledger.balances SET debits = debits + 1, credits = credits + 1 WHERE account_id = :account",
    ),
    "running balance follows the entries": (
        "UPDATE ledger.entries SET balance_after = balance_after + 1 WHERE journal_id = :journal AND leg = 1",
    ),
    "held is what remains of holds": ("UPDATE ledger.balances SET held = held - 1 WHERE account_id = :account",),
    "hold is its parts and what remains": ("UPDATE ledger.holds SET amount = amount + 1 WHERE id = :hold",),
    "captured part has its journal": ("UPDATE ledger.hold_parts SET amount = amount + 1 WHERE hold_id = :captured",),
    "closed account is empty": ("UPDATE ledger.balances SET closed = true WHERE account_id = :account",),
    "balance and account agree": ("UPDATE ledger.accounts SET stripes = 2 WHERE id = :account",),
    "reversal mirrors its journal": (
        "UPDATE ledger.journals SET reverses = :journal WHERE id = (SELECT max(id) FROM ledger.journals)",
    ),
    "closed month is as it was written down": (
        "INSERT INTO ledger.periods (month, state, begun_by, begun_at) VALUES ('2020-01-01', 'closed', 'x', now())",
        "INSERT INTO ledger.period_balances (month, account_id, balance) VALUES ('2020-01-01', :account, 1)",
    ),
    "no account is below its floor": ("UPDATE ledger.balances SET floor = 1000000 WHERE account_id = :account",),
    "entry and account have one asset": (
        "INSERT INTO ledger.assets (code, decimals) VALUES ('TST', 2)",
        "UPDATE ledger.entries SET asset = 'TST' WHERE journal_id = :journal",
    ),
}
MORE_DAMAGE = [
    ("journal sums to zero per asset", "DELETE FROM ledger.entries WHERE journal_id = :journal AND leg = 1"),
    ("journal has the legs its header says", "DELETE FROM ledger.entries WHERE journal_id = :journal"),
    ("balance is the sum of its entries", "DELETE FROM ledger.entries WHERE journal_id = :journal"),
    ("balance is the sum of its entries", "UPDATE ledger.balances SET seq = seq + 1 WHERE account_id = :account"),
    (
        "running balance follows the entries",
        "UPDATE ledger.entries SET booked_at = booked_at - interval '1 day' WHERE journal_id = :journal",
    ),
    ("journal has the legs its header says", "DELETE FROM ledger.journals WHERE id = :journal"),
    (
        "journal has the legs its header says",
        "UPDATE ledger.entries SET effective_at = now() WHERE journal_id = :journal AND leg = 1",
    ),
    ("running balance follows the entries", "UPDATE ledger.entries SET seq = seq + 1 WHERE journal_id = :journal"),
    ("held is what remains of holds", "DELETE FROM ledger.holds WHERE id = :hold"),
    ("held is what remains of holds", "UPDATE ledger.holds SET remaining = 0 WHERE id = :hold"),
    (
        "hold is its parts and what remains",
        "INSERT INTO ledger.hold_parts VALUES (:hold, 1, 'released', 20, NULL, 'x', now())",
    ),
    ("captured part has its journal", "UPDATE ledger.hold_parts SET journal_id = :journal WHERE hold_id = :captured"),
    ("balance and account agree", "DELETE FROM ledger.balances WHERE account_id = :account"),
    ("reversal mirrors its journal", "UPDATE ledger.journals SET corrects = -1 WHERE id = :journal"),
]
GUARDED = (
    "assets", "accounts", "balances", "journals", "entries", "entries_p0", "holds", "hold_parts", "periods",
    "period_balances",
)  # fmt: skip


@dataclass(frozen=True)
class Book:
    """A wallet with some journals, an open hold and one that was captured."""

    code: str
    journal: int
    hold: int
    captured: int


@pytest.fixture
def book() -> Book:
    """Sound books of this test alone."""
    code = wallet(100)
    posted = books.post(move(code, account("asset"), 10))
    captured = books.hold(code, 5).hold_id
    books.capture(captured, move(code, account("asset"), 5))
    return Book(code, posted.journal_id, books.hold(code, 20).hold_id, captured)


@pytest.fixture
def unguarded(owner_engine: Engine) -> Iterator[Connection]:
    """The owner's connection with every guard of the books taken off; rolled back, so they are on again after."""
    with books.undone(owner_engine) as connection:
        for table in GUARDED:
            connection.execute(text(f"ALTER TABLE ledger.{table} DISABLE TRIGGER ALL"))
        yield connection


def broken(connection: Connection) -> dict[str, list[str]]:
    """What `proof.broken()` would say, asked inside this connection's transaction."""
    found = {name: list(connection.execute(text(query))) for name, query in proof.INVARIANTS.items()}
    return {name: [str(row.what) for row in bad] for name, bad in found.items() if bad}


def damage(connection: Connection, book: Book, *statements: str) -> None:
    """Do what nobody can do."""
    found = connection.execute(text("SELECT id FROM ledger.accounts WHERE code = :code"), {"code": book.code})
    facts = {"account": found.scalar_one(), "journal": book.journal, "hold": book.hold, "captured": book.captured}
    for statement in statements:
        changed = connection.execute(text(statement), facts)
        assert changed.rowcount


class TestBroken:
    def test_says_nothing_about_sound_books(self, book: Book) -> None:
        assert balances.of(book.code).available.units == 65
        assert proof.broken() == {}

    def test_has_a_damage_here_for_every_invariant(self) -> None:
        assert set(DAMAGE) == set(proof.INVARIANTS)

    @pytest.mark.parametrize("name", DAMAGE)
    def test_names_what_is_damaged(self, book: Book, unguarded: Connection, name: str) -> None:
        assert broken(unguarded) == {}
        damage(unguarded, book, *DAMAGE[name])
        assert broken(unguarded)[name]

    @pytest.mark.parametrize(("name", "statement"), MORE_DAMAGE, ids=[statement[:60] for _, statement in MORE_DAMAGE])
    def test_names_other_damage_too(self, book: Book, unguarded: Connection, name: str, statement: str) -> None:
        damage(unguarded, book, statement)
        assert broken(unguarded)[name]

    def test_names_the_account_or_journal(self, book: Book, unguarded: Connection) -> None:
        damage(unguarded, book, *DAMAGE["journal has the legs its header says"])
        damage(unguarded, book, *DAMAGE["no account is below its floor"])
        found = broken(unguarded)
        assert found["journal has the legs its header says"] == [str(book.journal)]
        assert found["no account is below its floor"] == [book.code]

    def test_names_no_more_rows_than_it_is_asked_to(self, owner_engine: Engine) -> None:
        codes = [wallet(10) for _ in range(3)]
        for code in codes:
            books.set_floor(owner_engine, code, 20)
        try:
            assert len(proof.broken(limit=2)["no account is below its floor"]) == 2
            assert set(proof.broken()["no account is below its floor"]) == set(codes)
        finally:
            for code in codes:
                books.set_floor(owner_engine, code, 0)

    def test_leaves_the_guards_on(self) -> None:
        off = "SELECT tgname FROM pg_trigger WHERE tgrelid::regclass::text LIKE 'ledger.%' AND tgenabled = 'D'"
        assert rows(off) == []
