"""Our own position at venues: hedges, fills, venue balances.

Why: customers buy, sell, swap and pass on what they hold.
Undo: drop the tables.
"""

from migrations import steps

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0032_exchange.sql")
