"""Reconciliation runs and their lines.

Why: Finance sees the Paystack account explained line by line.
Undo: drop the database; this is the beginning of the schema and no data precedes it.
"""

from migrations import steps

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0005_reconciliation.sql")
