"""${message}

Why:
Undo:
"""

from migrations import steps

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("${up_revision}_.sql")
