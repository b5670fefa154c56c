-- Whether what outsiders tell of our accounts and what the books say agree: who signed it, how it was day by day, and
-- months that are closed on it. Amounts are in whole coins, exact.

-- A sheet's figures, and who stands for them: one prepared it, another reviewed it. Both name the digest of what they saw.
CREATE TABLE proof_signatures (
    id text CONSTRAINT pk_proof_signatures PRIMARY KEY,
    account text NOT NULL,
    first_on date NOT NULL,
    last_on date NOT NULL,
    role text NOT NULL CONSTRAINT ck_proof_signatures_role_known CHECK (role IN ('prepared', 'reviewed')),
    digest bytea NOT NULL CONSTRAINT ck_proof_signatures_digest_whole CHECK (length(digest) = 32),
    figures jsonb NOT NULL,
    note text NOT NULL,
    operator_id text NOT NULL CONSTRAINT fk_proof_signatures_operator_id REFERENCES operators,
    signed_at timestamptz NOT NULL,
    CONSTRAINT ck_proof_signatures_days_in_order CHECK (first_on <= last_on),
    CONSTRAINT uq_proof_signatures_role UNIQUE (account, first_on, last_on, digest, role),
    -- Nobody reviews what they prepared.
    CONSTRAINT uq_proof_signatures_person UNIQUE (account, first_on, last_on, digest, operator_id)
);

-- A sign-off is in one's own name, and a review is of what somebody prepared.
CREATE FUNCTION guard_proof_signature() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF audit.actor() <> 'operator:' || NEW.operator_id THEN
        RAISE EXCEPTION 'proof signature %: is given in one''s own name', NEW.id USING ERRCODE = 'BU005';
    ELSIF NEW.role = 'reviewed' AND NOT EXISTS (
        SELECT FROM proof_signatures s WHERE s.account = NEW.account AND s.first_on = NEW.first_on
           AND s.last_on = NEW.last_on AND s.digest = NEW.digest AND s.role = 'prepared') THEN
        RAISE EXCEPTION 'proof signature %: nobody prepared these figures', NEW.id USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER own BEFORE INSERT ON proof_signatures FOR EACH ROW EXECUTE FUNCTION guard_proof_signature();
ALTER TABLE proof_signatures ENABLE ALWAYS TRIGGER own;

-- What the invariants came to for an account and a day of Lagos, computed each morning and again while it is not over.
CREATE TABLE proof_days (
    id text CONSTRAINT pk_proof_days PRIMARY KEY,
    account text NOT NULL,
    day date NOT NULL,
    state text NOT NULL CONSTRAINT ck_proof_days_state_known CHECK (state IN ('untold', 'holds', 'fails')),
    told numeric NOT NULL,
    booked numeric NOT NULL,
    breaks numeric NOT NULL,
    results jsonb NOT NULL,
    fault text NOT NULL,
    computed_at timestamptz NOT NULL,
    CONSTRAINT uq_proof_days_day UNIQUE (account, day)
);
CREATE INDEX ix_proof_days_failing ON proof_days (day) WHERE state = 'fails';

-- The rules of an account run again after a run, and taken back: digests of the matches that stood and of those that came
-- out, empty where there were too many to run again; what differs first; and a digest of all matches as written down then.
CREATE TABLE proof_reruns (
    account text NOT NULL,
    run_id bigint NOT NULL,
    rows bigint NOT NULL,
    matches bigint NOT NULL,
    left_out bigint NOT NULL,                          -- made otherwise for what came later
    stood text NOT NULL,
    again text NOT NULL,
    first text NOT NULL,
    group_id bigint,
    standing text NOT NULL,
    ran_at timestamptz NOT NULL,
    CONSTRAINT pk_proof_reruns PRIMARY KEY (account, run_id)
);

-- A month that was closed, with all that others agreed to: the checklist and every sheet as they were.
CREATE TABLE period_closings (
    id text CONSTRAINT pk_period_closings PRIMARY KEY,
    month date NOT NULL,
    nth smallint NOT NULL,
    ends_at timestamptz NOT NULL,
    request_id text NOT NULL CONSTRAINT uq_period_closings_request_id UNIQUE
        CONSTRAINT fk_period_closings_request_id REFERENCES approval_requests,
    checklist jsonb NOT NULL,
    sheets jsonb NOT NULL,
    digest bytea NOT NULL CONSTRAINT ck_period_closings_digest_whole CHECK (length(digest) = 32),
    lines_upto bigint NOT NULL,                        -- the last line that was told by then
    journal_id bigint NOT NULL CONSTRAINT uq_period_closings_journal_id UNIQUE,  -- whose memo has the digest
    closed_at timestamptz NOT NULL,
    CONSTRAINT uq_period_closings_month UNIQUE (month, nth)
);
CREATE TABLE period_reopenings (
    id text CONSTRAINT pk_period_reopenings PRIMARY KEY,
    closing_id text NOT NULL CONSTRAINT uq_period_reopenings_closing_id UNIQUE
        CONSTRAINT fk_period_reopenings_closing_id REFERENCES period_closings,
    request_id text NOT NULL CONSTRAINT uq_period_reopenings_request_id UNIQUE
        CONSTRAINT fk_period_reopenings_request_id REFERENCES approval_requests,
    reason text NOT NULL CONSTRAINT ck_period_reopenings_reason_told CHECK (reason <> ''),
    reopened_at timestamptz NOT NULL
);

CREATE FUNCTION guard_closing() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approval_requests r JOIN ledger.periods p ON p.month = NEW.month
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'closing.close'
                      AND r.payload ->> 'month' = to_char(NEW.month, 'YYYY-MM')
                      AND p.state = 'closed' AND p.nth = NEW.nth AND p.ends_at = NEW.ends_at) THEN
        PERFORM refuse_request(NEW.request_id, 'does not close this month');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT ON period_closings FOR EACH ROW EXECUTE FUNCTION guard_closing();
ALTER TABLE period_closings ENABLE ALWAYS TRIGGER approved;

CREATE FUNCTION guard_reopening_row() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'closing.reopen'
                      AND r.payload ->> 'closing' = NEW.closing_id) THEN
        PERFORM refuse_request(NEW.request_id, 'does not reopen this month');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT ON period_reopenings FOR EACH ROW EXECUTE FUNCTION guard_reopening_row();
ALTER TABLE period_reopenings ENABLE ALWAYS TRIGGER approved;

-- What is told of a closed month after it was closed counts from its end on: its figures stay, and the open month has it.
CREATE VIEW period_cuts AS
    SELECT c.ends_at, c.lines_upto FROM period_closings c
     WHERE NOT EXISTS (SELECT FROM period_reopenings r WHERE r.closing_id = c.id);

-- The last line that is told by now: whoever is writing lines is waited for, and nobody writes more before the end of
-- this transaction.
CREATE FUNCTION settle_lines() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE statement_lines IN SHARE MODE;
    RETURN (SELECT coalesce(max(l.id), 0) FROM statement_lines l);
END $$;
REVOKE EXECUTE ON FUNCTION settle_lines FROM PUBLIC;
GRANT EXECUTE ON FUNCTION settle_lines TO bursar_app;

-- A month can be closed again after it was reopened: each time has balances of its own, and those of before stay.
ALTER TABLE ledger.periods ADD COLUMN nth smallint NOT NULL DEFAULT 1;
ALTER TABLE ledger.period_balances ADD COLUMN nth smallint NOT NULL DEFAULT 1;
-- squawk-ignore ban-drop-constraint
ALTER TABLE ledger.period_balances DROP CONSTRAINT period_balances_month_fkey, DROP CONSTRAINT period_balances_pkey;
-- squawk-ignore constraint-missing-not-valid, adding-serial-primary-key-field
ALTER TABLE ledger.period_balances ADD CONSTRAINT period_balances_pkey PRIMARY KEY (month, account_id, nth);

CREATE OR REPLACE FUNCTION ledger.begin_close(p_month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    v_ends timestamptz := (p_month + interval '1 month') AT TIME ZONE 'Africa/Lagos';
    v_nth smallint := (SELECT coalesce(max(b.nth), 0) + 1 FROM period_balances b WHERE b.month = p_month);
BEGIN
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
    INSERT INTO periods (month, state, begun_by, begun_at, nth)
    VALUES (p_month, 'closing', audit.actor(), clock_timestamp(), v_nth);
END $$;

CREATE OR REPLACE FUNCTION ledger.close_period(p_month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp SET jit = off AS $$
BEGIN
    UPDATE periods p SET state = 'closed', closed_by = audit.actor(), closed_at = clock_timestamp()
     WHERE p.month = p_month AND p.state = 'settled';
    IF NOT FOUND THEN RAISE EXCEPTION 'period % is not settled', p_month USING ERRCODE = 'LG009'; END IF;
    INSERT INTO period_balances (month, account_id, balance, nth)
    SELECT p_month, b.account_id, b.balance, p.nth
      FROM periods p, ledger.effective_balances(p.ends_at) b WHERE p.month = p_month;
END $$;

-- Few entries take effect at another time than they were booked, but PostgreSQL reckons that nearly all do, and read all
-- entries of the books anew for each account.
ALTER FUNCTION ledger.effective_balances(timestamptz) SET enable_seqscan = off;

-- Open the newest closed month again, which others have agreed to: the row that says so is written first.
CREATE FUNCTION ledger.reopen_closed(p_month date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    LOCK TABLE periods IN SHARE ROW EXCLUSIVE MODE;  -- one at a time
    IF EXISTS (SELECT FROM periods p WHERE p.month > p_month) THEN
        RAISE EXCEPTION 'period % is not the last one', p_month USING ERRCODE = 'LG009';
    END IF;
    DELETE FROM periods p WHERE p.month = p_month AND p.state = 'closed';
    IF NOT FOUND THEN RAISE EXCEPTION 'period % is not closed', p_month USING ERRCODE = 'LG009'; END IF;
END $$;
REVOKE EXECUTE ON FUNCTION ledger.reopen_closed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.reopen_closed TO bursar_app;

CREATE OR REPLACE FUNCTION ledger.guard_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) NOT IN (('closing', 'settled'), ('settled', 'closed')) OR NEW.month <> OLD.month
       OR NEW.nth <> OLD.nth THEN
        RAISE EXCEPTION 'period % is % and cannot become %', OLD.month, OLD.state, NEW.state USING ERRCODE = 'LG009';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION ledger.guard_reopening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'closed' AND NOT EXISTS (
        SELECT FROM public.period_closings c JOIN public.period_reopenings r ON r.closing_id = c.id
         WHERE c.month = OLD.month AND c.nth = OLD.nth) THEN
        RAISE EXCEPTION 'period % is closed', OLD.month USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;

SELECT audit.watch('proof_signatures');
SELECT audit.watch('period_closings');
SELECT audit.watch('period_reopenings');
SELECT audit.protect('proof_signatures');
SELECT audit.protect('period_closings');
SELECT audit.protect('period_reopenings');
SELECT audit.protect('proof_reruns');
GRANT SELECT, INSERT ON proof_signatures, proof_days, proof_reruns, period_closings, period_reopenings TO bursar_app;
GRANT SELECT ON period_cuts TO bursar_app;
GRANT UPDATE (state, told, booked, breaks, results, fault, computed_at) ON proof_days TO bursar_app;

SELECT set_config('bursar.actor', 'system:migration', true);
SELECT ledger.open_account('equity:closing:NGN', 'NGN', NULL);
ALTER TABLE approval_policies DISABLE TRIGGER approved;
INSERT INTO approval_policies (id, kind, version, rules, created_at)
SELECT 'pol_' || kind || '_1', kind, 1, rules::jsonb, now() FROM (VALUES
    ('closing.close', '[
        {"legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]'),
    ('closing.reopen', '[
        {"legs": [{"roles": ["treasury"], "count": 2}], "ttl_seconds": 604800, "delay_seconds": 0}]')
) AS beginning (kind, rules);
ALTER TABLE approval_policies ENABLE ALWAYS TRIGGER approved;
SELECT set_config('bursar.actor', '', true);
