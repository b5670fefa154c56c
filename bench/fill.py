"""Books of any size in seconds: rows written as posting would have left them, without going through it.

Every round moves money once between the hot house account and each customer, in an order that differs from round to
round: in at odd rounds, half of it out at even ones. So each row's place in its stripe's history and the balance after
it follow from the journal's number alone, and no row waits for the one before. `ledger.check_entries()` is switched off
for the one INSERT that would hand it millions of rows; proof.py's invariants say whether the books hold.
"""

import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg2 import extensions

from bench.books import HOUSE, STRIPES
from bench.servers import Database

SPAN = timedelta(days=365)  # between the first and the last journal
STRIDE = 7_919  # (a prime: each round takes every customer once)
CUSTOMER = "liability:customer:cus_{number}:NGN"
_OPEN = """
SELECT ledger.open_account('liability:customer:cus_' || g || ':NGN', 'NGN', 0) FROM generate_series(1, %s) g
"""
_PLACES = """
SELECT min(id) FILTER (WHERE code = %s), min(id) FILTER (WHERE code LIKE 'liability:customer:%%'),
       max(id) FILTER (WHERE code LIKE 'liability:customer:%%'), now() - interval '1 hour' - %s
  FROM ledger.accounts
"""
_STEPS = """
SELECT %(base)s + g AS id, g, g %% 1000 = 0 AS dated,
       %(start)s + (g * %(step_us)s) * interval '1 microsecond' AS booked_at,
       (g - 1) %% %(n)s AS p, (g - 1) / %(n)s + 1 AS r
  FROM generate_series(1::bigint, %(journals)s) g
"""
_JOURNALS = f"""
INSERT INTO ledger.journals (id, key, hash, kind, ref, legs, actor, request_id, effective_at, booked_at)
    OVERRIDING SYSTEM VALUE
SELECT x.id, 'bench:' || lpad(x.id::text, 12, '0'), sha256(int8send(x.id)),
       CASE WHEN x.r %% 2 = 1 THEN 'deposit.received' ELSE 'withdrawal.sent' END, 'bench_' || x.g, 2,
       'system:bench', '', CASE WHEN x.dated THEN x.booked_at - interval '2 days' ELSE x.booked_at END, x.booked_at
  FROM ({_STEPS}) x
"""  # noqa: S608 (ours)
# What a customer has after r rounds is 20,000 for each odd one less 10,000 for each even one.
_ENTRIES = f"""
INSERT INTO ledger.entries (journal_id, leg, account_id, stripe, asset, amount, seq, balance_after, effective_at,
                            booked_at)
SELECT y.id, l.leg, l.account_id, l.stripe, 'NGN', l.amount, l.seq, l.balance,
       CASE WHEN y.dated THEN y.booked_at - interval '2 days' ELSE y.booked_at END, y.booked_at
  FROM (SELECT x.*, x.p %% %(stripes)s AS s, x.p / %(stripes)s + 1 AS nth,
               (%(n)s + %(stripes)s - 1 - x.p %% %(stripes)s) / %(stripes)s AS per_round,
               CASE WHEN x.r %% 2 = 1 THEN 20000 ELSE -10000 END AS units,
               20000 * (x.r / 2) - 10000 * ((x.r - 1) / 2) AS before
          FROM ({_STEPS}) x) y
 CROSS JOIN LATERAL (VALUES
       (1, %(house)s, y.s, y.units, (y.r - 1) * y.per_round + y.nth, y.before * y.per_round + y.units * y.nth),
       (2, %(first)s + (y.p * %(stride)s + y.r * 104729) %% %(n)s, 0, -y.units, y.r, -(y.before + y.units))
       ) l (leg, account_id, stripe, amount, seq, balance)
"""  # noqa: S608 (ours)
_BALANCES = """
UPDATE ledger.balances b SET debits = e.debits, credits = e.credits, seq = e.n, booked_at = e.booked_at
  FROM (SELECT account_id, stripe, coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS debits, count(*) AS n,
               coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS credits, max(booked_at) AS booked_at
          FROM ledger.entries GROUP BY 1, 2) e
 WHERE b.account_id = e.account_id AND b.stripe = e.stripe
"""
_INDEXES = """
SELECT format('%I.%I', schemaname, indexname), replace(indexdef, ' ON ONLY ', ' ON ') FROM pg_indexes
 WHERE schemaname = 'ledger' AND tablename IN ('journals', 'entries') AND indexname LIKE 'ix\\_%'
"""


@dataclass(frozen=True)
class Filled:
    """Books with so many entries, booked from `start` on, the last at `end`."""

    database: Database
    entries: int
    customers: int
    start: datetime
    end: datetime

    @property
    def rounds(self) -> int:
        """Entries of each customer."""
        return self.entries // 2 // self.customers


def fill(database: Database, *, entries: int, customers: int) -> Filled:
    """Fill new books with `entries`, rounded up to whole rounds of all customers."""
    rounds = -(-entries // (2 * customers))
    journals = rounds * customers
    with closing(database.connect()) as session, session.cursor() as cursor:
        cursor.execute("SELECT ledger.open_account(%s, 'NGN', NULL, %s)", (HOUSE, STRIPES))
        cursor.execute(_OPEN, (customers,))
        cursor.execute(_PLACES, (HOUSE, SPAN))
        house, first, last, start = cursor.fetchone() or (0, 0, 0, None)
        if last - first + 1 != customers or customers % STRIDE == 0:
            raise RuntimeError("customers' accounts must have consecutive ids, and not be a multiple of the stride")
        cursor.execute(
            "SELECT setval('ledger.journals_id_seq', last_value + %s) - %s FROM ledger.journals_id_seq", 2 * (journals,)
        )
        (base,) = cursor.fetchone() or (0,)
        step_us = SPAN // timedelta(microseconds=1) // journals
        places = {
            "base": base, "start": start, "step_us": step_us, "n": customers, "journals": journals,
            "stripes": STRIPES, "house": house, "first": first, "stride": STRIDE,
        }  # fmt: skip
        _write(database, cursor, places)
    return Filled(database, 2 * journals, customers, start, start + timedelta(microseconds=step_us * journals))


def _write(database: Database, cursor: extensions.cursor, places: dict[str, Any]) -> None:
    """Both tables at once, without the indexes that would be filled row by row; those afterwards."""
    cursor.execute(_INDEXES)
    indexes: Sequence[tuple[str, str]] = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    cursor.execute("ALTER TABLE ledger.entries DISABLE TRIGGER balanced")
    _side_by_side(database, [_JOURNALS, _ENTRIES], places)
    cursor.execute("ALTER TABLE ledger.entries ENABLE ALWAYS TRIGGER balanced")
    cursor.execute("SET maintenance_work_mem = '512MB'")
    for _, definition in indexes:
        cursor.execute(definition)
    cursor.execute(_BALANCES)
    cursor.execute("VACUUM ANALYZE ledger.journals, ledger.entries, ledger.balances, ledger.accounts")
    cursor.execute("CHECKPOINT")


def _side_by_side(database: Database, statements: list[str], places: dict[str, Any]) -> None:
    """Each statement in a session of its own. Raises what the first that failed raised."""
    broke: list[Exception] = []

    def work(statement: str) -> None:
        try:
            with closing(database.connect()) as session, session.cursor() as cursor:
                cursor.execute(statement, places)
        except Exception as error:  # noqa: BLE001 (raised again where it is noticed)
            broke.append(error)

    threads = [threading.Thread(target=work, args=(statement,)) for statement in statements]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broke:
        raise broke[0]
