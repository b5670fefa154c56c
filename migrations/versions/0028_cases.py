"""Cases: what stood still for too long, with an owner and an exit.

Why: no money waits without somebody who looks after it.
Undo: drop the two tables and the guard.
"""

from migrations import steps

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0028_cases.sql")
