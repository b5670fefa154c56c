"""The sealer: whether it keeps up with what is posted, and what it costs those who post."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from psycopg2 import extensions

from bench import pgbench, table
from bench.batch import Batches
from bench.books import POST, open_books
from bench.rounds import Pace, interleave
from bench.servers import Database, Ground
from bench.table import Line

BLOCK_JOURNALS_MAX = 5_000
PAUSE_SECONDS = 1.0
_LEFT = """
SELECT count(*) FROM ledger.journals
 WHERE id > coalesce((SELECT last_id FROM ledger.blocks ORDER BY no DESC LIMIT 1), 0)
"""
_SEAL, _BATCH, _WITH, _WITHOUT = "sealing", "batch posting", "with a sealer", "without one"


def measure(on: Ground, pace: Pace) -> list[Line]:
    """Sealing beside the fastest way to write journals, and posting beside a sealer at work."""
    books = open_books(on, accounts=pace.accounts)
    with closing(books.connect()) as session:
        batches = Batches(session, pace.accounts)
        rates = interleave(
            {_BATCH: lambda: batches.rate(pace.batch, per_call=pace.batch), _SEAL: lambda: seal_all(session)},
            rounds=pace.rounds,
        )
        posting = interleave(
            {_WITHOUT: lambda: _unsealed(books, session, pace), _WITH: lambda: _sealed(books, pace)},
            rounds=pace.rounds,
        )
    what = f"single posting, {pace.clients} clients, a sealer looping once a second"
    return [
        table.at_least(1.0, f"sealing {pace.batch:,} journals", rates, ours=_SEAL, beside=_BATCH),
        table.at_least(0.95, what, posting, ours=_WITH, beside=_WITHOUT),
    ]


def seal_all(session: extensions.connection) -> float:
    """Seal every journal there is: journals per second of the calls' own time."""
    sealed, spent = 0, 0.0
    with session.cursor() as cursor:
        while _left(cursor):
            began = time.perf_counter()
            sealed += _seal(cursor)
            spent += time.perf_counter() - began
    return sealed / spent if spent else 0.0


def _unsealed(books: Database, session: extensions.connection, pace: Pace) -> float:
    """Posting alone; what it leaves is sealed after the clock stopped, so that the next turn's sealer has its own."""
    rate = _post(books, pace)
    seal_all(session)
    return rate


def _sealed(books: Database, pace: Pace) -> float:
    with _sealer(books):
        return _post(books, pace)


def _post(books: Database, pace: Pace) -> float:
    return pgbench.rate(books, POST, clients=pace.clients, seconds=pace.seconds, accounts=pace.accounts)


@contextmanager
def _sealer(books: Database) -> Iterator[None]:
    """Seal in a session beside, once a second all that is final, until the end of the `with`."""
    over = threading.Event()
    broke: list[BaseException] = []

    def work() -> None:
        try:
            with closing(books.connect()) as session, session.cursor() as cursor:
                while not over.wait(PAUSE_SECONDS):
                    while _seal(cursor) == BLOCK_JOURNALS_MAX:
                        pass
        except BaseException as error:  # noqa: BLE001 (raised again where it is noticed)
            broke.append(error)

    beside = threading.Thread(target=work)
    beside.start()
    try:
        yield
    finally:
        over.set()
        beside.join()
    if broke:
        raise broke[0]


def _seal(cursor: extensions.cursor) -> int:
    cursor.execute("SELECT ledger.seal(%s)", (BLOCK_JOURNALS_MAX,))
    (sealed,) = cursor.fetchone() or (0,)
    return int(sealed)


def _left(cursor: extensions.cursor) -> int:
    cursor.execute(_LEFT)
    (left,) = cursor.fetchone() or (0,)
    return int(left)
