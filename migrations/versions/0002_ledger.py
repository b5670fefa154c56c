"""The books: accounts, journals, entries, balances, holds, and the functions that alone write them.

Why: Guards live in the database so that they bind psql too.
Undo: drop the database; this is the beginning of the schema and no data precedes it.
"""

from migrations import steps

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0002_ledger.sql")
