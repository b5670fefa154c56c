-- Reads that look at the last entry of every stripe. Planned for an unknown account, PostgreSQL takes each stripe for a
-- row or two and sorts its whole history; without sorts it walks the index from its end.

-- The balance of an account (on its normal side) after what was booked up to a moment; no row for an unknown account.
CREATE FUNCTION ledger.balance_at(p_code text, p_at timestamptz) RETURNS SETOF numeric
    LANGUAGE plpgsql STABLE SET search_path = ledger, pg_temp SET enable_sort = off SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT sum(b.side * coalesce(e.balance_after, 0))
      FROM balances b LEFT JOIN LATERAL (
           SELECT x.balance_after FROM entries x
            WHERE x.account_id = b.account_id AND x.stripe = b.stripe AND x.booked_at <= p_at
            ORDER BY x.booked_at DESC, x.seq DESC LIMIT 1) e ON true
     WHERE b.code = p_code HAVING count(*) > 0;
END $$;

-- What every stripe of every account held (debits - credits) of what was booked before a moment.
CREATE FUNCTION ledger.balances_before(p_at timestamptz) RETURNS TABLE (account_id bigint, stripe smallint, code text, asset text, balance numeric)
    LANGUAGE plpgsql STABLE SET search_path = ledger, pg_temp SET enable_sort = off SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN QUERY
    SELECT b.account_id, b.stripe, b.code, b.asset, coalesce(e.balance_after, 0)
      FROM balances b LEFT JOIN LATERAL (
           SELECT x.balance_after FROM entries x
            WHERE x.account_id = b.account_id AND x.stripe = b.stripe AND x.booked_at < p_at
            ORDER BY x.booked_at DESC, x.seq DESC LIMIT 1) e ON true;
END $$;

-- The balance of every account of what took effect before a moment: what was booked by then, with the entries booked
-- later that took effect before, without those booked before that took effect later.
CREATE FUNCTION ledger.effective_balances(p_at timestamptz) RETURNS TABLE (account_id bigint, balance numeric)
    LANGUAGE plpgsql STABLE SET search_path = ledger, pg_temp SET jit = off AS $$
BEGIN
    RETURN QUERY
    SELECT b.account_id, sum(b.balance) + coalesce((
               SELECT sum(CASE WHEN d.booked_at >= p_at THEN d.amount ELSE -d.amount END) FROM entries d
                WHERE d.account_id = b.account_id AND d.effective_at <> d.booked_at
                  AND (d.effective_at < p_at) <> (d.booked_at < p_at)), 0)
      FROM ledger.balances_before(p_at) b GROUP BY b.account_id;
END $$;

-- A page of an account's statement, newest first: the entries before a cursor (time, position, stripe) and from a time
-- on, each with the whole account's balance after it. Every stripe gives its newest lines; the first of each tells what
-- the stripe held there, and from their sum the page counts down.
CREATE FUNCTION ledger.statement_page(p_code text, p_time timestamptz, p_seq bigint, p_stripe smallint, p_since timestamptz, p_limit integer)
    RETURNS TABLE (journal_id bigint, stripe smallint, seq bigint, asset text, amount numeric, balance numeric,
                   effective_at timestamptz, booked_at timestamptz)
    LANGUAGE plpgsql STABLE ROWS 100 SET search_path = ledger, pg_temp SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_account record;
    v_rows entries[] := '{}';
    v_held numeric := 0;
    v_part entries[];
    s integer;
BEGIN
    SELECT b.account_id, b.stripes, b.side INTO v_account FROM balances b WHERE b.code = p_code AND b.stripe = 0;
    FOR s IN 0..coalesce(v_account.stripes, 0) - 1 LOOP
        v_part := ledger.stripe_page(v_account.account_id, s::smallint, p_time, p_seq, p_stripe, p_limit);
        v_rows := v_rows || v_part;
        v_held := v_held + coalesce((v_part[1]).balance_after, 0);
    END LOOP;
    RETURN QUERY
    SELECT r.journal_id, r.stripe, r.seq, r.asset, v_account.side * r.amount,
           v_account.side * (v_held - coalesce(sum(r.amount) OVER (ORDER BY r.booked_at DESC, r.seq DESC, r.stripe DESC
                                               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)),
           r.effective_at, r.booked_at
      FROM unnest(v_rows) r
     WHERE r.booked_at >= p_since  -- (older lines come after those of the page and change none of their balances)
     ORDER BY r.booked_at DESC, r.seq DESC, r.stripe DESC LIMIT p_limit;
END $$;

-- A stripe's newest entries before a cursor.
CREATE FUNCTION ledger.stripe_page(p_account bigint, p_of smallint, p_time timestamptz, p_seq bigint, p_stripe smallint, p_limit integer)
    RETURNS ledger.entries[]
    LANGUAGE plpgsql STABLE SET search_path = ledger, pg_temp SET enable_sort = off SET enable_seqscan = off AS $$
BEGIN
    RETURN ARRAY(
        SELECT x FROM entries x
         WHERE x.account_id = p_account AND x.stripe = p_of AND x.booked_at <= p_time
           AND (x.booked_at, x.seq, x.stripe) < (p_time, p_seq, p_stripe)
         ORDER BY x.booked_at DESC, x.seq DESC LIMIT p_limit);
END $$;
