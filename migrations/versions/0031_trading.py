"""Quotes, orders, recurring orders and price alerts.

Why: customers buy, sell, swap and pass on what they hold.
Undo: drop the tables.
"""

from migrations import steps

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0031_trading.sql")
