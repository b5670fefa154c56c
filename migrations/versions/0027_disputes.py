"""Refunds and disputes as events of the rail.

Why: money that goes back is posted, linked and answered in time.
Undo: drop the tables.
"""

from migrations import steps

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0027_disputes.sql")
