"""Attempts to pay out, and the switches that stop them.

Why: what left is known by attempt; anybody may stop payouts, two people start them again.
Undo: drop the tables.
"""

from migrations import steps

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0025_payouts.sql")
