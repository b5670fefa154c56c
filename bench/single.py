"""Posting one journal of two legs at a time, by many sessions: in SQL and through the Python API.

The floor is the barest transfer: two balances, one line of history; no key, no legs, no guard. pgbench's tpcb-like does
three updates, one of them on a few hot rows, and one line of history.
"""

import os
import sys
from contextlib import closing

from bench import pgbench, table
from bench.books import POST, open_books
from bench.crowd import crowd
from bench.rounds import Pace, interleave
from bench.servers import Database, Ground
from bench.table import Line

_BARE_TABLES = """
CREATE SCHEMA bench;
CREATE TABLE bench.balances (id integer PRIMARY KEY, units numeric NOT NULL) WITH (fillfactor = 50);
CREATE TABLE bench.history (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, debited integer NOT NULL,
    credited integer NOT NULL, units numeric NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
INSERT INTO bench.balances SELECT g, 0 FROM generate_series(1, %(accounts)s) g;
CREATE FUNCTION bench.transfer(p_debited integer, p_credited integer, p_units numeric) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE v_id bigint; BEGIN
    UPDATE bench.balances SET units = units + CASE id WHEN p_debited THEN p_units ELSE -p_units END
     WHERE id = least(p_debited, p_credited);
    UPDATE bench.balances SET units = units + CASE id WHEN p_debited THEN p_units ELSE -p_units END
     WHERE id = greatest(p_debited, p_credited);
    INSERT INTO bench.history (debited, credited, units) VALUES (p_debited, p_credited, p_units) RETURNING id INTO v_id;
    RETURN v_id;
END $$;
GRANT USAGE ON SCHEMA bench TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA bench TO PUBLIC;
"""
_BARE = r"""
\set a random(1, :accounts)
\set b 1 + (:a - 1 + random(1, :accounts - 1)) % :accounts
\set units random(1, 100000)
SELECT bench.transfer(CAST(:a AS integer), CAST(:b AS integer), :units);
"""
_SQL, _FLOOR, _TPCB, _API = "ledger.post", "bare transfer", "pgbench tpcb-like", "posting.post()"


def measure(on: Ground, pace: Pace) -> list[Line]:
    """Rates beside the floor, pgbench's own script, and our own Python."""
    books, plain = open_books(on, accounts=pace.accounts), on.empty()
    _make_plain(plain, pace)

    def rate(database: Database, script: str) -> float:
        return pgbench.rate(database, script, clients=pace.clients, seconds=pace.seconds, accounts=pace.accounts)

    session = [sys.executable, "-m", "bench.session", str(pace.accounts)]
    with crowd(session, size=pace.clients, environment={**os.environ, "BENCH_URL": books.app_url}) as api:
        figures = interleave(
            {
                _SQL: lambda: rate(books, POST),
                _FLOOR: lambda: rate(plain, _BARE),
                _TPCB: lambda: rate(plain, "builtin:tpcb-like"),
                _API: lambda: api.rate(pace.seconds),
            },
            rounds=pace.rounds,
        )
    of = f"{pace.clients} clients"
    return [
        table.at_least(0.6, f"single posting in SQL, {of}", figures, ours=_SQL, beside=_FLOOR),
        table.at_least(1.0, f"single posting in SQL, {of}", figures, ours=_SQL, beside=_TPCB),
        table.at_least(0.5, f"posting.post(), {pace.clients} processes", figures, ours=_API, beside=_SQL),
    ]


def _make_plain(plain: Database, pace: Pace) -> None:
    pgbench.make_tables(plain, scale=pace.peer_scale)
    with closing(plain.connect()) as session, session.cursor() as cursor:
        cursor.execute(_BARE_TABLES, {"accounts": pace.accounts})
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
