"""Requests for manual journals.

Why: Finance books what no other room does, and only with a second person.
Undo: drop the database; this is the beginning of the schema and no data precedes it.
"""

from migrations import steps

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0006_adjustments.sql")
