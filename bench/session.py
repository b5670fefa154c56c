"""One session of the Python API: builds journals of two legs and posts each in a transaction of its own.

Started as `python -m bench.session ACCOUNTS NUMBER` with the app's DATABASE_URL in BENCH_URL.
"""

import os
import random
import sys
import time

from app.assembly import assemble
from app.core import actor
from app.core.db import transaction
from app.core.money import NGN, Money
from app.ledger import posting
from app.ledger.journal import Journal, credit, debit
from bench.books import CUSTOMER
from bench.servers import Database
from bench.turns import serve

ACTOR = actor.system("bench")


def main(accounts: int, number: int) -> None:
    """Serve turns over random pairs of so many accounts."""
    url = os.environ["BENCH_URL"]
    draw = random.Random(number)  # noqa: S311 (which accounts meet is no secret)
    stamp = time.time_ns()

    def once(done: int) -> None:
        debited, credited = draw.sample(range(1, accounts + 1), 2)
        amount = Money(NGN, draw.randint(1, 100_000))
        legs = (debit(CUSTOMER.format(number=debited), amount), credit(CUSTOMER.format(number=credited), amount))
        with transaction(ACTOR):
            posting.post(Journal("bench.moved", "bench", legs), key=f"bench:{stamp}:{number}:{done}")

    with assemble(Database(url, url).settings).app_context():
        serve(once)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
