"""The books: accounts, journals, entries, balances, holds, periods, seal, and the functions that alone write them.

Why: Guards live in the database so that they bind psql too.
Undo: drop the database; this is the beginning of the schema and no data precedes it.
"""

from migrations import steps

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the SQL beside this file's name, part by part."""
    steps.run("0002_ledger_tables.sql")
    steps.run("0002_ledger_guards.sql")
    steps.run("0002_ledger_accounts.sql")
    steps.run("0002_ledger_posting.sql")
    steps.run("0002_ledger_batch.sql")
    steps.run("0002_ledger_holds.sql")
    steps.run("0002_ledger_reads.sql")
    steps.run("0002_ledger_periods.sql")
    steps.run("0002_ledger_seal.sql")
    steps.run("0002_ledger_halts.sql")
    steps.run("0002_ledger_begin.sql")
