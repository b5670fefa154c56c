"""Accounts to move money between, and the script that does: two legs, random pairs, a key never used before.

pgbench reads `:name` even inside a string, so the colons of codes and keys are written as escapes.
"""

from contextlib import closing

from bench.servers import Database, Ground

STRIPES = 32
CUSTOMER = "liability:bench:{number}:NGN"
HOUSE = "asset:bench:NGN"
# An overdraft that no run uses up: the floor is looked at in every posting and never refuses one.
FLOOR_UNITS = -(10**18)
_OPEN = "SELECT ledger.open_account('liability:bench:' || g || ':NGN', 'NGN', %s) FROM generate_series(1, %s) g"
_OPEN_HOUSE = "SELECT ledger.open_account(%s, 'NGN', NULL, %s)"
_ANY = r"""
\set a random(1, :accounts)
\set b 1 + (:a - 1 + random(1, :accounts - 1)) % :accounts
\set units random(1, 100000)
\set n :n + 1
SELECT * FROM ledger.post(
    E'bench\x3a' || :stamp || E'\x3a' || :client_id || E'\x3a' || :n, 'bench.moved', 'bench',
    ARRAY[DEBITED, E'liability\x3abench\x3a' || :b || E'\x3aNGN'],
    ARRAY[CAST(:units AS numeric), - CAST(:units AS numeric)], NULL, '{}');
"""
POST = _ANY.replace("DEBITED", r"E'liability\x3abench\x3a' || :a || E'\x3aNGN'")
POST_HOT = _ANY.replace("DEBITED", r"E'asset\x3abench\x3aNGN'")


def open_books(on: Ground, *, accounts: int) -> Database:
    """New books with so many accounts that have a floor, and one hot house account."""
    database = on.books()
    with closing(database.connect()) as session, session.cursor() as cursor:
        cursor.execute(_OPEN, (FLOOR_UNITS, accounts))
        cursor.execute(_OPEN_HOUSE, (HOUSE, STRIPES))
        cursor.execute("VACUUM ANALYZE ledger.accounts, ledger.balances")
        cursor.execute("CHECKPOINT")
    return database
