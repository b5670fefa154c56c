"""What every withdrawal is checked for, and the thresholds as dated rows.

Why: each result is stored with its inputs, so that it can be explained later.
Undo: drop the tables.
"""

from migrations import steps

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0024_checks.sql")
