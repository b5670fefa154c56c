"""Tiers of customers with their history, limits and fees as dated data.

Why: what a customer may do grows with what is known of them, and what they may do today is read from rows, not code.
Undo: `DROP TABLE limit_uses, limits, fees, tier_changes, security_changes`, then drop `customers.tier` with the guards;
nothing else depends on them.
"""

from migrations import steps

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0015_limits.sql")
