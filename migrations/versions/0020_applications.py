"""Applications for tiers, and their review.

Why: what a customer may do rests on what they showed and who looked at it, and that must be told years later.
Undo: drop the tables in the reverse order; customers keep the tiers that they were given.
"""

from migrations import steps

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0020_applications.sql")
