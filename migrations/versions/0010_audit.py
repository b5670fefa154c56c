"""The seal over the audit's records, exports of them, and views as a customer.

Why: A record that a superuser rewrote must be found and named, like a journal.
Undo: drop the tables and functions it makes; no other table refers to them.
"""

from migrations import steps

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Run the SQL beside this file's name, part by part."""
    steps.run("0010_audit_seal.sql")
    steps.run("0010_audit_exports.sql")
