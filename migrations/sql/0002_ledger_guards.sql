-- What binds everybody, psql and the owner included. Who can still switch triggers off is found by the seal.

SELECT audit.protect(t) FROM unnest(ARRAY[
    'ledger.assets', 'ledger.accounts', 'ledger.journals', 'ledger.entries', 'ledger.hold_parts',
    'ledger.period_balances', 'ledger.prices', 'ledger.blocks'
]::regclass[]) t;

-- Each journal has the legs its header promises, numbered from 1, in accounts that keep their asset; it sums to zero in
-- every asset; no leg is nothing; none is added later (its number would be taken). It takes effect in a month that is
-- open, or that is being closed if it reverses or corrects another.
CREATE FUNCTION ledger.check_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    a record;
    v_legs integer;
BEGIN
    SELECT min(n.journal_id) AS first, max(n.journal_id) AS last, count(*) AS n, count(c.id) AS known,
           min(n.leg) AS leg_first, max(n.leg) AS leg_last, min(n.asset) AS asset_first, max(n.asset) AS asset_last,
           sum(n.amount) AS total, bool_or(n.amount = 0) AS nothing, min(n.effective_at) AS effective_first,
           max(n.effective_at) AS effective_last
      INTO a FROM added n LEFT JOIN ledger.accounts c ON c.id = n.account_id AND c.asset = n.asset;
    IF a.n = 0 THEN RETURN NULL; END IF;
    IF a.known <> a.n THEN
        RAISE EXCEPTION 'an entry and its account have different assets' USING ERRCODE = 'LG005';
    END IF;
    IF a.first = a.last AND a.asset_first = a.asset_last THEN  -- one journal in one asset: the usual case, and quick
        SELECT j.legs INTO v_legs FROM ledger.journals j WHERE j.id = a.first;
        IF a.total <> 0 OR a.nothing OR a.n < 2 OR (a.n, 1, a.n) IS DISTINCT FROM (v_legs::bigint, a.leg_first, a.leg_last::bigint) THEN
            RAISE EXCEPTION 'journal % does not balance, or its legs are not those it promised', a.first USING ERRCODE = 'LG005';
        END IF;
    ELSE
        PERFORM ledger.refuse_unbalanced(u.journal_id) FROM (
            SELECT n.journal_id FROM added n GROUP BY n.journal_id, n.asset HAVING sum(n.amount) <> 0
            UNION ALL
            SELECT s.journal_id
              FROM (SELECT n.journal_id, count(*) AS n, min(n.leg) AS first, max(n.leg) AS last, bool_or(n.amount = 0) AS nothing
                      FROM added n GROUP BY n.journal_id) s
              LEFT JOIN ledger.journals j ON j.id = s.journal_id
             WHERE s.nothing OR s.n < 2 OR (s.n, 1, s.n) IS DISTINCT FROM (j.legs::bigint, s.first, s.last::bigint)) u;
    END IF;
    IF NOT (a.effective_first >= '1900-01-01' AND a.effective_last < '2200-01-01') THEN
        RAISE EXCEPTION 'journal % takes effect at no time of ours', a.first USING ERRCODE = 'LG015';
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN  -- an older view would miss a month's end
        RAISE EXCEPTION 'journals are written under read committed' USING ERRCODE = 'feature_not_supported';
    END IF;
    IF EXISTS (SELECT FROM ledger.periods p WHERE p.ends_at > a.effective_first) THEN
        PERFORM ledger.refuse_closed(j.id)
           FROM (SELECT DISTINCT n.journal_id, n.effective_at FROM added n) n JOIN ledger.journals j ON j.id = n.journal_id
          WHERE EXISTS (SELECT FROM ledger.periods p WHERE p.ends_at > n.effective_at
                           AND (p.state <> 'closing' OR (j.reverses IS NULL AND j.corrects IS NULL
                                                         AND j.kind <> 'adjustments.booked')));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger.refuse_unbalanced(p_journal bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'journal % does not balance, or its legs are not those it promised', p_journal USING ERRCODE = 'LG005';
END $$;

CREATE FUNCTION ledger.refuse_closed(p_journal bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'journal % takes effect in a month that is closed or being closed', p_journal USING ERRCODE = 'LG009';
END $$;

-- Only an update that lowers what is available can fall through the floor: money coming in always passes.
CREATE FUNCTION ledger.guard_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE v_left numeric;
BEGIN
    IF NEW.floor IS NOT NULL THEN
        v_left := NEW.side * (NEW.debits - NEW.credits) - NEW.held;
        IF v_left < NEW.floor AND v_left < OLD.side * (OLD.debits - OLD.credits) - OLD.held THEN
            RAISE EXCEPTION 'account % has less available than that', NEW.code USING ERRCODE = 'LG004';
        END IF;
    END IF;
    IF (NEW.no_debits AND NEW.debits > OLD.debits) OR (NEW.no_credits AND NEW.credits > OLD.credits) THEN
        RAISE EXCEPTION 'account % is frozen in this direction', NEW.code USING ERRCODE = 'LG003';
    END IF;
    IF OLD.closed AND NOT (NEW.closed AND NEW.no_debits AND NEW.no_credits) THEN
        RAISE EXCEPTION 'account % is closed for good', NEW.code USING ERRCODE = 'LG003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE UPDATE ON ledger.balances FOR EACH ROW EXECUTE FUNCTION ledger.guard_balance();

-- A hold is used up and nothing else: its rest falls, to nothing at last.
CREATE FUNCTION ledger.guard_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (NEW.remaining >= 0 AND NEW.remaining < OLD.remaining)
       OR (to_jsonb(NEW) - 'remaining') IS DISTINCT FROM (to_jsonb(OLD) - 'remaining') THEN
        RAISE EXCEPTION 'hold % can only be used up', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE UPDATE ON ledger.holds FOR EACH ROW EXECUTE FUNCTION ledger.guard_hold();

-- A month goes forward: closing, settled, closed; and it stays closed.
CREATE FUNCTION ledger.guard_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) NOT IN (('closing', 'settled'), ('settled', 'closed')) OR NEW.month <> OLD.month THEN
        RAISE EXCEPTION 'period % is % and cannot become %', OLD.month, OLD.state, NEW.state USING ERRCODE = 'LG009';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE UPDATE ON ledger.periods FOR EACH ROW EXECUTE FUNCTION ledger.guard_period();
CREATE FUNCTION ledger.guard_reopening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'closed' THEN
        RAISE EXCEPTION 'period % is closed for good', OLD.month USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER guard_reopening BEFORE DELETE ON ledger.periods FOR EACH ROW EXECUTE FUNCTION ledger.guard_reopening();
SELECT audit.watch('ledger.periods', '=month');

-- The seal goes forward. Only a horizon that this server has not reached, brought from another one, may be lowered.
CREATE FUNCTION ledger.guard_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.candidate < OLD.candidate
       OR (NEW.horizon < OLD.horizon AND OLD.horizon < pg_snapshot_xmax(pg_current_snapshot())::text::bigint) THEN
        RAISE EXCEPTION 'the seal does not go back' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE UPDATE ON ledger.seal_state FOR EACH ROW EXECUTE FUNCTION ledger.guard_seal();
ALTER TABLE ledger.seal_state ENABLE ALWAYS TRIGGER guard;
ALTER TABLE ledger.balances ENABLE ALWAYS TRIGGER guard;
ALTER TABLE ledger.holds ENABLE ALWAYS TRIGGER guard;
ALTER TABLE ledger.periods ENABLE ALWAYS TRIGGER guard, ENABLE ALWAYS TRIGGER guard_reopening;

DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY ARRAY['balances', 'holds', 'seal_state'] LOOP
        EXECUTE format('CREATE TRIGGER never_deleted BEFORE DELETE ON ledger.%I FOR EACH ROW EXECUTE FUNCTION audit.refuse_change()', t);
        EXECUTE format('ALTER TABLE ledger.%I ENABLE ALWAYS TRIGGER never_deleted', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['balances', 'holds', 'periods', 'seal_state'] LOOP
        EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON ledger.%I FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', t);
        EXECUTE format('ALTER TABLE ledger.%I ENABLE ALWAYS TRIGGER never_emptied', t);
    END LOOP;
END $$;

-- Row triggers of a partitioned table are cloned to its partitions, statement triggers are not: each gets its own.
CREATE FUNCTION ledger.guard_entries(p_table regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER balanced AFTER INSERT ON %s REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_entries()', p_table);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER balanced', p_table);
END $$;
SELECT ledger.guard_entries('ledger.entries');

CREATE FUNCTION ledger.add_partition(p_number integer, p_size bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_name text := format('ledger.entries_p%s', p_number);
BEGIN
    -- (made first and attached then: that waits for nobody who reads or posts)
    EXECUTE format('CREATE TABLE %s (LIKE ledger.entries INCLUDING ALL)', v_name);
    EXECUTE format('ALTER TABLE ledger.entries ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%s)', v_name, p_number * p_size, (p_number + 1) * p_size);
    EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', v_name);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER never_emptied, ENABLE ALWAYS TRIGGER append_only', v_name);
    PERFORM ledger.guard_entries(v_name::regclass);
    EXECUTE format('GRANT SELECT ON %s TO bursar_app', v_name);
END $$;

-- Keep partitions for the next `p_ahead` journals made; how many were made. No further ahead than is needed between two
-- calls: reading an account's last entry asks every partition.
CREATE FUNCTION ledger.make_partitions(p_ahead bigint DEFAULT 25000000) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    v_size CONSTANT bigint := 50000000;
    v_made integer := 0;
    v_number integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ledger.make_partitions'));
    FOR v_number IN 0..(((SELECT last_value FROM journals_id_seq) + least(p_ahead, 1000000000)) / v_size)::integer LOOP
        IF to_regclass(format('ledger.entries_p%s', v_number)) IS NULL THEN
            PERFORM ledger.add_partition(v_number, v_size);
            v_made := v_made + 1;
        END IF;
    END LOOP;
    RETURN v_made;
END $$;
SELECT ledger.make_partitions();
