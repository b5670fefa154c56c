-- The seal: a chain of blocks over every journal, made by one sealer off the hot path. Who posts never waits for it.
--
-- Ids are drawn in posting, after a balance's row lock, and so by transactions that have an id. The sealer reads the
-- last drawn journal id and then takes a transaction id of its own: whoever drew an id up to then has a lower one. Once
-- all transactions up to it have ended, the journals up to that id are final, late committers included.

CREATE FUNCTION ledger.microseconds(p_at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE
    AS $$ SELECT (extract(epoch FROM p_at) * 1000000)::bigint $$;

-- The hash of each journal with its legs: every column, in a form no session's settings change.
CREATE FUNCTION ledger.leaves(p_after bigint, p_to bigint) RETURNS TABLE (journal_id bigint, leaf bytea)
    LANGUAGE sql STABLE SET search_path = ledger, pg_temp AS $$
    SELECT j.id, sha256(convert_to(
               ROW(j.id, j.key, encode(j.hash, 'hex'), j.kind, j.ref, j.legs, j.memo, j.actor, j.request_id, j.reverses,
                   j.corrects, ledger.microseconds(j.effective_at), ledger.microseconds(j.booked_at))::text || coalesce(l.text, ''), 'UTF8'))
      FROM journals j
      LEFT JOIN (SELECT e.journal_id, string_agg(
                            ROW(e.leg, a.code, e.stripe, e.asset, e.amount, e.seq, e.balance_after,
                                ledger.microseconds(e.effective_at), ledger.microseconds(e.booked_at))::text, '' ORDER BY e.leg) AS text
                   FROM entries e JOIN accounts a ON a.id = e.account_id
                  WHERE e.journal_id > p_after AND e.journal_id <= p_to GROUP BY e.journal_id) l ON l.journal_id = j.id
     WHERE j.id > p_after AND j.id <= p_to ORDER BY j.id
$$;

CREATE FUNCTION ledger.block_hash(p_no bigint, p_first bigint, p_last bigint, p_journals integer, p_leaves bytea, p_previous bytea)
    RETURNS bytea LANGUAGE sql IMMUTABLE
    AS $$ SELECT sha256(p_previous || int8send(p_no) || int8send(p_first) || int8send(p_last) || int4send(p_journals) || p_leaves) $$;

-- Seal up to p_max journals that are final: how many journals the new block holds, 0 when there is none to make.
-- Called first in its transaction: the horizon has to be a transaction id younger than the drawn journal id is old.
CREATE FUNCTION ledger.seal(p_max integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp SET jit = off AS $$
DECLARE
    v_state seal_state;
    v_previous blocks;
    v_last bigint;
    v_journals integer;
    v_leaves bytea;
    v_next bigint;
    v_drawn bigint := (SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END FROM journals_id_seq s);
BEGIN
    IF NOT p_max >= 1 THEN
        RAISE EXCEPTION 'a block holds one journal or more' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
        RAISE EXCEPTION 'the seal is made in a transaction of its own' USING ERRCODE = 'active_sql_transaction';
    END IF;
    SELECT * INTO v_state FROM seal_state s FOR UPDATE;  -- one sealer at a time; nobody else touches this row
    SELECT * INTO v_previous FROM blocks b ORDER BY b.no DESC LIMIT 1;
    v_next := pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
    v_previous.no := coalesce(v_previous.no, 0);
    v_previous.last_id := coalesce(v_previous.last_id, 0);
    SELECT max(j.id) INTO v_last
      FROM (SELECT x.id FROM journals x WHERE x.id > v_previous.last_id AND x.id <= v_state.candidate ORDER BY x.id LIMIT p_max) j;
    -- All of the last candidate is sealed (or was never written), or its horizon is a transaction id that this server has
    -- not reached, so of another one that the books were moved from: name the next candidate. Not when a sealer that we
    -- waited for has named a later one.
    IF v_last IS NULL OR v_state.horizon >= v_next THEN
        UPDATE seal_state s SET candidate = v_drawn, horizon = pg_current_xact_id()::text::bigint
         WHERE s.candidate <= v_drawn
           AND (s.horizon IS NULL OR s.horizon < pg_current_xact_id()::text::bigint OR s.horizon >= v_next);
        RETURN 0;
    END IF;
    IF v_state.horizon >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint THEN RETURN 0; END IF;
    SELECT count(*), coalesce(string_agg(int8send(l.journal_id) || l.leaf, ''::bytea ORDER BY l.journal_id), '')
      INTO v_journals, v_leaves FROM ledger.leaves(v_previous.last_id, v_last) l;
    v_previous.hash := coalesce(v_previous.hash, sha256(''));
    INSERT INTO blocks (no, first_id, last_id, journals, leaves, previous, hash)
    VALUES (v_previous.no + 1, v_previous.last_id + 1, v_last, v_journals, v_leaves, v_previous.hash,
            ledger.block_hash(v_previous.no + 1, v_previous.last_id + 1, v_last, v_journals, v_leaves, v_previous.hash));
    RETURN v_journals;
END $$;

-- What is wrong with one block, its journals named: no row when nothing is.
CREATE FUNCTION ledger.check_block(p_no bigint) RETURNS TABLE (problem text)
    LANGUAGE plpgsql STABLE SET search_path = ledger, pg_temp SET jit = off AS $$
DECLARE
    b blocks;
    v_before blocks;
BEGIN
    SELECT * INTO b FROM blocks x WHERE x.no = p_no;
    IF NOT FOUND THEN RETURN QUERY SELECT 'block is missing'; RETURN; END IF;
    SELECT * INTO v_before FROM blocks x WHERE x.no = p_no - 1;
    IF b.previous IS DISTINCT FROM coalesce(v_before.hash, sha256(''))
       OR b.first_id IS DISTINCT FROM coalesce(v_before.last_id, 0) + 1 THEN
        RETURN QUERY SELECT 'block does not follow the one before';
    END IF;
    IF b.hash <> ledger.block_hash(b.no, b.first_id, b.last_id, b.journals, b.leaves, b.previous)
       OR length(b.leaves) <> 40 * b.journals THEN
        RETURN QUERY SELECT 'block was rewritten';
    END IF;
    RETURN QUERY
    SELECT CASE WHEN s.leaf IS NULL THEN 'journal ' || l.journal_id || ' was added'
                WHEN l.leaf IS NULL THEN 'journal ' || s.journal_id || ' was removed'
                ELSE 'journal ' || s.journal_id || ' was altered' END
      FROM (SELECT ('x' || encode(substr(b.leaves, i * 40 + 1, 8), 'hex'))::bit(64)::bigint AS journal_id, substr(b.leaves, i * 40 + 9, 32) AS leaf
              FROM generate_series(0, length(b.leaves) / 40 - 1) i) s
      FULL JOIN ledger.leaves(b.first_id - 1, b.last_id) l ON l.journal_id = s.journal_id
     WHERE s.leaf IS DISTINCT FROM l.leaf ORDER BY coalesce(s.journal_id, l.journal_id);
END $$;

CREATE FUNCTION ledger.record_price(p_asset text, p_at timestamptz, p_naira numeric, p_source text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
    INSERT INTO prices (asset, at, naira, source, recorded_by) VALUES (p_asset, p_at, p_naira, p_source, audit.actor())
        ON CONFLICT DO NOTHING
$$;
