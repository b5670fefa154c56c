"""What stays as it was written: whose a row is, and marks that end something.

Why: One UPDATE of customers.login_id would give an account away, one of sessions.revoked_at open it to a thief again.
Undo: drop the triggers and grant the tables' UPDATE again.
"""

from migrations import steps

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0014_kept_marks.sql")
