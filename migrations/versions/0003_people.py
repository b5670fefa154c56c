"""Logins, sessions, codes, operators, customers, wallets and mails.

Why: The first journey begins with somebody signing up.
Undo: drop the database; this is the beginning of the schema and no data precedes it.
"""

from migrations import steps

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0003_people.sql")
