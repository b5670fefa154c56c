"""What is kept for how long, and the runs that forget it.

Why: personal data is not kept for longer than its purpose or the law asks; rules and two people decide what goes.
Undo: drop the functions and tables, give `reveals` and `document_views` their triggers back, drop `inbox.digest` while
nothing was forgotten: what was is gone.
"""

from migrations import steps

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0021_retention.sql")
