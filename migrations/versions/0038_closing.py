"""Proof of outside accounts: sign-offs, days, months that close by two and are reopened by more.

Why: a month was closed by one person and never opened again; what its figures were, and who looked, stood nowhere.
Undo: drop the tables and the view, put the functions of 0002 back.
"""

from migrations import steps

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0038_closing.sql")
