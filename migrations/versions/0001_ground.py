"""The audit record and the durable tables of the ground: tasks, outbox, inbox, idempotency, moves, slots.

Why: Everything later stands on these; the audit trigger must exist before the first business table.
Undo: drop the database; this is the beginning of the schema and no data precedes it.
"""

from migrations import steps

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0001_ground.sql")
