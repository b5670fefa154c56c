"""Matching: our entries as the outside sees them, runs, groups of lines and entries, breaks.

Why: what is left after matching is what finance has to explain, to the last unit.
Undo: drop the tables.
"""

from migrations import steps

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0035_matching.sql")
    steps.run("0035_coverage.sql")
    steps.run("0035_rules.sql")
