"""The work on breaks: whose each is, what was found, what was asked for; limits as dated rows; bulk work.

Why: a break that nobody owns is not explained; what ends one needs a second person and leaves a trail.
Undo: drop the tables; the policies stay.
"""

from migrations import steps

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0037_breaks.sql")
