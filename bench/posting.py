"""Posting one two-legged journal: by the ledger with all its guards, and by the barest transfer PostgreSQL can do."""

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 (a class, badly named there)

ACCOUNTS = 200

FLOOR = """
CREATE SCHEMA IF NOT EXISTS bench;
CREATE TABLE IF NOT EXISTS bench.balances (id int PRIMARY KEY, units numeric NOT NULL);
CREATE TABLE IF NOT EXISTS bench.transfers (id bigint GENERATED ALWAYS AS IDENTITY, a int, b int, units numeric);
INSERT INTO bench.balances SELECT g, 0 FROM generate_series(0, %(n)s) g ON CONFLICT DO NOTHING;
CREATE OR REPLACE FUNCTION bench.transfer(p_a int, p_b int, p_units numeric) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM bench.balances WHERE id IN (p_a, p_b) ORDER BY id FOR NO KEY UPDATE;
    UPDATE bench.balances SET units = units + CASE id WHEN p_a THEN p_units ELSE -p_units END WHERE id IN (p_a, p_b);
    INSERT INTO bench.transfers (a, b, units) VALUES (p_a, p_b, p_units);
END $$;
"""
ACTOR = "SELECT set_config('bursar.actor', 'system:bench', false)"
OPEN = "SELECT ledger.open_account('liability:bench:' || g || ':NGN', 'NGN', NULL) FROM generate_series(0, %(n)s) g"
POST = (
    "SELECT * FROM ledger.post(%s, 'bench', 'bench', ARRAY['liability:bench:' || %s || ':NGN',"
    " 'liability:bench:' || %s || ':NGN'], ARRAY[%s, -%s]::numeric[], now(), '{}')"
)


@dataclass(frozen=True)
class Figure:
    """Calls per second and the middle and slow ends of one call, in microseconds."""

    name: str
    per_second: int
    p50_us: int
    p99_us: int

    def __str__(self) -> str:
        return f"{self.name:<34} {self.per_second:>7,}/s   p50 {self.p50_us:>6,} µs   p99 {self.p99_us:>7,} µs"


def run(url: str, *, calls: int, threads: int) -> list[Figure]:
    """Measure on the database at this (owner's) libpq URL; it is left with the bench's accounts and journals."""
    with psycopg2.connect(url) as setup, setup.cursor() as cursor:
        cursor.execute(FLOOR, {"n": ACCOUNTS})
        cursor.execute(ACTOR)
        cursor.execute(OPEN, {"n": ACCOUNTS})
    stamp = time.time_ns()

    def bare(session: Connection, number: int) -> None:
        with session.cursor() as cursor:
            cursor.execute("SELECT bench.transfer(%s, %s, 100)", (number % ACCOUNTS, (number * 7 + 1) % ACCOUNTS))

    def post(session: Connection, number: int) -> None:
        a, b = number % ACCOUNTS, (number * 7 + 1) % ACCOUNTS
        with session.cursor() as cursor:
            cursor.execute(POST, (f"bench:{stamp}:{number}", a, b, 100, 100))

    def hot(session: Connection, number: int) -> None:
        with session.cursor() as cursor:
            key = f"bench:{stamp}:hot:{number}"
            cursor.execute(POST, (key, ACCOUNTS, number % ACCOUNTS, 100, 100))

    cases: tuple[tuple[str, Callable[[Connection, int], None], int], ...] = (
        ("floor: bare transfer, 1 session", bare, 1),
        ("ledger.post, 1 session", post, 1),
        (f"floor: bare transfer, {threads} sessions", bare, threads),
        (f"ledger.post, {threads} sessions", post, threads),
        (f"ledger.post, {threads} sessions, one hot", hot, threads),
    )
    offset, figures = 0, []
    for name, call, sessions in cases:
        figures.append(_measure(name, call, url=url, calls=calls, sessions=sessions, offset=offset))
        offset += calls * sessions + 1
    return figures


def _measure(
    name: str, call: Callable[[Connection, int], None], *, url: str, calls: int, sessions: int, offset: int
) -> Figure:
    taken: list[int] = []
    start = threading.Barrier(sessions + 1)

    def work(first: int) -> None:
        session = psycopg2.connect(url)
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute(ACTOR)
        mine = []
        start.wait()
        for number in range(first, first + calls):
            began = time.perf_counter_ns()
            call(session, number)
            mine.append(time.perf_counter_ns() - began)
        taken.extend(mine)
        session.close()

    workers = [threading.Thread(target=work, args=(offset + index * calls,)) for index in range(sessions)]
    for worker in workers:
        worker.start()
    start.wait()
    began = time.perf_counter_ns()
    for worker in workers:
        worker.join()
    elapsed = time.perf_counter_ns() - began
    slow = statistics.quantiles(taken, n=100)[98]
    return Figure(name, calls * sessions * 10**9 // elapsed, int(statistics.median(taken)) // 1000, int(slow) // 1000)
