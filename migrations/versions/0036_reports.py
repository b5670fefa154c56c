"""Files made of reports, their downloads and schedules.

Why: finance takes figures out of the house, and who took which is on record; files are made beside the work.
Undo: drop the tables.
"""

from migrations import steps

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0036_reports.sql")
