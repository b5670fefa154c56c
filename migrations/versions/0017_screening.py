"""Screening: lists, their entries, whom we hold against them, hits and runs.

Why: whom a list names is not served before people have looked, and everybody is held against every change of a list.
Undo: drop the tables `screening_*` and the policy of `screening.match`; nothing else depends on them.
"""

from migrations import steps

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0017_screening.sql")
