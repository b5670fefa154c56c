-- Customers pay one another: handles they are found by, transfers, requests for money, and bills that are split.

-- A handle is somebody's for good: it is replaced and never given to another, nor is one that looks like it.
CREATE TABLE handles (
    handle text CONSTRAINT pk_handles PRIMARY KEY CONSTRAINT ck_handles_handle_is_one CHECK (handle ~ '^[a-z][a-z0-9_]{2,19}$'),
    looks text NOT NULL CONSTRAINT uq_handles_looks UNIQUE,
    customer_id text NOT NULL CONSTRAINT fk_handles_customer_id REFERENCES customers,
    claimed_at timestamptz NOT NULL,
    replaced_at timestamptz
);
CREATE UNIQUE INDEX uq_handles_customer_id ON handles (customer_id) WHERE replaced_at IS NULL;

CREATE TABLE splits (
    id text CONSTRAINT pk_splits PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_splits_customer_id REFERENCES customers,
    asset text NOT NULL,
    units numeric(38) NOT NULL CONSTRAINT ck_splits_units_positive CHECK (units > 0),
    own_units numeric(38) NOT NULL CONSTRAINT ck_splits_own_units_bounds CHECK (own_units BETWEEN 0 AND units),
    note text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX ix_splits_customer_id ON splits (customer_id, id);

-- What one customer asks of another. Each knows the other by the name that was shown then.
CREATE TABLE money_requests (
    id text CONSTRAINT pk_money_requests PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_money_requests_customer_id REFERENCES customers,  -- who asks
    payer_id text NOT NULL CONSTRAINT fk_money_requests_payer_id REFERENCES customers,
    asker_name text NOT NULL,
    payer_name text NOT NULL,
    asset text NOT NULL,
    units numeric(38) NOT NULL CONSTRAINT ck_money_requests_units_positive CHECK (units > 0),
    note text NOT NULL,
    split_id text CONSTRAINT fk_money_requests_split_id REFERENCES splits,
    state text NOT NULL
        CONSTRAINT ck_money_requests_state_known CHECK (state IN ('asked', 'paid', 'declined', 'expired', 'cancelled')),
    reminders smallint NOT NULL DEFAULT 0 CONSTRAINT ck_money_requests_reminders_few CHECK (reminders BETWEEN 0 AND 3),
    reminded_at timestamptz,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT ck_money_requests_of_another CHECK (customer_id <> payer_id),
    CONSTRAINT ck_money_requests_ended_when CHECK ((state = 'asked') = (ended_at IS NULL))
);
CREATE INDEX ix_money_requests_customer_id ON money_requests (customer_id, id);
CREATE INDEX ix_money_requests_payer_id ON money_requests (payer_id, id);
CREATE INDEX ix_money_requests_expires_at ON money_requests (expires_at) WHERE state = 'asked';

-- What went from one customer to another: written with its journal, and never changed.
CREATE TABLE transfers (
    id text CONSTRAINT pk_transfers PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_transfers_customer_id REFERENCES customers,  -- who sent it
    receiver_id text NOT NULL CONSTRAINT fk_transfers_receiver_id REFERENCES customers,
    sender_name text NOT NULL,
    receiver_name text NOT NULL,
    asset text NOT NULL,
    units numeric(38) NOT NULL CONSTRAINT ck_transfers_units_positive CHECK (units > 0),
    worth_units numeric(38) NOT NULL CONSTRAINT ck_transfers_worth_not_negative CHECK (worth_units >= 0),  -- kobo, then
    note text NOT NULL,
    proved boolean NOT NULL,                           -- with a second factor, a few minutes before
    request_id text CONSTRAINT fk_transfers_request_id REFERENCES money_requests CONSTRAINT uq_transfers_request_id UNIQUE,
    journal_id bigint NOT NULL CONSTRAINT uq_transfers_journal_id UNIQUE,
    created_at timestamptz NOT NULL,
    CONSTRAINT ck_transfers_to_another CHECK (customer_id <> receiver_id)
);
CREATE INDEX ix_transfers_customer_id ON transfers (customer_id, id);
CREATE INDEX ix_transfers_receiver_id ON transfers (receiver_id, id);

-- A transfer is what its journal says: from the one account to the other, so much. Paid is what a transfer paid.
CREATE FUNCTION guard_transfer() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF (SELECT array_agg(a.code || ' ' || e.amount ORDER BY e.amount DESC)
          FROM ledger.entries e JOIN ledger.accounts a ON a.id = e.account_id WHERE e.journal_id = NEW.journal_id)
       IS DISTINCT FROM ARRAY[
           format('liability:customer:%s:%s %s', NEW.customer_id, NEW.asset, NEW.units),
           format('liability:customer:%s:%s %s', NEW.receiver_id, NEW.asset, -NEW.units)] THEN
        RAISE EXCEPTION 'transfer %: its journal says something else', NEW.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE INSERT ON transfers FOR EACH ROW EXECUTE FUNCTION guard_transfer();
ALTER TABLE transfers ENABLE ALWAYS TRIGGER guarded;

CREATE FUNCTION guard_money_request() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_moving text[] := ARRAY['state', 'ended_at', 'reminders', 'reminded_at'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'asked' THEN
            RAISE EXCEPTION 'request %: is asked first', NEW.id USING ERRCODE = 'restrict_violation';
        END IF;
    ELSIF to_jsonb(OLD) - v_moving <> to_jsonb(NEW) - v_moving OR OLD.state <> 'asked' THEN
        RAISE EXCEPTION 'request %: stays as it was written', OLD.id USING ERRCODE = 'restrict_violation';
    ELSIF NEW.state = 'paid' AND NOT EXISTS (
            SELECT FROM transfers t WHERE t.request_id = OLD.id AND t.customer_id = OLD.payer_id
               AND t.receiver_id = OLD.customer_id AND t.asset = OLD.asset AND t.units = OLD.units) THEN
        RAISE EXCEPTION 'request %: nobody paid it', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON money_requests FOR EACH ROW EXECUTE FUNCTION guard_money_request();
ALTER TABLE money_requests ENABLE ALWAYS TRIGGER guarded;

-- Both sides see what is between them.
DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY ARRAY['handles', 'splits', 'money_requests', 'transfers'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    END LOOP;
END $$;
CREATE POLICY own_rows ON handles USING (current_setting('bursar.owner', true) IN ('*', customer_id));
CREATE POLICY own_rows ON splits USING (current_setting('bursar.owner', true) IN ('*', customer_id));
CREATE POLICY own_rows ON money_requests USING (current_setting('bursar.owner', true) IN ('*', customer_id, payer_id));
CREATE POLICY own_rows ON transfers USING (current_setting('bursar.owner', true) IN ('*', customer_id, receiver_id));

-- What somebody may send within a day without a second factor, all together: kobo.
SELECT set_config('bursar.actor', 'system:migration 0033', true), set_config('bursar.owner', '*', true);
ALTER TABLE risk_thresholds DISABLE TRIGGER approved;
INSERT INTO risk_thresholds (id, name, value, starts_at)
VALUES ('rth_transfer_unproved_amount', 'transfer_unproved_amount', 2000000, '2026-01-01 00:00:00+01');
ALTER TABLE risk_thresholds ENABLE ALWAYS TRIGGER approved;
SELECT set_config('bursar.actor', '', true), set_config('bursar.owner', '', true);

SELECT audit.watch('handles', '=handle');
SELECT audit.watch('splits', 'note');
SELECT audit.watch('money_requests', 'note');
SELECT audit.watch('transfers', 'note');
SELECT audit.protect('splits');
SELECT audit.protect('transfers');
SELECT audit.marks_stay('handles', 'replaced_at');
SELECT audit.marks_stay('money_requests', 'ended_at');
GRANT SELECT, INSERT ON handles, splits, money_requests, transfers TO bursar_app;
GRANT UPDATE (replaced_at) ON handles TO bursar_app;
GRANT UPDATE (state, ended_at, reminders, reminded_at) ON money_requests TO bursar_app;
