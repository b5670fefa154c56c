"""An outside account of any size with its truth known: every kind of match, and every kind of break, planted by number.

Of each thousand numbers: 790 lines with the teller's id, 80 entries in pairs of amount and fee under one reference, 50
without any reference, 40 lines in batches of ten, 30 more with ids; and one break of each kind. Amounts follow from the
number and the seed. Nothing here is posted: rows are written as posting and importing would leave them.
"""

from contextlib import closing
from dataclasses import dataclass
from typing import Any

from bench.servers import Database

ACCOUNT, SOURCE = "asset:bank:bench:NGN", "src_bench"
BREAKS = {
    "missing_in_statement": 790,
    "missing_in_ledger": 791,
    "amount_mismatch": 792,
    "duplicate_entry": 793,
    "duplicate_line": 794,
    "fee_variance": 795,
    "timing": 796,
    "fx_rounding": 797,
    "not_covered": 798,
    "restated": 799,
    "unknown_type": 0,
    "statement_does_not_tie": 1,
    "sequence_gap": 2,
}
TOLERANCE = "0.05"  # naira
FIRST, LAST = "2026-01-01 00:00:00+00", "2026-01-31 00:00:00+00"
# What happens at each number: k is its kind, `amount` in kobo, `name` what both sides call it.
_NUMBERS = """
CREATE TEMP TABLE numbers AS
SELECT n.*, sum(amount) OVER (PARTITION BY g / 10) AS batch FROM (
SELECT g, mod(g, 1000) AS k, 1000 + (hashint8extended(g, %(seed)s) & 536870911) AS amount,
       md5(g || '/' || %(seed)s) AS name,
       100 + (hashint8extended(g / 2, %(seed)s) & 1023) AS fee,
       timestamptz '2026-01-01 00:00:00+00' + g * (interval '30 days' / %(n)s) AS at
  FROM generate_series(0::bigint, %(n)s - 1) g) n
"""
# (Entries are booked one after the other, as running balances need it; when each takes effect is another matter.)
_BOOKED = """
CREATE TEMP TABLE booked AS
SELECT g AS id, at AS booked_at,
       at + CASE k WHEN 796 THEN interval '40 days' WHEN 798 THEN interval '-60 days' ELSE interval '0' END AS at,
       CASE WHEN k BETWEEN 800 AND 879 THEN 'dep_' || md5((g / 2) || '/' || %(seed)s)
            WHEN k BETWEEN 930 AND 969 THEN 'set_' || g / 10 ELSE 'our_' || name END AS ref,
       CASE WHEN k < 800 AND k <> 795 OR k >= 970 THEN 'T' || name END AS told,
       CASE WHEN k BETWEEN 800 AND 879 AND mod(g, 2) = 1 THEN -fee
            WHEN k BETWEEN 930 AND 969 THEN batch
            WHEN k = 795 THEN -amount ELSE amount END AS amount
  FROM numbers WHERE k <> 791 AND NOT (k BETWEEN 930 AND 969 AND mod(g, 10) <> 0)
UNION ALL SELECT %(n)s + g, %(last)s, at, 'our_' || name, 'T' || name, amount FROM numbers WHERE k = 793
UNION ALL SELECT %(n)s + g, %(last)s, at, 'our_' || name, NULL, -fee FROM numbers WHERE k = 795
"""
_TOLD = """
CREATE TEMP TABLE told AS
SELECT g, 1 AS occurrence, at + CASE WHEN k BETWEEN 880 AND 929 THEN interval '3 hours' ELSE interval '0' END AS at,
       CASE WHEN k < 800 AND k NOT IN (794, 795) OR k >= 970 THEN 'T' || name END AS external_id,
       CASE WHEN k = 794 THEN ARRAY['T' || name] WHEN k = 795 THEN ARRAY['our_' || name]
            WHEN k BETWEEN 800 AND 879 THEN ARRAY['dep_' || md5((g / 2) || '/' || %(seed)s)] ELSE '{}' END AS refs,
       CASE WHEN k BETWEEN 930 AND 969 THEN 'set_' || g / 10 END AS group_key,
       CASE WHEN k = 792 THEN amount + 777 WHEN k = 797 THEN amount + 3 WHEN k = 795 THEN -amount - fee - 30
            WHEN k BETWEEN 800 AND 879 THEN amount - fee ELSE amount END AS amount,
       CASE WHEN k = 795 THEN fee + 30 ELSE 0 END AS fee
  FROM numbers WHERE k NOT IN (790, 796, 798) AND NOT (k BETWEEN 800 AND 879 AND mod(g, 2) = 1)
UNION ALL SELECT g, 2, at, NULL, ARRAY['T' || name], NULL, amount, 0 FROM numbers WHERE k = 794
"""
_ROWS = (
    "SET session_replication_role = replica",  # (the lines' import is not there)
    "ALTER TABLE ledger.entries DISABLE TRIGGER balanced",
    """
INSERT INTO ledger.journals (id, key, hash, kind, ref, legs, memo, actor, request_id, effective_at, booked_at)
    OVERRIDING SYSTEM VALUE
SELECT id + 1, 'bench:' || id, sha256(int8send(id)), 'bench.moved', ref, 2,
       CASE WHEN told IS NULL THEN '{}' ELSE jsonb_build_object('told', told) END, 'system:bench', '', at, booked_at
  FROM booked ORDER BY id
""",
    """
INSERT INTO ledger.entries (journal_id, leg, account_id, stripe, asset, amount, seq, balance_after, effective_at,
                            booked_at)
SELECT id + 1, 1, %(account)s, 0, 'NGN', amount, row_number() OVER (ORDER BY id), sum(amount) OVER (ORDER BY id), at,
       booked_at
  FROM booked ORDER BY id
""",
    "ALTER TABLE ledger.entries ENABLE ALWAYS TRIGGER balanced",
    """
UPDATE ledger.balances SET seq = b.n, debits = b.more, credits = b.less, booked_at = %(last)s
  FROM (SELECT count(*) AS n, sum(amount) FILTER (WHERE amount > 0) AS more,
               -sum(amount) FILTER (WHERE amount < 0) AS less FROM booked) b WHERE account_id = %(account)s
""",
    """
INSERT INTO statement_lines (source_id, import_id, part, row_no, external_id, identity, occurrence, at, booked_on,
                             account, asset, delta, fee, fee_asset, kind, group_key, refs, counterparty, narration, raw)
SELECT %(source)s, 'imp_bench', 1, g, external_id, sha256(int8send(g)), occurrence, at, at::date, 'bench', 'NGN',
       amount * 0.01, fee * 0.01, 'NGN', 'payment', group_key, refs, '', 'NIP TRANSFER', '{}'
  FROM told ORDER BY g, occurrence
""",
    """
INSERT INTO statement_imports (id, source_id, name, sha256, format, format_version, rows_total, rows_lines,
                               rows_ignored, rows_rejected, lines_total, lines_added, lines_known, lines_restated,
                               imported_at)
SELECT 'imp_bench', %(source)s, 'bench.csv', sha256('bench'), 'bank-csv', 1, n + b, n, 0, b, n + b, n, 0, b, %(last)s
  FROM (SELECT count(*) AS n, %(n)s / 1000 AS b FROM told) t
""",
    """
INSERT INTO statement_rows (import_id, row_no, outcome, reason, column_name, line_id, delta, fee, at, booked_on, raw)
SELECT 'imp_bench', l.row_no, 'restated', 'told otherwise', '', l.id, l.delta + 1, l.fee, l.at, l.booked_on, json '{}'
  FROM statement_lines l WHERE mod(l.row_no, 1000) = 799
UNION ALL
SELECT 'imp_bench', g, 'rejected', 'unknown', 'kind', NULL, NULL, NULL, NULL, NULL, json '{}' FROM numbers WHERE k = 0
""",
    # (files of accounts of their own, long before: one does not tie, one does not begin where it ended the day before)
    """
INSERT INTO statement_imports (id, source_id, name, sha256, format, format_version, rows_total, rows_lines,
                               rows_ignored, rows_rejected, lines_total, lines_added, lines_known, lines_restated,
                               imported_at)
SELECT 'imp_' || g, %(source)s, g || '.csv', sha256(int8send(g)), 'bank-csv', 1, 0, 0, 0, 0, 0, 0, 0, 0, %(last)s
  FROM numbers WHERE k IN (1, 2)
""",
    """
INSERT INTO statement_parts (import_id, part, ref, account, asset, opening, closing, moved, period_from, period_to,
                             gaps, untied)
SELECT 'imp_' || n.g, v.part, '', 'bench ' || n.g, 'NGN', v.opening, v.closing, v.closing - v.opening - v.untold,
       v.day::date, v.day::date, '{}', ''
  FROM numbers n
  JOIN LATERAL (VALUES (1, n.g, 0, 1, 1, '2025-10-01'), (2, 0, 0, 0, 0, '2025-10-01'), (2, n.g, 2, 2, 0, '2025-10-02'))
       v (k, part, opening, closing, untold, day) ON v.k = n.k
""",
    """
INSERT INTO statement_parts (import_id, part, ref, account, asset, moved, period_from, period_to, gaps, untied)
SELECT 'imp_bench', 1, '', 'bench', 'NGN', sum(amount) * 0.01, min(at)::date - 2, max(at)::date + 2, '{}', '' FROM told
""",
    "RESET session_replication_role",
    "DROP TABLE numbers, booked, told",
)


@dataclass(frozen=True)
class World:
    """How many of either side there are."""

    lines: int
    entries: int


def build(database: Database, *, size: int, seed: int = 7) -> World:
    """Fill new books and statements of one account."""
    with closing(database.connect()) as session, session.cursor() as cursor:
        cursor.execute("SELECT ledger.open_account(%s, 'NGN', NULL, 1)", (ACCOUNT,))
        (account,) = cursor.fetchone() or (0,)
        place: dict[str, Any] = {"n": size, "seed": seed, "account": account, "source": SOURCE, "last": LAST}
        cursor.execute(
            "INSERT INTO statement_sources (id, name, title, format, settings, lag_days, cut_off, created_at)"
            " VALUES (%(source)s, 'bench', 'Bench', 'bank-csv', '{}', 0, '12:00', now())",
            place,
        )
        cursor.execute("ALTER TABLE statement_accounts DISABLE TRIGGER approved")  # (nobody was asked)
        cursor.execute(
            "INSERT INTO statement_accounts (source_id, asset, account, tolerance, created_at)"
            " VALUES (%(source)s, 'NGN', %(code)s, %(tolerance)s, now())",
            {**place, "code": ACCOUNT, "tolerance": TOLERANCE},
        )
        cursor.execute("ALTER TABLE statement_accounts ENABLE ALWAYS TRIGGER approved")
        for statement in (_NUMBERS, _BOOKED, _TOLD):
            cursor.execute(statement, place)
        for statement in _ROWS:
            cursor.execute(statement, place)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT (SELECT count(*) FROM statement_lines), (SELECT count(*) FROM ledger.entries)")
        lines, entries = cursor.fetchone() or (0, 0)
    return World(lines, entries)
