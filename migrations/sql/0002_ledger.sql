-- The books. The running app may read them and call the four functions at the end; nothing else writes here.

CREATE SCHEMA ledger;
GRANT USAGE ON SCHEMA ledger TO bursar_app;

-- Whole numbers of smallest units. Not numeric(38,0), which rounds 1.5 to 2. Refuses fractions, NaN and infinity.
CREATE DOMAIN ledger.units AS numeric CHECK (VALUE = trunc(VALUE) AND abs(VALUE) < 1e38);

CREATE TABLE ledger.assets (
    code text PRIMARY KEY CHECK (code ~ '^[A-Z0-9.]{2,20}$'),
    decimals smallint NOT NULL CHECK (decimals BETWEEN 0 AND 30)
);

CREATE TABLE ledger.accounts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^(asset|liability|equity|income|expense)(:[A-Za-z0-9_.-]+)+$'),
    class text NOT NULL GENERATED ALWAYS AS (split_part(code, ':', 1)) STORED,
    asset text NOT NULL REFERENCES ledger.assets,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    opened_by text NOT NULL
);

-- One row per account; the only rows of the books that are updated, and only by the functions below.
CREATE TABLE ledger.balances (
    account_id bigint PRIMARY KEY REFERENCES ledger.accounts,
    asset text NOT NULL,
    side smallint NOT NULL CHECK (side IN (1, -1)),    -- 1 debit-normal (asset, expense), -1 credit-normal
    floor numeric,                                     -- NULL none, 0 no overdraft, -x overdraft limit
    no_debits boolean NOT NULL DEFAULT false,
    no_credits boolean NOT NULL DEFAULT false,
    -- Plain numeric on purpose: a domain costs time on every update; amounts are checked where entries are written.
    debits numeric NOT NULL DEFAULT 0,
    credits numeric NOT NULL DEFAULT 0,
    held numeric NOT NULL DEFAULT 0,
    seq bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

CREATE TABLE ledger.journals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    ref text NOT NULL,                                 -- the business object this journal is about
    legs smallint NOT NULL CHECK (legs >= 2),
    memo jsonb NOT NULL DEFAULT '{}',
    actor text NOT NULL,
    request_id text NOT NULL,
    effective_at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL
);
CREATE INDEX ix_journals_ref ON ledger.journals (ref, id);
CREATE INDEX ix_journals_booked_at ON ledger.journals USING brin (booked_at);

CREATE TABLE ledger.entries (
    journal_id bigint NOT NULL,
    leg smallint NOT NULL,
    account_id bigint NOT NULL,
    asset text NOT NULL,
    amount ledger.units NOT NULL CHECK (amount <> 0),  -- debit > 0, credit < 0
    seq bigint NOT NULL,                               -- position in the account's history
    balance_after numeric NOT NULL,                    -- debits - credits after this leg
    effective_at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL,
    PRIMARY KEY (journal_id, leg)
) PARTITION BY RANGE (journal_id);
CREATE TABLE ledger.entries_p0 PARTITION OF ledger.entries FOR VALUES FROM (0) TO (50000000);
CREATE TABLE ledger.entries_p1 PARTITION OF ledger.entries FOR VALUES FROM (50000000) TO (100000000);
CREATE INDEX ix_entries_account ON ledger.entries (account_id, seq DESC);
CREATE INDEX ix_entries_effective ON ledger.entries (account_id, effective_at);
CREATE UNIQUE INDEX uq_entries_p0_seq ON ledger.entries_p0 (account_id, seq);
CREATE UNIQUE INDEX uq_entries_p1_seq ON ledger.entries_p1 (account_id, seq);

CREATE TABLE ledger.holds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES ledger.accounts,
    amount ledger.units NOT NULL CHECK (amount > 0),
    ref text NOT NULL,
    actor text NOT NULL,
    held_at timestamptz NOT NULL
);
CREATE TABLE ledger.hold_ends (
    hold_id bigint PRIMARY KEY REFERENCES ledger.holds,  -- a hold ends once, whoever comes first
    outcome text NOT NULL CHECK (outcome IN ('captured', 'released')),
    journal_id bigint,
    actor text NOT NULL,
    ended_at timestamptz NOT NULL
);

-- Keys of money requests never expire.
CREATE TABLE ledger.requests (
    key text PRIMARY KEY,
    hash bytea NOT NULL,
    journal_id bigint,
    hold_id bigint
);

SELECT audit.protect(t) FROM unnest(ARRAY[
    'ledger.assets', 'ledger.accounts', 'ledger.journals', 'ledger.holds', 'ledger.hold_ends', 'ledger.requests'
]::regclass[]) t;
-- Row triggers of a partitioned table are cloned to its partitions, statement triggers are not.
SELECT audit.protect('ledger.entries');
DO $$ DECLARE p text; BEGIN
    FOREACH p IN ARRAY ARRAY['ledger.entries_p0', 'ledger.entries_p1'] LOOP
        EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', p);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER never_emptied, ENABLE ALWAYS TRIGGER append_only', p);
    END LOOP;
END $$;

-- Each journal sums to zero in every asset, and has the legs its header promises: no legs are added later.
CREATE FUNCTION ledger.check_balanced() RETURNS trigger LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off SET jit = off AS $$
DECLARE v_bad bigint; BEGIN
    SELECT f.journal_id INTO v_bad FROM (
        SELECT n.journal_id FROM added n GROUP BY n.journal_id, n.asset HAVING sum(n.amount) <> 0
        UNION ALL
        SELECT d.journal_id FROM (SELECT DISTINCT journal_id FROM added) d
         WHERE (SELECT j.legs FROM ledger.journals j WHERE j.id = d.journal_id) IS DISTINCT FROM
               (SELECT count(*) FROM ledger.entries e WHERE e.journal_id = d.journal_id)
    ) f LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal % does not balance, or legs were added later', v_bad USING ERRCODE = 'LG005';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger.refuse_floor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'account % has less available than that', NEW.account_id USING ERRCODE = 'LG004';
END $$;

CREATE FUNCTION ledger.refuse_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'account % is frozen in this direction', NEW.account_id USING ERRCODE = 'LG003';
END $$;

DO $$ DECLARE p text; BEGIN
    FOREACH p IN ARRAY ARRAY['ledger.entries', 'ledger.entries_p0', 'ledger.entries_p1'] LOOP
        EXECUTE format('CREATE TRIGGER balanced AFTER INSERT ON %s REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_balanced()', p);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER balanced', p);
    END LOOP;
END $$;

-- Only an update that lowers what is available can fall through the floor: money coming in always passes.
CREATE TRIGGER floor_guard BEFORE UPDATE ON ledger.balances FOR EACH ROW
    WHEN (NEW.floor IS NOT NULL
          AND NEW.side * (NEW.debits - NEW.credits) - NEW.held < NEW.floor
          AND NEW.side * (NEW.debits - NEW.credits) - NEW.held < OLD.side * (OLD.debits - OLD.credits) - OLD.held)
    EXECUTE FUNCTION ledger.refuse_floor();
CREATE TRIGGER freeze_guard BEFORE UPDATE ON ledger.balances FOR EACH ROW
    WHEN ((NEW.no_debits AND NEW.debits > OLD.debits) OR (NEW.no_credits AND NEW.credits > OLD.credits))
    EXECUTE FUNCTION ledger.refuse_frozen();
CREATE TRIGGER never_deleted BEFORE DELETE ON ledger.balances FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON ledger.balances
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
ALTER TABLE ledger.balances ENABLE ALWAYS TRIGGER floor_guard, ENABLE ALWAYS TRIGGER freeze_guard,
    ENABLE ALWAYS TRIGGER never_deleted, ENABLE ALWAYS TRIGGER never_emptied;

CREATE FUNCTION ledger.open_account(p_code text, p_asset text, p_floor numeric) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE v_id bigint; BEGIN
    INSERT INTO accounts (code, asset, opened_by) VALUES (p_code, p_asset, audit.actor())
        ON CONFLICT (code) DO NOTHING RETURNING id INTO v_id;
    IF v_id IS NULL THEN  -- opened before: the same account or a refusal
        SELECT a.id INTO v_id FROM accounts a JOIN balances b ON b.account_id = a.id
         WHERE a.code = p_code AND a.asset = p_asset AND b.floor IS NOT DISTINCT FROM p_floor;
        IF v_id IS NULL THEN
            RAISE EXCEPTION 'account % exists with another asset or floor', p_code USING ERRCODE = 'LG002';
        END IF;
        RETURN v_id;
    END IF;
    INSERT INTO balances (account_id, asset, side, floor)
        SELECT a.id, a.asset, CASE WHEN a.class IN ('asset', 'expense') THEN 1 ELSE -1 END, p_floor
          FROM accounts a WHERE a.id = v_id;
    RETURN v_id;
END $$;

CREATE FUNCTION ledger.account_ids(p_codes text[]) RETURNS bigint[] LANGUAGE plpgsql STABLE
    SET search_path = ledger, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE v_ids bigint[]; BEGIN
    SELECT array_agg(a.id ORDER BY u.o) INTO v_ids
      FROM unnest(p_codes) WITH ORDINALITY u(c, o) JOIN accounts a ON a.code = u.c;
    IF coalesce(cardinality(v_ids), 0) <> cardinality(p_codes) THEN
        RAISE EXCEPTION 'unknown account among %', p_codes USING ERRCODE = 'LG003';
    END IF;
    RETURN v_ids;
END $$;

-- Write header, balances and entries. The caller has passed the key's gate and holds the balances' locks, in id order.
CREATE FUNCTION ledger.book(p_journal bigint, p_kind text, p_ref text, p_ids bigint[], p_amounts numeric[],
                            p_effective timestamptz, p_memo jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = ledger, pg_temp SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_now timestamptz := clock_timestamp();  -- after the locks: booked_at never runs backwards within an account
BEGIN
    INSERT INTO journals (id, kind, ref, legs, memo, actor, request_id, effective_at, booked_at) OVERRIDING SYSTEM VALUE
    VALUES (p_journal, p_kind, p_ref, cardinality(p_ids), p_memo, audit.actor(),
            coalesce(current_setting('bursar.request_id', true), ''), p_effective, v_now);
    WITH legs AS MATERIALIZED (
        SELECT u.o::smallint AS leg, u.a AS account_id, u.m AS amount
          FROM unnest(p_ids, p_amounts) WITH ORDINALITY u(a, m, o)),
    sums AS (
        SELECT account_id, coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS debit,
               coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS credit, count(*) AS n
          FROM legs GROUP BY account_id),
    moved AS (
        UPDATE balances b SET debits = b.debits + s.debit, credits = b.credits + s.credit, seq = b.seq + s.n
          FROM sums s
         WHERE b.account_id = s.account_id
        RETURNING b.account_id, b.asset, b.seq, b.debits - b.credits AS balance)
    INSERT INTO entries (journal_id, leg, account_id, asset, amount, seq, balance_after, effective_at, booked_at)
    SELECT p_journal, l.leg, l.account_id, m.asset, l.amount, m.seq - count(*) OVER w + 1,
           m.balance - sum(l.amount) OVER w + l.amount, p_effective, v_now
      FROM legs l JOIN moved m ON m.account_id = l.account_id
    WINDOW w AS (PARTITION BY l.account_id ORDER BY l.leg DESC);
END $$;

-- The gate of idempotency: NULL means go on under p_journal; a number is the journal this key made before.
CREATE FUNCTION ledger.pass(p_key text, p_hash bytea, p_journal bigint, p_hold bigint) RETURNS bigint
    LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
DECLARE v_old requests; BEGIN
    INSERT INTO requests (key, hash, journal_id, hold_id) VALUES (p_key, p_hash, p_journal, p_hold) ON CONFLICT DO NOTHING;
    IF FOUND THEN RETURN NULL; END IF;
    SELECT * INTO v_old FROM requests r WHERE r.key = p_key;
    IF v_old.hash <> p_hash THEN
        RAISE EXCEPTION 'key % was used for another request', p_key USING ERRCODE = 'LG002';
    END IF;
    RETURN coalesce(v_old.journal_id, v_old.hold_id);
END $$;

-- Post one journal in one round trip. Lock order everywhere: the key, then balances by ascending account id.
CREATE FUNCTION ledger.post(p_key text, p_kind text, p_ref text, p_codes text[], p_amounts numeric[],
                            p_effective timestamptz, p_memo jsonb, OUT journal_id bigint, OUT replayed boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_hash bytea := sha256(convert_to(concat_ws('|', 'post', p_kind, p_ref, p_codes::text, p_amounts::text), 'UTF8'));
    v_new bigint := nextval('ledger.journals_id_seq');
    v_ids bigint[];
BEGIN
    IF cardinality(p_codes) < 2 OR cardinality(p_codes) <> cardinality(p_amounts) THEN
        RAISE EXCEPTION 'a journal has two legs or more' USING ERRCODE = 'LG001';
    END IF;
    journal_id := ledger.pass(p_key, v_hash, v_new, NULL);
    replayed := journal_id IS NOT NULL;
    IF replayed THEN RETURN; END IF;
    journal_id := v_new;
    v_ids := ledger.account_ids(p_codes);
    PERFORM 1 FROM balances b WHERE b.account_id = ANY (v_ids) ORDER BY b.account_id FOR NO KEY UPDATE;
    PERFORM ledger.book(v_new, p_kind, p_ref, v_ids, p_amounts, p_effective, p_memo);
END $$;

-- Reserve: lowers what is available, moves nothing.
CREATE FUNCTION ledger.hold(p_key text, p_ref text, p_code text, p_amount numeric, OUT hold_id bigint, OUT replayed boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    v_hash bytea := sha256(convert_to(concat_ws('|', 'hold', p_ref, p_code, p_amount::text), 'UTF8'));
    v_new bigint := nextval('ledger.holds_id_seq');
    v_account bigint;
BEGIN
    hold_id := ledger.pass(p_key, v_hash, NULL, v_new);
    replayed := hold_id IS NOT NULL;
    IF replayed THEN RETURN; END IF;
    hold_id := v_new;
    v_account := (ledger.account_ids(ARRAY[p_code]))[1];
    UPDATE balances b SET held = b.held + p_amount WHERE b.account_id = v_account AND NOT b.no_debits;
    IF NOT FOUND THEN RAISE EXCEPTION 'account % is frozen', p_code USING ERRCODE = 'LG003'; END IF;
    INSERT INTO holds (id, account_id, amount, ref, actor, held_at) OVERRIDING SYSTEM VALUE
    VALUES (v_new, v_account, p_amount, p_ref, audit.actor(), clock_timestamp());
END $$;

-- End a hold without moving anything. True the first time; false when it was released before; refused when captured.
CREATE FUNCTION ledger.release(p_hold bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE v_hold holds; v_outcome text; BEGIN
    SELECT * INTO v_hold FROM holds h WHERE h.id = p_hold;
    IF NOT FOUND THEN RAISE EXCEPTION 'there is no hold %', p_hold USING ERRCODE = 'LG006'; END IF;
    PERFORM 1 FROM balances b WHERE b.account_id = v_hold.account_id FOR NO KEY UPDATE;
    INSERT INTO hold_ends (hold_id, outcome, actor, ended_at)
        VALUES (p_hold, 'released', audit.actor(), clock_timestamp()) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        SELECT e.outcome INTO v_outcome FROM hold_ends e WHERE e.hold_id = p_hold;
        IF v_outcome <> 'released' THEN RAISE EXCEPTION 'hold % was %', p_hold, v_outcome USING ERRCODE = 'LG007'; END IF;
        RETURN false;
    END IF;
    UPDATE balances b SET held = b.held - v_hold.amount WHERE b.account_id = v_hold.account_id;
    RETURN true;
END $$;

-- Turn a hold into a journal: the journal may take up to the held amount from the held account, the rest is released.
CREATE FUNCTION ledger.capture(p_hold bigint, p_key text, p_kind text, p_ref text, p_codes text[], p_amounts numeric[],
                               p_effective timestamptz, p_memo jsonb, OUT journal_id bigint, OUT replayed boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    v_hash bytea := sha256(convert_to(concat_ws('|', 'capture', p_hold::text, p_kind, p_ref, p_codes::text, p_amounts::text), 'UTF8'));
    v_new bigint := nextval('ledger.journals_id_seq');
    v_hold holds;
    v_ids bigint[];
    v_taken numeric;
BEGIN
    IF cardinality(p_codes) < 2 OR cardinality(p_codes) <> cardinality(p_amounts) THEN
        RAISE EXCEPTION 'a journal has two legs or more' USING ERRCODE = 'LG001';
    END IF;
    journal_id := ledger.pass(p_key, v_hash, v_new, NULL);
    replayed := journal_id IS NOT NULL;
    IF replayed THEN RETURN; END IF;
    journal_id := v_new;
    SELECT * INTO v_hold FROM holds h WHERE h.id = p_hold;
    IF NOT FOUND THEN RAISE EXCEPTION 'there is no hold %', p_hold USING ERRCODE = 'LG006'; END IF;
    v_ids := ledger.account_ids(p_codes);
    PERFORM 1 FROM balances b WHERE b.account_id = ANY (v_ids || v_hold.account_id)
        ORDER BY b.account_id FOR NO KEY UPDATE;
    INSERT INTO hold_ends (hold_id, outcome, journal_id, actor, ended_at)
        VALUES (p_hold, 'captured', v_new, audit.actor(), clock_timestamp()) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN RAISE EXCEPTION 'hold % has ended already', p_hold USING ERRCODE = 'LG007'; END IF;
    SELECT abs(coalesce(sum(u.m), 0)) INTO v_taken FROM unnest(v_ids, p_amounts) u(a, m) WHERE u.a = v_hold.account_id;
    IF v_taken > v_hold.amount THEN
        RAISE EXCEPTION 'capture of % exceeds hold % of %', v_taken, p_hold, v_hold.amount USING ERRCODE = 'LG008';
    END IF;
    UPDATE balances b SET held = b.held - v_hold.amount WHERE b.account_id = v_hold.account_id;
    PERFORM ledger.book(v_new, p_kind, p_ref, v_ids, p_amounts, p_effective, p_memo);
END $$;

INSERT INTO ledger.assets (code, decimals) VALUES ('NGN', 2);
SELECT set_config('bursar.actor', 'system:migration', true);
SELECT ledger.open_account(code, 'NGN', NULL) FROM unnest(ARRAY[
    'asset:paystack:NGN', 'liability:suspense:NGN', 'income:withdrawal_fees:NGN', 'expense:paystack_fees:NGN'
]) code;
SELECT set_config('bursar.actor', '', true);

GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO bursar_app;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.open_account, ledger.post, ledger.hold, ledger.release, ledger.capture TO bursar_app;
