"""A house account that every journal touches, beside journals between random accounts."""

from bench import pgbench, table
from bench.books import POST, POST_HOT, STRIPES, open_books
from bench.rounds import Pace, interleave
from bench.servers import Database, Ground
from bench.table import Line


def measure(on: Ground, pace: Pace) -> list[Line]:
    """Rates with few clients and with more than there are stripes to go round."""
    books = open_books(on, accounts=pace.accounts)
    return [line for clients in (pace.clients, pace.crowd) for line in _beside(books, pace, clients)]


def _beside(books: Database, pace: Pace, clients: int) -> list[Line]:
    def rate(script: str) -> float:
        return pgbench.rate(books, script, clients=clients, seconds=pace.seconds, accounts=pace.accounts)

    figures = interleave({"hot": lambda: rate(POST_HOT), "random pairs": lambda: rate(POST)}, rounds=pace.rounds)
    what = f"hot account of {STRIPES} stripes, {clients} clients"
    return [table.at_least(0.8, what, figures, ours="hot", beside="random pairs")]
