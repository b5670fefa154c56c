"""Restrictions of customers' accounts, which the accounts in the books follow.

Why: a freeze of everything is too coarse, and what stops money must stop it in the books too, whoever forgets to ask.
Undo: drop the triggers `restrictions_applied`, the functions of 0019_restrictions.sql and `restrictions`; thaw what
stays frozen with `ledger.restrict`.
"""

from migrations import steps

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0019_restrictions.sql")
