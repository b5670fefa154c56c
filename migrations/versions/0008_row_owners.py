"""Row-level security on what belongs to customers.

Why: A query that forgets its owner must show nothing rather than everybody.
Undo: drop the policies and disable row-level security on the five tables.
"""

from migrations import steps

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0008_row_owners.sql")
