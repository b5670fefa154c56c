"""Forgetting what is spent: challenges and half set up apps after a day, codes and links after a week.

Which rows those are is decided in the database (`forget_spent`), where the application may delete nothing else.
Sessions are no such rows: they explain something for months, and go by the rules of retention.
"""

from app.core.db import rows

AT_A_TIME = 500  # of each kind: one step stays well within the limit of a statement


def forget_spent() -> int:
    """Forget some of it: how many rows went; none when nothing is left to forget."""
    return int(rows("SELECT forget_spent(:most) AS gone", most=AT_A_TIME)[0].gone)
