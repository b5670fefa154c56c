-- What was told of which days, looked up when it is asked: an entry whose day nobody told of is not missing.

-- Up to when all sources of an account have told, at some time, and what of the time before. A day is told of where a
-- statement of the source covers it and it is due: until then more of it may come. A source counts from its first
-- statement on, to its retirement.
CREATE FUNCTION matching_coverage(p_account text, p_at timestamptz)
    RETURNS TABLE (until timestamptz, covered tstzmultirange) LANGUAGE sql STABLE ROWS 1 SET search_path = public, pg_temp AS $$
WITH days AS (
    SELECT s.id, s.asset, s.zone, s.retired_at,
           (p_at AT TIME ZONE s.zone)::date - s.lag_days - ((p_at AT TIME ZONE s.zone)::time < s.cut_off)::integer + 1
               AS due,
           range_agg(d.days) AS told
      FROM (SELECT i.id, a.asset, i.lag_days, i.cut_off, i.retired_at,
                   coalesce(nullif(i.settings->>'zone', ''), 'UTC') AS zone
              FROM statement_accounts a JOIN statement_sources i ON i.id = a.source_id WHERE a.account = p_account) s
      JOIN statement_days d ON d.source_id = s.id AND (d.tells_all OR d.asset = s.asset)
     GROUP BY s.id, s.asset, s.zone, s.retired_at, s.lag_days, s.cut_off
), own AS (
    SELECT lower(d.told)::timestamp AT TIME ZONE d.zone AS since,
           CASE WHEN d.retired_at IS NULL THEN least(upper(d.told), d.due)::timestamp AT TIME ZONE d.zone
                ELSE 'infinity' END AS until,
           (SELECT range_agg(tstzrange(lower(t)::timestamp AT TIME ZONE d.zone, upper(t)::timestamp AT TIME ZONE d.zone))
              FROM unnest(d.told) t) + tstzmultirange(tstzrange(coalesce(d.retired_at, 'infinity'), 'infinity')) AS told
      FROM days d
)
SELECT coalesce(min(o.until), '-infinity'),
       coalesce(range_intersect_agg(o.told + tstzmultirange(tstzrange('-infinity', o.since)))
                    * tstzmultirange(tstzrange(min(o.since), 'infinity')), '{}')
  FROM own o
$$;

-- Why an entry is open, or whatever was noted of it.
CREATE FUNCTION break_reason(p_noted text, p_at timestamptz, p_until timestamptz, p_covered tstzmultirange)
    RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT CASE WHEN p_noted NOT IN ('missing_in_statement', 'duplicate_entry') THEN p_noted
            WHEN p_at >= p_until THEN 'timing'
            WHEN NOT p_covered @> p_at THEN 'not_covered'
            ELSE p_noted END
$$;

-- The same the other way round, for an index by what was noted and by time: where breaks of these reasons are.
CREATE FUNCTION break_spans(p_account text, p_at timestamptz, p_reasons text[])
    RETURNS TABLE (reason text, noted text, since timestamptz, until timestamptz)
    LANGUAGE sql STABLE ROWS 10 SET search_path = public, pg_temp AS $$
WITH of_entries AS (SELECT unnest(ARRAY['missing_in_statement', 'duplicate_entry']) AS noted)
SELECT w.reason, w.reason, '-infinity'::timestamptz, 'infinity'::timestamptz
  FROM unnest(p_reasons) w (reason)
 WHERE w.reason NOT IN ('timing', 'not_covered', 'missing_in_statement', 'duplicate_entry')
UNION ALL
SELECT v.reason, v.noted, coalesce(lower(v.span), '-infinity'), coalesce(upper(v.span), 'infinity')
  FROM matching_coverage(p_account, p_at) c
 CROSS JOIN LATERAL (
       SELECT 'timing' AS reason, n.noted, tstzrange(c.until, 'infinity') AS span FROM of_entries n
        WHERE c.until < 'infinity'
        UNION ALL
       SELECT n.noted, n.noted, t FROM of_entries n, unnest(c.covered * tstzmultirange(tstzrange(NULL, c.until))) t
        UNION ALL
       SELECT 'not_covered', n.noted, t FROM of_entries n, unnest(tstzmultirange(tstzrange(NULL, c.until)) - c.covered) t
       ) v
 WHERE v.reason = ANY (p_reasons)
$$;
