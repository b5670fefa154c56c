"""The seal over the audit's records, and what the audit's pages leave behind.

Why: A record that a superuser rewrote must be found and named, like a journal.
Undo: drop functions and tables of the seal from schema audit; no other table refers to them.
"""

from migrations import steps

revision = "0009"
down_revision = "0006"


def upgrade() -> None:
    """Run the SQL beside this file's name, part by part."""
    steps.run("0009_audit_seal.sql")
