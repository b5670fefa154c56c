"""Checks of who a customer is: what was asked of registers and of Paystack, and what they said.

Why: a tier stands on numbers that somebody else knows the owner of; what they answered is kept as evidence.
Undo: `DROP TABLE identity_checks`; nothing else depends on it.
"""

from migrations import steps

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0018_identity_checks.sql")
