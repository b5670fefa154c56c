"""Bank accounts, deposits, payouts, suspense and withdrawals with their approvals.

Why: The naira rail in and out.
Undo: drop the database; this is the beginning of the schema and no data precedes it.
"""

from migrations import steps

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0004_naira.sql")
