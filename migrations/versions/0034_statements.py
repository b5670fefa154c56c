"""Statements of outside accounts: sources, files that were read, their lines.

Why: every line of a bank, a vendor or a venue is to be held against the books.
Undo: drop the tables.
"""

from migrations import steps

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0034_statements.sql")
