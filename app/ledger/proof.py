"""Proof: invariants of the books, each a query that returns the rows that break it. No rows is the only good answer."""

from app.core.db import rows

INVARIANTS: dict[str, str] = {
    "journal sums to zero per asset": """
        SELECT journal_id::text AS what FROM ledger.entries GROUP BY journal_id, asset HAVING sum(amount) <> 0""",
    "asset sums to zero over all accounts": """
        SELECT asset AS what FROM ledger.entries GROUP BY asset HAVING sum(amount) <> 0""",
    "journal has the legs its header says": """
        SELECT j.id::text AS what FROM ledger.journals j LEFT JOIN
               (SELECT journal_id, count(*) AS n FROM ledger.entries GROUP BY 1) e ON e.journal_id = j.id
         WHERE j.legs IS DISTINCT FROM e.n""",
    "balance is the sum of its entries": """
        SELECT a.code AS what FROM ledger.balances b JOIN ledger.accounts a ON a.id = b.account_id LEFT JOIN
               (SELECT account_id, coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS debits,
                       coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS credits, count(*) AS n, max(seq) AS last
                  FROM ledger.entries GROUP BY 1) e ON e.account_id = b.account_id
         WHERE (b.debits, b.credits, b.seq, b.seq)
               IS DISTINCT FROM (coalesce(e.debits, 0), coalesce(e.credits, 0),
                                 coalesce(e.n, 0), coalesce(e.last, 0))""",
    "running balance follows the entries": """
        SELECT account_id || '#' || seq AS what FROM
               (SELECT account_id, seq, balance_after, sum(amount) OVER w AS s,
                       booked_at < lag(booked_at) OVER w AS backwards
                  FROM ledger.entries WINDOW w AS (PARTITION BY account_id ORDER BY seq)) x
         WHERE balance_after <> s OR backwards""",
    "held is the sum of open holds": """
        SELECT a.code AS what FROM ledger.balances b JOIN ledger.accounts a ON a.id = b.account_id LEFT JOIN
               (SELECT h.account_id, sum(h.amount) AS s FROM ledger.holds h
                 WHERE NOT EXISTS (SELECT FROM ledger.hold_ends e WHERE e.hold_id = h.id) GROUP BY 1) o
               ON o.account_id = b.account_id
         WHERE b.held <> coalesce(o.s, 0)""",
    "no account is below its floor": """
        SELECT a.code AS what FROM ledger.balances b JOIN ledger.accounts a ON a.id = b.account_id
         WHERE b.side * (b.debits - b.credits) - b.held < b.floor""",
    "entry and account have one asset": """
        SELECT e.journal_id || '/' || e.leg AS what FROM ledger.entries e
          JOIN ledger.accounts a ON a.id = e.account_id WHERE a.asset <> e.asset""",
    "key of a request leads somewhere": """
        SELECT r.key AS what FROM ledger.requests r
         WHERE NOT EXISTS (SELECT FROM ledger.journals j WHERE j.id = r.journal_id)
           AND NOT EXISTS (SELECT FROM ledger.holds h WHERE h.id = r.hold_id)""",
}


def broken(*, limit: int = 20) -> dict[str, list[str]]:
    """The invariants that do not hold, each with up to `limit` rows that break it."""
    found = {name: rows(query)[:limit] for name, query in INVARIANTS.items()}
    return {name: [str(row.what) for row in bad] for name, bad in found.items() if bad}
