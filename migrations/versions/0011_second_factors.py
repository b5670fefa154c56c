"""Second factors, and when a session proved one.

Why: a password alone opens no console and sends no money.
Undo: drop the database; this is the beginning of the schema and no data precedes it.
"""

from migrations import steps

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0011_second_factors.sql")
