-- Ways to pay in, dedicated accounts, saved cards, and what becomes of money in suspense.

-- A card that a customer chose to keep. Whoever has its code can charge it, so the code is sealed.
CREATE TABLE saved_cards (
    id text CONSTRAINT pk_saved_cards PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_saved_cards_customer_id REFERENCES customers,
    code_sealed bytea NOT NULL,
    code_index bytea NOT NULL,                         -- of the code: the same card is kept once
    email text NOT NULL,                               -- the address it was charged under: Paystack asks for that one
    brand text NOT NULL,
    bank text NOT NULL,
    last4 text NOT NULL,
    expires_month smallint CONSTRAINT ck_saved_cards_expires_month_real CHECK (expires_month BETWEEN 1 AND 12),
    expires_year smallint,
    created_at timestamptz NOT NULL,
    removed_at timestamptz
);
CREATE UNIQUE INDEX ix_saved_cards_kept ON saved_cards (customer_id, code_index) WHERE removed_at IS NULL;

-- A customer's own account number at a bank, by Paystack: whatever arrives there is theirs.
CREATE TABLE dedicated_accounts (
    id text CONSTRAINT pk_dedicated_accounts PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_dedicated_accounts_customer_id REFERENCES customers,
    state text NOT NULL CONSTRAINT ck_dedicated_accounts_state_known
        CHECK (state IN ('asked', 'open', 'refused', 'closing', 'closed')),
    customer_code text NOT NULL DEFAULT '',            -- what Paystack calls the customer
    vendor_id text NOT NULL DEFAULT '',
    account_number text CONSTRAINT uq_dedicated_accounts_account_number UNIQUE,
    account_name text NOT NULL DEFAULT '',
    bank_name text NOT NULL DEFAULT '',
    bank_slug text NOT NULL DEFAULT '',
    trouble text NOT NULL DEFAULT '',                  -- why there is none, in words
    asked_at timestamptz NOT NULL,
    opened_at timestamptz,
    requeried_at timestamptz,                          -- Paystack looks at most once in ten minutes
    closed_at timestamptz,
    CONSTRAINT ck_dedicated_accounts_open_whole
        CHECK (state NOT IN ('open', 'closing', 'closed') OR (account_number IS NOT NULL AND opened_at IS NOT NULL)),
    CONSTRAINT ck_dedicated_accounts_closed_when CHECK ((state = 'closed') = (closed_at IS NOT NULL))
);
CREATE UNIQUE INDEX ix_dedicated_accounts_one ON dedicated_accounts (customer_id) WHERE state <> 'closed';
CREATE INDEX ix_dedicated_accounts_customer_code ON dedicated_accounts (customer_code);

-- How a deposit is paid, where to, and what became of it.
ALTER TABLE deposits
    ADD COLUMN method text NOT NULL DEFAULT 'checkout' CONSTRAINT ck_deposits_method_known CHECK (method IN
        ('checkout', 'card', 'saved_card', 'bank_transfer', 'ussd', 'dedicated_account', 'placed')),
    -- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
    ADD COLUMN saved_card_id text CONSTRAINT fk_deposits_saved_card_id REFERENCES saved_cards,
    ADD COLUMN keep_card boolean NOT NULL DEFAULT false,  -- they said so before they paid
    ADD COLUMN pay_number text NOT NULL DEFAULT '',       -- the one-off account to send it to
    ADD COLUMN pay_name text NOT NULL DEFAULT '',
    ADD COLUMN pay_bank text NOT NULL DEFAULT '',
    ADD COLUMN pay_until timestamptz,
    ADD COLUMN dial text NOT NULL DEFAULT '',             -- the USSD code, or Paystack's words about it
    ADD COLUMN payer text NOT NULL DEFAULT '',            -- the sender's name, as their bank gave it
    ADD COLUMN added_units numeric(38) NOT NULL DEFAULT 0  -- what of the fee its payer pays on top
        CONSTRAINT ck_deposits_added_not_negative CHECK (added_units >= 0),
    ADD COLUMN credited_units numeric(38) CONSTRAINT ck_deposits_credited_positive CHECK (credited_units > 0),
    ADD COLUMN available_at timestamptz,                  -- until then it is held; NULL when it was not
    ADD COLUMN hold_id bigint,                            -- the newest of its holds
    ADD COLUMN trouble text NOT NULL DEFAULT '',          -- what went wrong on the way, for its owner
    -- squawk-ignore constraint-missing-not-valid
    ADD CONSTRAINT ck_deposits_saved_card_named
        CHECK ((method = 'saved_card') = (saved_card_id IS NOT NULL));
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_deposits_suspended ON deposits (id) WHERE state = 'suspended';
SELECT audit.mask_also('deposits', 'payer', 'pay_number');

-- Money without an intent comes to an account number that is open, or was: nobody writes themselves a deposit.
CREATE FUNCTION guard_deposit_born() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.method = 'dedicated_account' AND NOT EXISTS (
        SELECT FROM dedicated_accounts a
         WHERE a.customer_id = NEW.customer_id AND a.account_number IS NOT NULL) THEN
        RAISE EXCEPTION 'deposit %: this customer has no account number', NEW.id USING ERRCODE = 'BU005';
    ELSIF NEW.method = 'placed' AND NOT EXISTS (
        SELECT FROM suspense_items s JOIN approval_requests q ON q.target = 'suspense:' || s.id
         WHERE NEW.reference = replace(s.id, '_', '-') AND s.state = 'open' AND is_due(q)
           AND q.kind = 'payments.assign' AND q.payload ->> 'customer_id' = NEW.customer_id
           AND (q.payload ->> 'units')::numeric = NEW.amount_units AND s.amount_units = NEW.amount_units) THEN
        RAISE EXCEPTION 'deposit %: two people place what stands in suspense', NEW.id USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER born BEFORE INSERT ON deposits FOR EACH ROW
    WHEN (NEW.method IN ('dedicated_account', 'placed')) EXECUTE FUNCTION guard_deposit_born();
ALTER TABLE deposits ENABLE ALWAYS TRIGGER born;

-- What stands in suspense for a deposit becomes its customer's by either kind of request. It is closed without that when
-- its item is: the money went another way. Closed it stays.
CREATE OR REPLACE FUNCTION guard_placing() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.state = 'suspended' AND NEW.state = 'closed' AND NOT EXISTS (
        SELECT FROM suspense_items s WHERE s.cause = 'charge:' || NEW.reference AND s.state = 'open') THEN
        RETURN NEW;
    END IF;
    IF OLD.state = 'closed' OR NOT EXISTS (SELECT FROM suspense_items s JOIN approval_requests q ON q.target = 'suspense:' || s.id
                    WHERE is_due(q) AND q.payload ->> 'customer_id' = NEW.customer_id
                      AND (q.kind IN ('payments.place', 'payments.assign')
                           AND s.reference = NEW.reference AND q.payload ->> 'deposit_id' = NEW.id
                           OR q.kind = 'payments.assign'
                           AND NEW.method = 'placed' AND NEW.reference = replace(s.id, '_', '-'))) THEN
        RAISE EXCEPTION 'deposit %: two people place what stands in suspense', NEW.id USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;

DROP TRIGGER placed ON deposits;
CREATE TRIGGER placed BEFORE UPDATE OF state ON deposits FOR EACH ROW
    WHEN (OLD.state IN ('suspended', 'closed') AND NEW.state <> OLD.state) EXECUTE FUNCTION guard_placing();
ALTER TABLE deposits ENABLE ALWAYS TRIGGER placed;

-- Whose it may be, and whether it is a part of what came as one.
ALTER TABLE suspense_items
    ADD COLUMN payer text NOT NULL DEFAULT '',
    ADD COLUMN channel text NOT NULL DEFAULT '',
    ADD COLUMN paid_to text NOT NULL DEFAULT '',          -- the account number that it came to
    ADD COLUMN topic text NOT NULL DEFAULT 'news' CONSTRAINT ck_suspense_items_topic_known CHECK (topic IN
        ('name', 'restricted', 'amount', 'unknown', 'given_back', 'payout', 'news')),
    -- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
    ADD COLUMN parent_id text CONSTRAINT fk_suspense_items_parent_id REFERENCES suspense_items;
SELECT audit.mask_also('suspense_items', 'payer', 'paid_to');
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_suspense_items_parent_id ON suspense_items (parent_id);
-- (who places, gives back or loses money of a charge asks for its items)
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_suspense_items_reference ON suspense_items (reference);

-- What an item is about stays as it was told, until its money comes: then it is what came.
CREATE FUNCTION guard_suspense_facts() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.journal_id IS NOT NULL OR NEW.journal_id IS NULL THEN
        RAISE EXCEPTION 'suspense item %: stays as it was written', NEW.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER facts BEFORE UPDATE ON suspense_items FOR EACH ROW
    WHEN ((OLD.amount_units, OLD.payer, OLD.channel, OLD.paid_to, OLD.topic, OLD.reason, OLD.journal_id)
          IS DISTINCT FROM (NEW.amount_units, NEW.payer, NEW.channel, NEW.paid_to, NEW.topic, NEW.reason, NEW.journal_id))
    EXECUTE FUNCTION guard_suspense_facts();
ALTER TABLE suspense_items ENABLE ALWAYS TRIGGER facts;

-- The parts of what was split are exactly the whole, and are made by a request that was approved.
CREATE FUNCTION guard_parts() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_whole suspense_items;
BEGIN
    SELECT * INTO v_whole FROM suspense_items WHERE id = NEW.parent_id FOR UPDATE;
    IF v_whole.journal_id IS DISTINCT FROM NEW.journal_id
       OR NOT EXISTS (SELECT FROM approval_requests q
                       WHERE q.target = 'suspense:' || NEW.parent_id AND is_due(q) AND q.kind = 'payments.split'
                         AND q.payload -> 'parts' @> jsonb_build_array(NEW.amount_units::text))
       OR (SELECT sum(p.amount_units) FROM suspense_items p WHERE p.parent_id = NEW.parent_id) > v_whole.amount_units
    THEN
        RAISE EXCEPTION 'suspense item %: nobody agreed to this part', NEW.id USING ERRCODE = 'BU005';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER parts AFTER INSERT ON suspense_items FOR EACH ROW
    WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION guard_parts();
ALTER TABLE suspense_items ENABLE ALWAYS TRIGGER parts;

DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY ARRAY['saved_cards', 'dedicated_accounts'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY own_rows ON %I USING (current_setting(''bursar.owner'', true) IN (''*'', customer_id))', t);
    END LOOP;
END $$;
SELECT audit.watch('saved_cards', 'code_sealed', 'code_index', 'email');
SELECT audit.watch('dedicated_accounts', 'account_number', 'account_name', 'customer_code');
SELECT audit.marks_stay('saved_cards', 'removed_at');
SELECT audit.marks_stay('dedicated_accounts', 'account_number', 'opened_at', 'closed_at');

-- Finance asks, treasury agrees.
ALTER TABLE approval_policies DISABLE TRIGGER approved;
SELECT set_config('bursar.actor', 'system:migration 0023', true);
INSERT INTO approval_policies (id, kind, version, rules, created_at)
SELECT 'pol_' || kind || '_1', kind, 1, '[
    {"legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]', now()
  FROM unnest(ARRAY['payments.assign', 'payments.return', 'payments.split']) kind;
SELECT set_config('bursar.actor', '', true);
ALTER TABLE approval_policies ENABLE ALWAYS TRIGGER approved;

GRANT SELECT, INSERT ON saved_cards, dedicated_accounts TO bursar_app;
GRANT UPDATE (removed_at) ON saved_cards TO bursar_app;
GRANT UPDATE (state, customer_code, vendor_id, account_number, account_name, bank_name, bank_slug, trouble, opened_at,
    requeried_at, closed_at) ON dedicated_accounts TO bursar_app;
GRANT UPDATE (pay_number, pay_name, pay_bank, pay_until, dial, payer, credited_units, available_at, hold_id, trouble)
    ON deposits TO bursar_app;
GRANT UPDATE (amount_units, payer, channel, paid_to, topic, reason) ON suspense_items TO bursar_app;
