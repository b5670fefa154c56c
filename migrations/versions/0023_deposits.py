"""Ways to pay in, dedicated accounts, saved cards, and what becomes of money in suspense.

Why: a customer pays in by card, transfer, USSD or to an account number of their own.
Undo: drop the tables.
"""

from migrations import steps

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Run the SQL beside this file's name."""
    steps.run("0023_deposits.sql")
