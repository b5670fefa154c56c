"""Approval requests, their votes and policies; invitations; guards of operators' roles; safety locks and reveals.

Why: What needs two people needs them in the database too, whatever asks for it.
Undo: drop the database; this is the beginning of the schema and no data precedes it.
"""

from migrations import steps

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0012_governance.sql")
    steps.run("0012_customer_care.sql")
