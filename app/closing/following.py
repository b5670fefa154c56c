"""Statements that follow each other: where one ends the next begins, as each of them says."""

# Of one account at a source, where no day between is untold; what another tells whole is the next of none. Where their
# days overlap, the next begins where the one before ended less what both tell: all of those days, or of these up to the
# last line of the one before, or what one of them added nothing by. Or what the one before knew of those days, as it
# told it: a later one may have added a line, and either may tell one otherwise than it counts. Or it goes on within a
# day, and both tell nothing.
SHEETS = """
WITH told AS (
    SELECT i.source_id, p.account, p.asset, p.import_id, least(p.period_from, p.period_to) AS first,
           greatest(p.period_from, p.period_to) AS last, sum(p.moved) AS moved,
           (array_agg(p.opening ORDER BY p.part))[1] AS opening,
           (array_agg(p.closing ORDER BY p.part DESC))[1] AS closing
      FROM statement_accounts a
      JOIN statement_imports i ON i.source_id = a.source_id
      JOIN statement_parts p ON p.import_id = i.id AND p.asset = a.asset
     WHERE a.account = :account AND p.opening IS NOT NULL AND p.closing IS NOT NULL AND p.period_from <= :last
       AND NOT EXISTS (SELECT FROM statement_parts x JOIN statement_imports y ON y.id = x.import_id
                        WHERE (y.source_id, x.account, x.asset) = (i.source_id, p.account, p.asset)
                          AND x.import_id > p.import_id
                          AND x.period_from <= p.period_from AND x.period_to >= p.period_to
                          AND x.untied = '' AND x.closing - x.opening = x.moved AND x.gaps = '{}')
     GROUP BY 1, 2, 3, 4, 5, 6),
outer_most AS (
    SELECT t.*, max(t.last) OVER (PARTITION BY t.source_id, t.account, t.asset
                                  ORDER BY t.first, t.last DESC, t.import_id DESC
                                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS told_to
      FROM told t),
following AS (
    SELECT t.*, lag(t.closing) OVER own AS closed, lag(t.last) OVER own AS ended, lag(t.import_id) OVER own AS before,
           lag(t.moved) OVER own AS moved_before
      FROM outer_most t WHERE t.told_to IS NULL OR t.last > t.told_to
    WINDOW own AS (PARTITION BY t.source_id, t.account, t.asset ORDER BY t.first)),
compared AS (
    SELECT f.import_id, f.first, f.opening,
           CASE WHEN f.opening IN (f.closed - s.days, f.closed - s.lines, f.closed - s.again,
                                   f.closed - s.known - o.told) THEN f.opening
                ELSE f.closed END AS closed
      FROM following f
      LEFT JOIN LATERAL (
           SELECT coalesce(sum(l.delta) FILTER (WHERE l.booked_on BETWEEN f.first AND f.ended), 0) AS days,
                  coalesce(sum(l.delta) FILTER (WHERE l.booked_on >= f.first AND l.at <= e.at), 0) AS lines,
                  f.moved + f.moved_before - coalesce(sum(l.delta) FILTER (
                       WHERE l.import_id IN (f.import_id, f.before)), 0) AS again,
                  coalesce(sum(l.delta) FILTER (WHERE l.booked_on BETWEEN f.first AND f.ended
                                                  AND l.import_id <= f.before), 0) AS known
             FROM statement_lines l
             LEFT JOIN (SELECT max(m.at) AS at FROM statement_lines m
                         WHERE (m.source_id, m.account, m.asset, m.import_id, m.basis)
                               = (f.source_id, f.account, f.asset, f.before, 'row')) e ON true
            WHERE (l.source_id, l.account, l.asset, l.basis) = (f.source_id, f.account, f.asset, 'row')
           ) s ON f.first <= f.ended AND f.opening <> f.closed
      LEFT JOIN LATERAL (
           SELECT coalesce(sum(r.delta) FILTER (WHERE r.booked_on BETWEEN f.first AND f.ended), 0)
                  - coalesce(sum(l.delta) FILTER (WHERE l.booked_on BETWEEN f.first AND f.ended), 0) AS told
             FROM statement_rows r JOIN statement_lines l ON l.id = r.line_id
            WHERE r.import_id = f.before AND r.outcome = 'restated' AND (l.account, l.asset) = (f.account, f.asset)
           ) o ON f.first <= f.ended AND f.opening <> f.closed
     WHERE f.last >= :first AND (f.first <= f.ended + 1 OR EXISTS (
           SELECT FROM statement_days d WHERE d.source_id = f.source_id AND (d.tells_all OR d.asset = f.asset)
           HAVING range_agg(d.days) @> daterange(f.ended, f.first, '[]'))))
SELECT count(*) AS n, coalesce(sum(c.closed), 0) AS one, coalesce(sum(c.opening), 0) AS other,
       (array_agg(c.import_id ORDER BY c.first) FILTER (WHERE c.opening <> c.closed))[1] AS first
  FROM compared c
"""
