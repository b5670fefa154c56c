-- What a customer's account may not do, for a reason, until somebody lifts it or its time is over. Several may stand at
-- once: what any of them stops is stopped. The accounts in the books follow by triggers, in the same transaction.

CREATE TABLE restrictions (
    id text CONSTRAINT pk_restrictions PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_restrictions_customer_id REFERENCES customers,
    kind text NOT NULL CONSTRAINT ck_restrictions_kind_known
        CHECK (kind IN ('no_debit', 'no_credit', 'no_trade', 'legal_hold')),
    reason text NOT NULL CONSTRAINT ck_restrictions_reason_known
        CHECK (reason IN ('identity_check', 'documents_expired', 'unusual_activity', 'court_order', 'third_party_claim',
                          'customer_wish', 'tier_overrun', 'deceased_owner', 'listed')),
    note text NOT NULL CONSTRAINT ck_restrictions_note_given CHECK (note <> ''),  -- for compliance alone
    state text NOT NULL CONSTRAINT ck_restrictions_state_known CHECK (state IN ('placed', 'lifted', 'expired')),
    placed_by text NOT NULL,                           -- 'operator:op_…', 'system:…'
    placed_at timestamptz NOT NULL,
    expires_at timestamptz,                            -- NULL: until it is lifted
    ended_at timestamptz,
    cause text CONSTRAINT uq_restrictions_cause UNIQUE,  -- of one that nobody placed by hand; compliance's, too
    lift_request_id text CONSTRAINT fk_restrictions_lift_request_id REFERENCES approval_requests,
    CONSTRAINT ck_restrictions_legal_hold_has_no_end CHECK (kind <> 'legal_hold' OR expires_at IS NULL),
    CONSTRAINT ck_restrictions_expires_later CHECK (expires_at > placed_at),
    CONSTRAINT ck_restrictions_ended_when CHECK ((state = 'placed') = (ended_at IS NULL)),
    CONSTRAINT ck_restrictions_lifted_by_request CHECK ((state = 'lifted') = (lift_request_id IS NOT NULL))
);
CREATE INDEX ix_restrictions_customer_id ON restrictions (customer_id, state);
CREATE INDEX ix_restrictions_expires_at ON restrictions (expires_at) WHERE state = 'placed';
ALTER TABLE restrictions ENABLE ROW LEVEL SECURITY;
ALTER TABLE restrictions FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON restrictions USING (current_setting('bursar.owner', true) IN ('*', customer_id));

-- The union of all that stands, the freeze of the account included, in the books. Who asks whether something may go holds
-- the customer's row meanwhile, so no answer is older than this.
CREATE FUNCTION apply_restrictions(p_customer text) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_out boolean;
    v_in boolean;
    v_account text;
BEGIN
    PERFORM FROM customers WHERE id = p_customer FOR SHARE;  -- (a statement of its own: the next one sees what is there then)
    SELECT c.state = 'locked' OR EXISTS (SELECT FROM restrictions r WHERE r.customer_id = c.id AND r.state = 'placed'
                                            AND r.kind IN ('no_debit', 'legal_hold')),
           EXISTS (SELECT FROM restrictions r WHERE r.customer_id = c.id AND r.state = 'placed' AND r.kind = 'no_credit')
      INTO v_out, v_in FROM customers c WHERE c.id = p_customer;
    FOR v_account IN SELECT w.account FROM wallets w JOIN ledger.balances b ON b.code = w.account AND b.stripe = 0
                      WHERE w.customer_id = p_customer AND NOT b.closed ORDER BY b.account_id LOOP
        PERFORM ledger.restrict(v_account, v_out, v_in);
    END LOOP;
END $$;

-- Placed in one's own name; what was written stays. It ends by a request that was approved for it, or by its own time, by
-- the clock of the database.
CREATE FUNCTION guard_restriction() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_moving text[] := ARRAY['state', 'ended_at', 'lift_request_id'];
BEGIN
    PERFORM FROM customers WHERE id = NEW.customer_id FOR UPDATE;  -- commands that are under way come first, or see it
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'placed' OR NEW.placed_by <> audit.actor() THEN
            RAISE EXCEPTION 'restriction %: is placed in one''s own name', NEW.id USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF to_jsonb(OLD) - v_moving <> to_jsonb(NEW) - v_moving OR OLD.state <> 'placed' THEN
        RAISE EXCEPTION 'restriction %: stays as it was written', OLD.id USING ERRCODE = 'restrict_violation';
    ELSIF NEW.state = 'expired' AND (OLD.expires_at IS NULL OR OLD.expires_at > clock_timestamp()) THEN
        RAISE EXCEPTION 'restriction %: its time is not over', OLD.id USING ERRCODE = 'restrict_violation';
    ELSIF NEW.state = 'lifted' AND NOT EXISTS (
            SELECT FROM approval_requests q
             WHERE q.id = NEW.lift_request_id AND is_due(q) AND q.kind = 'restrictions.lift'
               AND q.payload ->> 'restriction_id' = OLD.id
               AND (OLD.kind <> 'legal_hold' OR coalesce(q.payload ->> 'authority', '') <> '')) THEN
        PERFORM refuse_request(NEW.lift_request_id, 'does not lift this restriction');
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION apply_restrictions_of_row() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM apply_restrictions(to_jsonb(NEW) ->> TG_ARGV[0]);
    RETURN NULL;
END $$;

CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON restrictions FOR EACH ROW EXECUTE FUNCTION guard_restriction();
CREATE TRIGGER applied AFTER INSERT OR UPDATE ON restrictions
    FOR EACH ROW EXECUTE FUNCTION apply_restrictions_of_row('customer_id');
CREATE TRIGGER kept BEFORE DELETE ON restrictions FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON restrictions FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
ALTER TABLE restrictions ENABLE ALWAYS TRIGGER guarded, ENABLE ALWAYS TRIGGER applied, ENABLE ALWAYS TRIGGER kept,
    ENABLE ALWAYS TRIGGER never_emptied;

-- A freeze of the account, and a wallet that is opened while something stands.
CREATE TRIGGER restrictions_applied AFTER UPDATE OF state ON customers FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION apply_restrictions_of_row('id');
CREATE TRIGGER restrictions_applied AFTER INSERT ON wallets
    FOR EACH ROW EXECUTE FUNCTION apply_restrictions_of_row('customer_id');
ALTER TABLE customers ENABLE ALWAYS TRIGGER restrictions_applied;
ALTER TABLE wallets ENABLE ALWAYS TRIGGER restrictions_applied;

-- Money that came meanwhile and stands in suspense becomes its customer's by a request that was approved for it.
CREATE FUNCTION guard_placing() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM suspense_items s JOIN approval_requests q ON q.target = 'suspense:' || s.id
                    WHERE s.reference = NEW.reference AND is_due(q) AND q.kind = 'payments.place'
                      AND q.payload ->> 'deposit_id' = NEW.id) THEN
        RAISE EXCEPTION 'deposit %: two people place what stands in suspense', NEW.id USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER placed BEFORE UPDATE OF state ON deposits FOR EACH ROW
    WHEN (OLD.state = 'suspended' AND NEW.state <> 'suspended') EXECUTE FUNCTION guard_placing();
ALTER TABLE deposits ENABLE ALWAYS TRIGGER placed;

-- Accounts that are frozen already; then the policies: one of compliance asks to lift, a manager of compliance agrees;
-- finance asks to place, treasury agrees.
SELECT set_config('bursar.actor', 'system:migration 0019', true), set_config('bursar.owner', '*', true);
SELECT apply_restrictions(id) FROM customers WHERE state = 'locked';
ALTER TABLE approval_policies DISABLE TRIGGER approved;
INSERT INTO approval_policies (id, kind, version, rules, created_at) VALUES
    ('pol_restrictions.lift_1', 'restrictions.lift', 1, '[
        {"legs": [{"roles": ["compliance_manager"], "count": 1}], "ttl_seconds": 259200, "delay_seconds": 0}]', now()),
    ('pol_payments.place_1', 'payments.place', 1, '[
        {"legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]', now());
ALTER TABLE approval_policies ENABLE ALWAYS TRIGGER approved;
SELECT set_config('bursar.actor', '', true), set_config('bursar.owner', '', true);

SELECT audit.watch('restrictions', 'note', 'reason', 'cause');  -- who audits reads them on the page of compliance
SELECT audit.marks_stay('restrictions', 'ended_at');
GRANT SELECT, INSERT ON restrictions TO bursar_app;
GRANT UPDATE (state, ended_at, lift_request_id) ON restrictions TO bursar_app;
