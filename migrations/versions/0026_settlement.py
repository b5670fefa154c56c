"""Settlements of the vendor, partner fees as dated rows, top-ups of the float.

Why: finance sees what is owed to us, what came, and what it cost.
Undo: drop the tables.
"""

from migrations import steps

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0026_settlement.sql")
