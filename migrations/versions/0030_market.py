"""Prices in: feeds, ticks, candles, overrides, spreads.

Why: customers buy, sell, swap and pass on what they hold.
Undo: drop the tables, and the function forget_slots.
"""

from migrations import steps

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0030_market.sql")
