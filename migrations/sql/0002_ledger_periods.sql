-- Closing a month: begin (business may not book into it any more, corrections may), settle (nobody may, and whoever
-- was about to has ended), close (its balances are written down). Each step is a transaction of its own.

CREATE FUNCTION ledger.begin_close(p_month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE v_ends timestamptz := (p_month + interval '1 month') AT TIME ZONE 'Africa/Lagos'; BEGIN
    LOCK TABLE periods IN SHARE ROW EXCLUSIVE MODE;  -- one at a time
    IF v_ends > clock_timestamp() THEN
        RAISE EXCEPTION 'period % has not ended yet', p_month USING ERRCODE = 'LG009';
    END IF;
    IF p_month < '2000-01-01' THEN
        RAISE EXCEPTION 'period % is before any of ours', p_month USING ERRCODE = 'LG009';
    END IF;
    IF EXISTS (SELECT FROM periods p WHERE p.month >= p_month OR p.state <> 'closed') THEN
        RAISE EXCEPTION 'period % is closed already, or another one is being closed', p_month USING ERRCODE = 'LG009';
    END IF;
    INSERT INTO periods (month, state, begun_by, begun_at) VALUES (p_month, 'closing', audit.actor(), clock_timestamp());
END $$;

-- Think better of it, as long as it is not closed.
CREATE FUNCTION ledger.reopen(p_month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    DELETE FROM periods p WHERE p.month = p_month AND p.state <> 'closed';
    IF NOT FOUND THEN RAISE EXCEPTION 'period % is not being closed', p_month USING ERRCODE = 'LG009'; END IF;
END $$;

-- The lock waits for every transaction that is writing journals and is gone at commit: whoever comes after it sees the
-- period settled.
CREATE FUNCTION ledger.settle_period(p_month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    LOCK TABLE journals IN SHARE MODE;
    UPDATE periods p SET state = 'settled' WHERE p.month = p_month AND p.state = 'closing';
    IF NOT FOUND THEN RAISE EXCEPTION 'period % is not being closed', p_month USING ERRCODE = 'LG009'; END IF;
END $$;

CREATE FUNCTION ledger.close_period(p_month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp SET jit = off AS $$
BEGIN
    UPDATE periods p SET state = 'closed', closed_by = audit.actor(), closed_at = clock_timestamp()
     WHERE p.month = p_month AND p.state = 'settled';
    IF NOT FOUND THEN RAISE EXCEPTION 'period % is not settled', p_month USING ERRCODE = 'LG009'; END IF;
    INSERT INTO period_balances (month, account_id, balance)
    SELECT p_month, b.account_id, b.balance
      FROM periods p, ledger.effective_balances(p.ends_at) b WHERE p.month = p_month;
END $$;
