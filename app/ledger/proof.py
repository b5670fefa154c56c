"""Proof: invariants of the books, each a query that returns the rows that break it. No rows is the only good answer."""

from app.core.db import rows

INVARIANTS: dict[str, str] = {
    "journal sums to zero per asset": """
        SELECT journal_id::text AS what FROM ledger.entries GROUP BY journal_id, asset HAVING sum(amount) <> 0""",
    "asset sums to zero over all accounts": """
        SELECT asset AS what FROM ledger.entries GROUP BY asset HAVING sum(amount) <> 0""",
    "journal has the legs its header says": """
        SELECT coalesce(j.id, e.journal_id)::text AS what FROM ledger.journals j FULL JOIN
               (SELECT journal_id, count(*) AS n, min(leg) AS first, max(leg) AS last,
                       count(DISTINCT (effective_at, booked_at)) AS times, min(effective_at) AS effective_at,
                       min(booked_at) AS booked_at FROM ledger.entries GROUP BY 1) e ON e.journal_id = j.id
         WHERE (j.legs::bigint, 1, j.legs, 1::bigint, j.effective_at, j.booked_at)
               IS DISTINCT FROM (e.n, e.first, e.last, e.times, e.effective_at, e.booked_at)""",
    "balance is the sum of its entries": """
        SELECT b.code || '/' || b.stripe AS what FROM ledger.balances b FULL JOIN
               (SELECT account_id, stripe, coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS debits,
                       coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS credits, count(*) AS n, max(seq) AS last,
                       max(booked_at) AS booked_at
                  FROM ledger.entries GROUP BY 1, 2) e ON e.account_id = b.account_id AND e.stripe = b.stripe
         WHERE (b.debits, b.credits, b.seq, b.seq, b.booked_at)
               IS DISTINCT FROM (coalesce(e.debits, 0), coalesce(e.credits, 0), coalesce(e.n, 0), coalesce(e.last, 0),
                                 coalesce(e.booked_at, '-infinity'))""",
    "running balance follows the entries": """
        SELECT account_id || '/' || stripe || '#' || seq AS what FROM
               (SELECT account_id, stripe, seq, balance_after, sum(amount) OVER w AS s, row_number() OVER w AS n,
                       booked_at < lag(booked_at) OVER w AS backwards
                  FROM ledger.entries WINDOW w AS (PARTITION BY account_id, stripe ORDER BY seq)) x
         WHERE balance_after <> s OR seq <> n OR backwards""",
    "held is what remains of holds": """
        SELECT b.code AS what FROM ledger.balances b LEFT JOIN
               (SELECT account_id, sum(remaining) AS s FROM ledger.holds WHERE remaining > 0 GROUP BY 1) o
               ON o.account_id = b.account_id
         WHERE b.held <> coalesce(CASE WHEN b.stripe = 0 THEN o.s END, 0)""",
    "hold is its parts and what remains": """
        SELECT h.id::text AS what FROM ledger.holds h LEFT JOIN
               (SELECT hold_id, sum(amount) AS s, count(*) AS n, max(part) AS last,
                       bool_or((outcome = 'captured') <> (journal_id IS NOT NULL)) AS loose
                  FROM ledger.hold_parts GROUP BY 1) p ON p.hold_id = h.id
         WHERE h.amount <> h.remaining + coalesce(p.s, 0) OR p.n <> p.last OR p.loose OR h.remaining < 0""",
    "captured part has its journal": """
        SELECT p.hold_id || '/' || p.part AS what FROM ledger.hold_parts p JOIN ledger.holds h ON h.id = p.hold_id
          LEFT JOIN ledger.balances b ON b.account_id = h.account_id AND b.stripe = 0
         WHERE p.outcome = 'captured' AND p.amount IS DISTINCT FROM
               (SELECT -b.side * sum(e.amount) FROM ledger.entries e
                 WHERE e.journal_id = p.journal_id AND e.account_id = h.account_id)""",
    "no account is below its floor": """
        SELECT b.code AS what FROM ledger.balances b WHERE b.side * (b.debits - b.credits) - b.held < b.floor""",
    "closed account is empty": """
        SELECT code AS what FROM ledger.balances WHERE closed
         GROUP BY code HAVING sum(debits - credits) <> 0 OR sum(held) <> 0 OR NOT bool_and(no_debits AND no_credits)""",
    "entry and account have one asset": """
        SELECT e.journal_id || '/' || e.leg AS what
          FROM ledger.entries e LEFT JOIN ledger.accounts a ON a.id = e.account_id
         WHERE a.asset IS DISTINCT FROM e.asset""",
    "balance and account agree": """
        SELECT a.code AS what FROM ledger.accounts a LEFT JOIN ledger.balances b ON b.account_id = a.id
         GROUP BY a.id HAVING count(b.stripe) <> a.stripes OR max(b.stripe) <> a.stripes - 1
             OR bool_or((b.code, b.asset, b.stripes, b.side) IS DISTINCT FROM
                        (a.code, a.asset, a.stripes, CASE WHEN a.class IN ('asset', 'expense') THEN 1 ELSE -1 END))
             OR (a.stripes > 1 AND bool_or(b.floor IS NOT NULL))""",
    "reversal mirrors its journal": """
        SELECT r.id::text AS what FROM ledger.journals r WHERE r.reverses IS NOT NULL AND
               (SELECT array_agg((e.account_id, -e.amount::numeric) ORDER BY e.leg)
                  FROM ledger.entries e WHERE e.journal_id = r.id)
               IS DISTINCT FROM
               (SELECT array_agg((e.account_id, e.amount::numeric) ORDER BY e.leg)
                  FROM ledger.entries e WHERE e.journal_id = r.reverses)
         UNION ALL
        SELECT c.id::text FROM ledger.journals c WHERE c.corrects IS NOT NULL
           AND NOT EXISTS (SELECT FROM ledger.journals j WHERE j.id = c.corrects)""",
    "closed month is as it was written down": """
        SELECT p.month || ' ' || a.code AS what FROM ledger.periods p
          CROSS JOIN LATERAL ledger.effective_balances(p.ends_at) n JOIN ledger.accounts a ON a.id = n.account_id
          LEFT JOIN ledger.period_balances b ON b.month = p.month AND b.account_id = n.account_id AND b.nth = p.nth
         WHERE p.state = 'closed' AND n.balance <> coalesce(b.balance, 0)""",
}

_BROKEN = {name: f"SELECT what FROM ({query}) broken LIMIT :limit" for name, query in INVARIANTS.items()}  # noqa: S608


def broken(*, limit: int = 20) -> dict[str, list[str]]:
    """The invariants that do not hold, each with up to `limit` rows that break it."""
    found = {name: rows(query, limit=limit) for name, query in _BROKEN.items()}
    return {name: [str(row.what) for row in bad] for name, bad in found.items() if bad}
