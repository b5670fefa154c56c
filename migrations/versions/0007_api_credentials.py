"""Keys and signed tokens for programs of customers.

Why: A program does not type a password, and is given less than its owner has.
Undo: drop the tables; programs then come in by password again.
"""

from migrations import steps

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0007_api_credentials.sql")
