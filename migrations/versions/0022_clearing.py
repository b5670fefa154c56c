"""The accounts of a rail that settles: clearing, our bank, what is owed back, what disputes hold and cost.

Why: charges, settlements and transfers go through different pockets of Paystack's.
Undo: close the accounts while nothing was posted to them.
"""

from migrations import steps

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0022_clearing.sql")
