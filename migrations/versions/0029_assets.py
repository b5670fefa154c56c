"""Assets as rows: names, digits, networks, colours, minimums, which are open; the accounts of dealing.

Why: customers buy, sell, swap and pass on what they hold.
Undo: close the accounts while nothing was posted to them, drop the tables.
"""

from migrations import steps

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0029_assets.sql")
