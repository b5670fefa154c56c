"""A function that forgets spent codes, links and challenges.

Why: What opened something for minutes is kept no longer than it explains something. The application deletes nothing
     else.
Undo: drop the function; what it has forgotten is gone.
"""

from migrations import steps

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0013_spent_rows.sql")
