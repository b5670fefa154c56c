"""Customer to customer: transfers, requests for money.

Why: customers buy, sell, swap and pass on what they hold.
Undo: drop the tables.
"""

from migrations import steps

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0033_transfers.sql")
