-- Refunds and disputes as events of the rail: what goes back to payers, and what payers take back.

CREATE TABLE disputes (
    id text CONSTRAINT pk_disputes PRIMARY KEY,
    vendor_id text NOT NULL CONSTRAINT uq_disputes_vendor_id UNIQUE,
    reference text NOT NULL,
    customer_id text CONSTRAINT fk_disputes_customer_id REFERENCES customers,
    deposit_id text CONSTRAINT fk_disputes_deposit_id REFERENCES deposits,
    amount_units numeric(38) NOT NULL CONSTRAINT ck_disputes_amount_positive CHECK (amount_units > 0),
    category text NOT NULL,
    vendor_status text NOT NULL,
    resolution text NOT NULL,
    messages jsonb NOT NULL,
    state text NOT NULL CONSTRAINT ck_disputes_state_known CHECK (state IN ('open', 'answered', 'won', 'lost')),
    due_at timestamptz,
    opened_at timestamptz NOT NULL,
    warned smallint NOT NULL CONSTRAINT ck_disputes_warned_counts CHECK (warned BETWEEN 0 AND 2),
    hold_id bigint,
    held_units numeric(38) NOT NULL CONSTRAINT ck_disputes_held_bounds CHECK (held_units BETWEEN 0 AND amount_units),
    lost_units numeric(38) CONSTRAINT ck_disputes_lost_not_negative CHECK (lost_units >= 0),
    owed_units numeric(38) CONSTRAINT ck_disputes_owed_bounds CHECK (owed_units BETWEEN 0 AND lost_units),
    journal_id bigint,
    created_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX ix_disputes_state ON disputes (state, due_at, id);
CREATE INDEX ix_disputes_reference ON disputes (reference);
CREATE INDEX ix_disputes_customer_id ON disputes (customer_id, id);

CREATE TABLE refunds (
    id text CONSTRAINT pk_refunds PRIMARY KEY,
    reference text NOT NULL,
    customer_id text CONSTRAINT fk_refunds_customer_id REFERENCES customers,
    deposit_id text CONSTRAINT fk_refunds_deposit_id REFERENCES deposits,
    origin text NOT NULL CONSTRAINT ck_refunds_origin_known CHECK (origin IN ('asked', 'told')),
    from_account text NOT NULL,
    amount_units numeric(38) NOT NULL CONSTRAINT ck_refunds_amount_positive CHECK (amount_units > 0),
    owed_units numeric(38) NOT NULL CONSTRAINT ck_refunds_owed_bounds CHECK (owed_units BETWEEN 0 AND amount_units),
    cost_units numeric(38) NOT NULL
        CONSTRAINT ck_refunds_cost_bounds CHECK (cost_units BETWEEN 0 AND amount_units - owed_units),
    reason text NOT NULL,
    state text NOT NULL CONSTRAINT ck_refunds_state_known
        CHECK (state IN ('asked', 'sent', 'needs_attention', 'redirecting', 'processed', 'failed')),
    vendor_id text CONSTRAINT uq_refunds_vendor_id UNIQUE,
    tried_at timestamptz,
    expected_at timestamptz,
    to_bank_code text NOT NULL,
    to_account_number text NOT NULL,
    to_account_name text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT ck_refunds_known_there
        CHECK (vendor_id IS NOT NULL OR state IN ('asked', 'failed')),
    -- (what was made at the vendor is there: nothing that nobody agreed to waits here to be sent)
    CONSTRAINT ck_refunds_told_of_one CHECK (origin = 'asked' OR (vendor_id IS NOT NULL AND state <> 'asked'))
);
-- One at a time for each charge: Paystack gives us no key under which a second call would be the same one.
CREATE UNIQUE INDEX uq_refunds_open ON refunds (reference)
    WHERE origin = 'asked' AND state IN ('asked', 'sent', 'needs_attention', 'redirecting');
CREATE INDEX ix_refunds_state ON refunds (state, id);
CREATE INDEX ix_refunds_reference ON refunds (reference);
CREATE INDEX ix_refunds_customer_id ON refunds (customer_id, id);

-- What the vendor's balance ledger says of what goes back, and from when to when it was read for that: its months are not
-- read anew for each of them.
CREATE TABLE balance_lines (
    vendor_id text CONSTRAINT pk_balance_lines PRIMARY KEY,
    model text NOT NULL,
    model_row text NOT NULL,
    units numeric(38) NOT NULL
);
CREATE INDEX ix_balance_lines_model ON balance_lines (model, model_row);
CREATE TABLE balance_spans (
    id smallint CONSTRAINT pk_balance_spans PRIMARY KEY CONSTRAINT ck_balance_spans_only_one CHECK (id = 1),
    read_from timestamptz NOT NULL,
    read_until timestamptz NOT NULL,
    CONSTRAINT ck_balance_spans_in_order CHECK (read_from <= read_until)
);

-- Whether a payer takes this charge back, or has: what Paystack refunds for that is the dispute's, and we refund nothing
-- beside it.
CREATE FUNCTION charge_is_disputed(p_reference text) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM disputes d WHERE d.reference = p_reference AND d.state <> 'won')
$$;

-- A customer's money goes back by a request that was approved for it; nobody is paid twice for what they dispute. Where
-- Paystack cannot reach the payer, two people say to which account it goes instead.
CREATE FUNCTION guard_refund() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.origin = 'asked' AND charge_is_disputed(NEW.reference) THEN
            RAISE EXCEPTION 'charge % is disputed', NEW.reference USING ERRCODE = 'BU005';
        ELSIF NEW.origin = 'asked' AND NEW.from_account LIKE 'liability:customer:%' AND NOT EXISTS (
                SELECT FROM approval_requests q
                 WHERE q.kind = 'payments.refund' AND is_due(q) AND q.target = 'refund:' || NEW.reference
                   AND q.payload ->> 'units' = NEW.amount_units::text) THEN
            RAISE EXCEPTION 'refund of %: two people give a customer''s money back', NEW.reference
                USING ERRCODE = 'BU005';
        ELSIF NEW.origin = 'asked' AND NEW.from_account NOT LIKE 'liability:customer:%' AND NOT EXISTS (
                SELECT FROM suspense_items s JOIN approval_requests q ON q.target = 'suspense:' || s.id
                 WHERE q.kind = 'payments.return' AND is_due(q) AND s.state = 'open'
                   AND s.reference = NEW.reference AND q.payload ->> 'units' = NEW.amount_units::text) THEN
            RAISE EXCEPTION 'refund of %: two people send back what stands in suspense', NEW.reference
                USING ERRCODE = 'BU005';
        END IF;
    ELSIF NEW.state = 'redirecting' AND OLD.state <> 'redirecting' AND NOT EXISTS (
            SELECT FROM approval_requests q
             WHERE q.kind = 'payments.redirect' AND is_due(q) AND q.payload ->> 'refund_id' = NEW.id
               AND q.payload ->> 'bank_code' = NEW.to_bank_code
               AND q.payload ->> 'account_number' = NEW.to_account_number) THEN
        RAISE EXCEPTION 'refund %: two people say where it goes', NEW.id USING ERRCODE = 'BU005';
    ELSIF NEW.to_account_number <> OLD.to_account_number AND NEW.state <> 'redirecting' THEN
        RAISE EXCEPTION 'refund %: it goes where two people said', NEW.id USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON refunds FOR EACH ROW EXECUTE FUNCTION guard_refund();
ALTER TABLE refunds ENABLE ALWAYS TRIGGER guarded;

-- A dispute is won by the vendor's word, or where that never comes by two people's.
CREATE FUNCTION guard_dispute() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.state = 'won' AND OLD.state <> 'won' AND NEW.resolution <> 'declined' AND NOT EXISTS (
            SELECT FROM approval_requests q
             WHERE q.kind = 'disputes.let_go' AND is_due(q) AND q.payload ->> 'dispute_id' = NEW.id) THEN
        RAISE EXCEPTION 'dispute %: two people let it go', NEW.id USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE UPDATE ON disputes FOR EACH ROW EXECUTE FUNCTION guard_dispute();
ALTER TABLE disputes ENABLE ALWAYS TRIGGER guarded;

DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY ARRAY['disputes', 'refunds'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY own_rows ON %I USING (current_setting(''bursar.owner'', true) IN (''*'', customer_id))', t);
    END LOOP;
END $$;

-- Finance asks, treasury agrees.
SELECT set_config('bursar.actor', 'system:migration 0027', true), set_config('bursar.owner', '*', true);
ALTER TABLE approval_policies DISABLE TRIGGER approved;
INSERT INTO approval_policies (id, kind, version, rules, created_at) VALUES
    ('pol_payments.refund_1', 'payments.refund', 1, '[
        {"amount_over": 100000000, "legs": [{"roles": ["treasury"], "count": 2}], "ttl_seconds": 604800, "delay_seconds": 0},
        {"legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]', now()),
    ('pol_disputes.let_go_1', 'disputes.let_go', 1, '[
        {"amount_over": 100000000, "legs": [{"roles": ["treasury"], "count": 2}], "ttl_seconds": 604800, "delay_seconds": 0},
        {"legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]', now()),
    ('pol_payments.redirect_1', 'payments.redirect', 1, '[
        {"legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]', now());
ALTER TABLE approval_policies ENABLE ALWAYS TRIGGER approved;
SELECT set_config('bursar.actor', '', true), set_config('bursar.owner', '', true);

SELECT audit.watch('disputes', 'messages');
SELECT audit.watch('refunds', 'to_account_number', 'to_account_name');
SELECT audit.marks_stay('disputes', 'customer_id', 'ended_at');
SELECT audit.marks_stay('refunds', 'ended_at');
GRANT SELECT, INSERT ON disputes, refunds, balance_lines, balance_spans TO bursar_app;
GRANT UPDATE (read_from, read_until) ON balance_spans TO bursar_app;
GRANT UPDATE (customer_id, deposit_id, vendor_status, resolution, messages, state, due_at, warned, hold_id, held_units, lost_units,
              owed_units, journal_id, ended_at) ON disputes TO bursar_app;
GRANT UPDATE (state, vendor_id, tried_at, expected_at, to_bank_code, to_account_number, to_account_name, ended_at)
    ON refunds TO bursar_app;
