"""What time brings about, in the order of time: parts of orders, deposits that arrive, withdrawals that go.

Called before every call is answered, so that lines stand in the ledger in the order in which they happened.
"""

import sqlite3

from sandbox.exchange import funding, matching
from sandbox.exchange.prices import Market


def settle(db: sqlite3.Connection, market: Market) -> None:
    """Do everything that is due by the venue's now."""
    while True:
        waiting = [due for due in (matching.next_due(db, market), funding.next_due(db, market.now)) if due is not None]
        if not waiting:
            return
        min(waiting, key=lambda due: due.at).happen()
