-- The seal of the audit: a chain of blocks over its records, as the ledger's over its journals (0002_ledger_seal.sql).
--
-- A record's id is drawn in a trigger, after the row was written that it is about, and so by a transaction that has an
-- id. The horizon works as there, and a block is hashed by the same functions.

CREATE TABLE audit.blocks (
    no bigint PRIMARY KEY,
    first_id bigint NOT NULL,
    last_id bigint NOT NULL CONSTRAINT uq_blocks_last_id UNIQUE,
    records integer NOT NULL,
    leaves bytea NOT NULL,                             -- 40 bytes per record: its id, its hash
    previous bytea NOT NULL,
    hash bytea NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
SELECT audit.protect('audit.blocks');
-- Ids up to `candidate` are final once every transaction up to `horizon` has ended.
CREATE TABLE audit.seal_state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    candidate bigint NOT NULL DEFAULT 0,
    horizon bigint
);
INSERT INTO audit.seal_state DEFAULT VALUES;
CREATE TRIGGER guard BEFORE UPDATE ON audit.seal_state FOR EACH ROW EXECUTE FUNCTION ledger.guard_seal();
CREATE TRIGGER never_deleted BEFORE DELETE ON audit.seal_state FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON audit.seal_state FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
ALTER TABLE audit.seal_state ENABLE ALWAYS TRIGGER guard, ENABLE ALWAYS TRIGGER never_deleted, ENABLE ALWAYS TRIGGER never_emptied;

-- The hash of each record: every column, in a form no session's settings change.
CREATE FUNCTION audit.leaves(p_after bigint, p_to bigint) RETURNS TABLE (record_id bigint, leaf bytea)
    LANGUAGE sql STABLE SET search_path = audit, pg_temp AS $$
    SELECT r.id, sha256(convert_to(
               ROW(r.id, ledger.microseconds(r.recorded_at), r.actor, r.request_id, r.ip, r.session_id, r.reason,
                   r.table_name, r.row_id, r.action, r.before, r.after)::text, 'UTF8'))
      FROM records r WHERE r.id > p_after AND r.id <= p_to ORDER BY r.id
$$;

-- Seal up to p_max records that are final: how many the new block holds, 0 when there is none to make.
-- Called first in its transaction: the horizon has to be a transaction id younger than the drawn record id is old.
CREATE FUNCTION audit.seal(p_max integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = audit, pg_temp SET jit = off AS $$
DECLARE
    v_state seal_state;
    v_previous blocks;
    v_last bigint;
    v_records integer;
    v_leaves bytea;
    v_next bigint;
    v_drawn bigint := (SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END FROM records_id_seq s);
BEGIN
    IF NOT p_max >= 1 THEN
        RAISE EXCEPTION 'a block holds one record or more' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
        RAISE EXCEPTION 'the seal is made in a transaction of its own' USING ERRCODE = 'active_sql_transaction';
    END IF;
    SELECT * INTO v_state FROM seal_state s FOR UPDATE;  -- one sealer at a time; nobody else touches this row
    SELECT * INTO v_previous FROM blocks b ORDER BY b.no DESC LIMIT 1;
    v_next := pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
    v_previous.no := coalesce(v_previous.no, 0);
    v_previous.last_id := coalesce(v_previous.last_id, 0);
    SELECT max(r.id) INTO v_last
      FROM (SELECT x.id FROM records x WHERE x.id > v_previous.last_id AND x.id <= v_state.candidate ORDER BY x.id LIMIT p_max) r;
    -- Nothing of the last candidate is left, or its horizon is of another server that the books were moved from: name
    -- the next candidate. Not when a sealer that we waited for has named a later one.
    IF v_last IS NULL OR v_state.horizon >= v_next THEN
        UPDATE seal_state s SET candidate = v_drawn, horizon = pg_current_xact_id()::text::bigint
         WHERE s.candidate <= v_drawn
           AND (s.horizon IS NULL OR s.horizon < pg_current_xact_id()::text::bigint OR s.horizon >= v_next);
        RETURN 0;
    END IF;
    IF v_state.horizon >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint THEN RETURN 0; END IF;
    SELECT count(*), coalesce(string_agg(int8send(l.record_id) || l.leaf, ''::bytea ORDER BY l.record_id), '')
      INTO v_records, v_leaves FROM audit.leaves(v_previous.last_id, v_last) l;
    v_previous.hash := coalesce(v_previous.hash, sha256(''));
    INSERT INTO blocks (no, first_id, last_id, records, leaves, previous, hash)
    VALUES (v_previous.no + 1, v_previous.last_id + 1, v_last, v_records, v_leaves, v_previous.hash,
            ledger.block_hash(v_previous.no + 1, v_previous.last_id + 1, v_last, v_records, v_leaves, v_previous.hash));
    RETURN v_records;
END $$;

-- What is wrong with one block, its records named: no row when nothing is.
CREATE FUNCTION audit.check_block(p_no bigint) RETURNS TABLE (problem text)
    LANGUAGE plpgsql STABLE SET search_path = audit, pg_temp SET jit = off AS $$
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
    IF b.hash <> ledger.block_hash(b.no, b.first_id, b.last_id, b.records, b.leaves, b.previous)
       OR length(b.leaves) <> 40 * b.records THEN
        RETURN QUERY SELECT 'block was rewritten';
    END IF;
    RETURN QUERY
    SELECT CASE WHEN s.leaf IS NULL THEN 'record ' || l.record_id || ' was added'
                WHEN l.leaf IS NULL THEN 'record ' || s.record_id || ' was removed'
                ELSE 'record ' || s.record_id || ' was altered' END
      FROM (SELECT ('x' || encode(substr(b.leaves, i * 40 + 1, 8), 'hex'))::bit(64)::bigint AS record_id, substr(b.leaves, i * 40 + 9, 32) AS leaf
              FROM generate_series(0, length(b.leaves) / 40 - 1) i) s
      FULL JOIN audit.leaves(b.first_id - 1, b.last_id) l ON l.record_id = s.record_id
     WHERE s.leaf IS DISTINCT FROM l.leaf ORDER BY coalesce(s.record_id, l.record_id);
END $$;

GRANT SELECT ON audit.blocks, audit.seal_state TO bursar_app;
REVOKE EXECUTE ON FUNCTION audit.leaves, audit.seal, audit.check_block FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.leaves, audit.seal, audit.check_block TO bursar_app;
