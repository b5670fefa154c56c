"""What an account had before the first of its statements: a line like any other, so that told is the teller's balance.

An account is told from the first statement that says its balances. That one's opening balance, less what other files
told of before it and what another source told that this one goes on with, is a line of the evening before. Where an
earlier statement comes, or more is told of before it, the line is taken back by another, and there is one of the new
beginning: nothing that was told is changed.
"""

from sqlalchemy import Connection, text

from app.statements.models import Source

# Of the accounts that a file tells of, the first day that any statement says the balance of, but for one that does not
# tie and was mended by a sound one; and what stands there. Of several of one day, that which tells the earliest line.
_TELL = """
WITH RECURSIVE chain AS (
    SELECT s.continues AS id FROM statement_sources s WHERE s.id = :source
     UNION SELECT s.continues FROM chain c JOIN statement_sources s ON s.id = c.id
), own AS (
    SELECT DISTINCT p.account, p.asset FROM statement_parts p WHERE p.import_id = :import
), parts AS (
    SELECT p.*, least(p.period_from, p.period_to) AS day, greatest(p.period_from, p.period_to) AS last,
           p.closing - p.opening = p.moved AND p.gaps = '{}' AS sound
      FROM own o JOIN statement_imports i ON i.source_id = :source
      JOIN statement_parts p ON p.import_id = i.id AND (p.account, p.asset) = (o.account, o.asset)
     WHERE p.opening IS NOT NULL AND p.closing IS NOT NULL AND p.untied = '' AND p.period_from IS NOT NULL
       AND p.period_to IS NOT NULL
), beginnings AS (
    SELECT p.*, min(p.day) OVER (PARTITION BY p.account, p.asset) AS first
      FROM parts p
     WHERE p.sound OR NOT EXISTS (
           SELECT FROM parts x WHERE (x.account, x.asset) = (p.account, p.asset) AND x.sound
              AND x.import_id > p.import_id AND x.day <= p.day AND x.last >= p.last)
), firsts AS (
    SELECT DISTINCT ON (b.account, b.asset) b.account, b.asset, b.import_id, b.part, b.opening, b.day
      FROM beginnings b
      LEFT JOIN LATERAL (
           SELECT min(l.at) AS at FROM statement_lines l
            WHERE l.source_id = :source AND l.asset = b.asset AND l.at < (b.day + 2)::timestamp AT TIME ZONE :zone
              AND (l.import_id, l.part, l.basis) = (b.import_id, b.part, 'row')) l ON true
     WHERE b.day = b.first
     ORDER BY b.account, b.asset, l.at NULLS LAST, b.sound DESC, b.import_id, b.part
), wanted AS (
    SELECT f.account, f.asset, f.day - 1 AS booked_on,
           f.opening - coalesce((SELECT sum(l.delta) FROM statement_lines l
                                  WHERE l.source_id = :source AND (l.account, l.asset) = (f.account, f.asset)
                                    AND l.basis <> 'opening' AND l.booked_on < f.day
                                    AND l.at < (f.day + 2)::timestamp AT TIME ZONE :zone), 0)
           - CASE WHEN row_number() OVER (PARTITION BY f.asset ORDER BY f.day, f.account) > 1 THEN 0
                  ELSE coalesce((SELECT sum(l.delta) FROM chain c
                                   JOIN statement_lines l ON l.source_id = c.id AND l.asset = f.asset
                                    AND l.booked_on < f.day), 0) END AS amount
      FROM firsts f
), there AS (
    SELECT l.account, l.asset, l.booked_on, sum(l.delta) AS amount, max(l.occurrence) AS nth
      FROM statement_lines l JOIN firsts f ON (f.account, f.asset) = (l.account, l.asset)
     WHERE l.source_id = :source AND l.basis = 'opening' GROUP BY 1, 2, 3
), lacking AS (
    SELECT account, asset, booked_on, coalesce(w.amount, 0) - coalesce(t.amount, 0) AS amount,
           coalesce(t.nth, 0) + 1 AS nth
      FROM wanted w FULL JOIN there t USING (account, asset, booked_on)
)
INSERT INTO statement_lines (source_id, import_id, part, row_no, identity, occurrence, at, booked_on, account, asset,
                             delta, fee, fee_asset, kind, group_key, refs, counterparty, narration, raw, basis)
SELECT :source, f.import_id, f.part, 0,
       sha256(convert_to(concat_ws(E'\\t', 'opening', n.account, n.asset, n.booked_on), 'UTF8')), n.nth,
       (n.booked_on + 1)::timestamp AT TIME ZONE :zone - interval '1 second', n.booked_on, n.account, n.asset,
       n.amount, 0, n.asset, 'opening balance', concat_ws(' ', 'opening', n.booked_on, n.account), '{}', '',
       'Opening balance', '{}', 'opening'
  FROM lacking n JOIN firsts f USING (account, asset) WHERE n.amount <> 0
"""


def tell(connection: Connection, source: Source, *, import_id: str) -> None:
    """Have the opening balances of a file's accounts be what their statements say. The source must be locked."""
    connection.execute(text(_TELL), {"source": source.id, "import": import_id, "zone": source.zone})
