"""Care for an account: reset passwords, see and end sessions, freeze, close, recover.

Why: a customer can lose a password, a device or a mailbox without losing the account, and nobody else gains it.
Undo: `DROP TABLE password_resets`, and drop the columns that are added here; sessions keep what they had before.
"""

from migrations import steps

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0009_account_care.sql")
