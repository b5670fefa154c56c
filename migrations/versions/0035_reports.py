"""Files made of reports, their downloads and schedules.

Why: finance takes figures out of the house, and who took which is on record; files are made beside the work.
Undo: drop the tables.
"""

from migrations import steps

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0035_reports.sql")
