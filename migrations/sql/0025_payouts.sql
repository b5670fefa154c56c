-- Attempts to pay out, and the switches that stop them.

-- That something was turned off, by whom and why. One person turns off, a request that was approved turns on again.
CREATE TABLE switches (
    id text CONSTRAINT pk_switches PRIMARY KEY,
    scope text NOT NULL,                               -- 'all', 'rail:bank', 'asset:NGN'
    state text NOT NULL CONSTRAINT ck_switches_state_known CHECK (state IN ('off', 'on')),
    reason text NOT NULL CONSTRAINT ck_switches_reason_given CHECK (reason <> ''),
    turned_off_by text NOT NULL,                       -- 'operator:op_…', 'system:…'
    turned_off_at timestamptz NOT NULL,
    turned_on_at timestamptz,
    request_id text CONSTRAINT fk_switches_request_id REFERENCES approval_requests,
    CONSTRAINT ck_switches_on_by_request
        CHECK ((state = 'on') = (turned_on_at IS NOT NULL) AND (state = 'on') = (request_id IS NOT NULL))
);
CREATE UNIQUE INDEX ix_switches_standing ON switches (scope) WHERE state = 'off';

-- Turned off in one's own name, by who may, and never in a customer's; turned on by the request for exactly this one. Who
-- turns off waits for those who are passing: once it is committed nobody passes any more.
CREATE FUNCTION guard_switch() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_moving text[] := ARRAY['state', 'turned_on_at', 'request_id'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM pg_advisory_xact_lock(hashtext('switches'));
        IF NEW.state <> 'off' OR NEW.turned_off_by <> audit.actor()
           OR NOT (audit.actor() LIKE 'system:%'
                   OR EXISTS (SELECT FROM operators o WHERE 'operator:' || o.id = audit.actor()
                                 AND o.roles && '{treasury,compliance_officer,compliance_manager,admin}')) THEN
            RAISE EXCEPTION 'switch %: is turned off in one''s own name, by who may', NEW.scope
                USING ERRCODE = 'restrict_violation';
        END IF;
    ELSIF to_jsonb(OLD) - v_moving <> to_jsonb(NEW) - v_moving OR OLD.state <> 'off' THEN
        RAISE EXCEPTION 'switch %: stays as it was written', OLD.id USING ERRCODE = 'restrict_violation';
    ELSIF NOT EXISTS (SELECT FROM approval_requests q
                       WHERE q.id = NEW.request_id AND is_due(q) AND q.kind = 'risk.switch_on'
                         AND q.payload ->> 'switch_id' = OLD.id) THEN
        PERFORM refuse_request(NEW.request_id, 'does not turn this switch on');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON switches FOR EACH ROW EXECUTE FUNCTION guard_switch();
CREATE TRIGGER kept BEFORE DELETE ON switches FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON switches FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
ALTER TABLE switches ENABLE ALWAYS TRIGGER guarded, ENABLE ALWAYS TRIGGER kept, ENABLE ALWAYS TRIGGER never_emptied;
SELECT audit.watch('switches');
SELECT audit.marks_stay('switches', 'turned_on_at');

-- No payout begins, and none is taken up again, while a switch on its way is off, whoever asks.
CREATE FUNCTION refuse_switched_off() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('switches'));
    IF EXISTS (SELECT FROM switches s WHERE s.state = 'off' AND s.scope IN ('all', 'rail:bank', 'asset:NGN')) THEN
        RAISE EXCEPTION 'payouts are switched off' USING ERRCODE = 'BU004';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER not_switched_off BEFORE INSERT ON payouts FOR EACH ROW EXECUTE FUNCTION refuse_switched_off();
CREATE TRIGGER not_taken_up_switched_off BEFORE UPDATE OF state ON payouts FOR EACH ROW
    WHEN (OLD.state = 'awaiting_float' AND NEW.state = 'sending') EXECUTE FUNCTION refuse_switched_off();
ALTER TABLE payouts ENABLE ALWAYS TRIGGER not_switched_off, ENABLE ALWAYS TRIGGER not_taken_up_switched_off;

-- The end of one of which Paystack does not tell is what two people said: for this payout, as it stood, and once; that
-- one failed may be said otherwise later.
ALTER TABLE payouts
    -- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
    ADD COLUMN request_id text CONSTRAINT fk_payouts_request_id REFERENCES approval_requests,
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT ck_payouts_marked_when_ended
        CHECK (request_id IS NULL OR state IN ('paid', 'failed', 'reversed'));
CREATE FUNCTION guard_mark() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF (OLD.request_id IS NOT NULL AND OLD.state <> 'failed') OR NOT EXISTS (
            SELECT FROM approval_requests q
             WHERE q.id = NEW.request_id AND is_due(q) AND q.kind = 'withdrawals.mark_payout'
               AND q.payload ->> 'payout_id' = NEW.id AND q.payload ->> 'mark' = NEW.state
               AND q.payload ->> 'state' = OLD.state AND q.payload ->> 'units' = NEW.amount_units::text) THEN
        RAISE EXCEPTION 'payout %: two people say how it ended', NEW.id USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER marked BEFORE UPDATE OF request_id ON payouts FOR EACH ROW
    WHEN (OLD.request_id IS DISTINCT FROM NEW.request_id) EXECUTE FUNCTION guard_mark();
CREATE FUNCTION refuse_unmarked() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'payout %: failed, and only two people say otherwise', NEW.id USING ERRCODE = 'BU005';
END $$;
CREATE TRIGGER stays_failed BEFORE UPDATE OF state ON payouts FOR EACH ROW
    WHEN (OLD.state = 'failed' AND NEW.state <> 'failed' AND OLD.request_id IS NOT DISTINCT FROM NEW.request_id)
    EXECUTE FUNCTION refuse_unmarked();
ALTER TABLE payouts ENABLE ALWAYS TRIGGER marked, ENABLE ALWAYS TRIGGER stays_failed;

-- When the naira rail turns itself off: above three times the usual, and above 50 million naira; and below a fifth of
-- what its float is topped up to.
SELECT set_config('bursar.actor', 'system:migration 0025', true);
ALTER TABLE risk_thresholds DISABLE TRIGGER approved;
INSERT INTO risk_thresholds (id, name, value, starts_at)
SELECT 'rth_' || name, name, value, '2026-01-01 00:00:00+01' FROM (VALUES
    ('breaker_outflow_times', 3), ('breaker_outflow_min', 5000000000),
    ('breaker_float_percent', 20)
  ) AS beginning (name, value);
ALTER TABLE risk_thresholds ENABLE ALWAYS TRIGGER approved;

-- What leaves in a busy quarter of an hour, as it was measured.
CREATE TABLE usual_outflows (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_usual_outflows PRIMARY KEY,
    rail text NOT NULL,
    asset text NOT NULL,
    units numeric(38) NOT NULL CONSTRAINT ck_usual_outflows_not_negative CHECK (units >= 0),
    measured_at timestamptz NOT NULL
);
CREATE INDEX ix_usual_outflows_rail ON usual_outflows (rail, asset, id);

-- What left within each quarter of an hour, added up by the clock; the newest anew, since what left may still fail.
CREATE TABLE payout_quarters (
    starts_at timestamptz CONSTRAINT pk_payout_quarters PRIMARY KEY,
    units numeric(38) NOT NULL CONSTRAINT ck_payout_quarters_not_negative CHECK (units >= 0)
);

ALTER TABLE approval_policies DISABLE TRIGGER approved;
INSERT INTO approval_policies (id, kind, version, rules, created_at) VALUES
    ('pol_withdrawals.mark_payout_1', 'withdrawals.mark_payout', 1, '[
        {"amount_over": 100000000, "legs": [{"roles": ["treasury"], "count": 2}], "ttl_seconds": 604800, "delay_seconds": 0},
        {"legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]', now()),
    ('pol_risk.switch_on_1', 'risk.switch_on', 1, '[
        {"legs": [{"roles": ["treasury", "compliance_manager"], "count": 1}], "ttl_seconds": 259200, "delay_seconds": 0}]', now());
ALTER TABLE approval_policies ENABLE ALWAYS TRIGGER approved;

SELECT set_config('bursar.actor', '', true);

SELECT audit.watch('usual_outflows');
SELECT audit.protect('usual_outflows');
GRANT SELECT, INSERT ON switches, usual_outflows TO bursar_app;
GRANT SELECT, INSERT, UPDATE (units) ON payout_quarters TO bursar_app;
GRANT UPDATE (state, turned_on_at, request_id) ON switches TO bursar_app;
GRANT UPDATE (request_id) ON payouts TO bursar_app;
