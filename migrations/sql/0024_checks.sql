-- What every withdrawal is checked for, the thresholds as dated rows, and the legs that its checks lead to.

-- What the checks measure against, each from a time on: the newest that has begun counts, and none is ever changed. Money
-- is kobo; what its name says is hours, days, minutes, percent or points.
CREATE TABLE risk_thresholds (
    id text CONSTRAINT pk_risk_thresholds PRIMARY KEY,
    name text NOT NULL,
    value numeric(38) NOT NULL CONSTRAINT ck_risk_thresholds_not_negative CHECK (value >= 0),
    starts_at timestamptz NOT NULL,
    request_id text CONSTRAINT fk_risk_thresholds_request_id REFERENCES approval_requests,  -- NULL: the beginning's
    CONSTRAINT uq_risk_thresholds_name UNIQUE (name, starts_at)
);
INSERT INTO risk_thresholds (id, name, value, starts_at)
SELECT 'rth_' || name, name, value, '2026-01-01 00:00:00+01' FROM (VALUES
    ('band_medium_points', 30), ('band_high_points', 60), ('float_share_percent', 10),
    ('new_destination_hours', 24), ('new_factor_hours', 24), ('sign_in_change_hours', 24), ('contact_change_hours', 6),
    ('name_match_percent', 80), ('name_differs_points', 40),
    ('screening_unavailable_points', 20), ('screening_known_points', 30), ('identity_due_points', 30),
    ('destination_shared_customers', 3), ('destination_shared_points', 40), ('dispute_points', 30),
    ('hour_count', 5), ('day_count', 10), ('count_points', 30),
    ('outflow_times_mean', 3), ('outflow_min', 50000000), ('outflow_history_count', 5), ('outflow_points', 30),
    ('structuring_low', 400000000), ('structuring_high', 500000000), ('structuring_count', 3), ('structuring_points', 60),
    ('structuring_company_low', 800000000), ('structuring_company_high', 1000000000),
    ('pass_through_percent', 80), ('pass_through_minutes', 60), ('pass_through_min', 20000000), ('pass_through_points', 40),
    ('new_account_days', 7), ('new_account_amount', 50000000), ('new_account_points', 30),
    ('dormant_days', 180), ('dormant_amount', 10000000), ('dormant_points', 30),
    ('unpaid_minutes', 120),
    ('hugging_percent', 90), ('hugging_days', 3), ('hugging_points', 20),
    ('takeover_hours', 24), ('takeover_points', 60),
    ('deposit_alike_percent', 80), ('deposit_unlike_percent', 50), ('deposit_other_sender_hours', 24),
    ('deposit_new_payer_count', 3), ('deposit_card_new_hours', 24), ('deposit_young_days', 30),
    ('deposit_large_amount', 50000000), ('deposit_card_abroad_hours', 72), ('deposit_over_limit_hours', 24)
  ) AS beginning (name, value);

CREATE FUNCTION risk_threshold(p_name text) RETURNS numeric
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT value FROM risk_thresholds WHERE name = p_name AND starts_at <= now() ORDER BY starts_at DESC LIMIT 1
$$;

-- Later ones come by a request that was approved, for a threshold that there is, and begin on a day to come.
CREATE FUNCTION guard_risk_threshold() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'risk.thresholds'
                      AND r.payload ->> 'name' = NEW.name AND r.payload ->> 'value' = NEW.value::text
                      AND NEW.starts_at = midnight(r.payload ->> 'starts_on'))
       OR NEW.starts_at <= now() OR risk_threshold(NEW.name) IS NULL THEN
        PERFORM refuse_request(NEW.request_id, 'does not set this threshold');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT ON risk_thresholds FOR EACH ROW EXECUTE FUNCTION guard_risk_threshold();
ALTER TABLE risk_thresholds ENABLE ALWAYS TRIGGER approved;

-- One check of one round with what it was given and what came of it. Written once.
CREATE TABLE withdrawal_checks (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_withdrawal_checks PRIMARY KEY,
    withdrawal_id text NOT NULL CONSTRAINT fk_withdrawal_checks_withdrawal_id REFERENCES withdrawals,
    round smallint NOT NULL CONSTRAINT ck_withdrawal_checks_round_positive CHECK (round > 0),
    number smallint NOT NULL CONSTRAINT ck_withdrawal_checks_number CHECK (number BETWEEN 1 AND 18),
    name text NOT NULL,
    outcome text NOT NULL CONSTRAINT ck_withdrawal_checks_outcome_known
        CHECK (outcome IN ('pass', 'review', 'hold', 'refuse')),
    points smallint NOT NULL CONSTRAINT ck_withdrawal_checks_points CHECK (points BETWEEN 0 AND 100),
    facts jsonb NOT NULL,
    words text NOT NULL,
    checked_at timestamptz NOT NULL,
    CONSTRAINT uq_withdrawal_checks_withdrawal_id UNIQUE (withdrawal_id, round, number)
);
CREATE INDEX ix_withdrawal_checks_against ON withdrawal_checks (number, withdrawal_id) WHERE outcome <> 'pass';

-- The first rule of a policy that fits, as the product routes; or the first of those that deny nothing.
CREATE FUNCTION withdrawal_rule(p_rules jsonb, w withdrawals, p_but_denying boolean) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT rule FROM jsonb_array_elements(p_rules) WITH ORDINALITY AS r (rule, place)
     WHERE (rule -> 'amount_over' IS NULL OR w.large OR w.amount_units > (rule ->> 'amount_over')::numeric)
       AND coalesce(rule ->> 'risk', w.band) = w.band AND coalesce(rule ->> 'target', w.target) = w.target
       AND NOT (p_but_denying AND rule ? 'denies')
     ORDER BY place LIMIT 1
$$;

-- A withdrawal is born unchecked. Its score is what its checks add up to, its legs are those that the newest policy has
-- for it, and neither changes once it is agreed to; what a check holds or refuses is not let out.
CREATE FUNCTION guard_withdrawal_route() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_policy approval_policies;
    v_rule jsonb;
    v_checks record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'requested' OR NEW.round <> 0 OR NEW.legs <> '[]' OR NEW.attempts <> 0 THEN
            RAISE EXCEPTION 'withdrawal %: begins unchecked', NEW.id USING ERRCODE = 'BU002';
        END IF;
        RETURN NEW;
    END IF;
    SELECT count(DISTINCT c.number) FILTER (WHERE c.number <= 16) AS done,
           least(sum(c.points), 100) AS score, bool_or(c.outcome IN ('hold', 'refuse')) AS stopped
      INTO v_checks FROM withdrawal_checks c WHERE c.withdrawal_id = NEW.id AND c.round = NEW.round;
    IF NEW.state = 'approved' AND OLD.state <> 'approved' AND v_checks.stopped IS NOT FALSE THEN
        RAISE EXCEPTION 'withdrawal %: a check stops it', NEW.id USING ERRCODE = 'BU002';
    END IF;
    IF (NEW.round, NEW.score, NEW.band, NEW.target, NEW.large, NEW.policy_id, NEW.legs, NEW.delay_seconds, NEW.content_hash)
       IS NOT DISTINCT FROM
       (OLD.round, OLD.score, OLD.band, OLD.target, OLD.large, OLD.policy_id, OLD.legs, OLD.delay_seconds, OLD.content_hash)
    THEN
        RETURN NEW;
    END IF;
    SELECT * INTO v_policy FROM approval_policies p
     WHERE p.kind = 'withdrawals.send' ORDER BY p.version DESC LIMIT 1;
    v_rule := withdrawal_rule(v_policy.rules, NEW, false);
    -- (what nobody may agree to is let on by a manager of compliance, to those who agree to the like of it)
    IF v_rule ? 'denies' AND v_checks.stopped IS NOT TRUE
       AND EXISTS (SELECT FROM operators o JOIN logins l ON l.id = o.login_id
                    WHERE audit.actor() = 'operator:' || o.id AND o.roles @> '{compliance_manager}'
                      AND l.disabled_at IS NULL) THEN
        v_rule := withdrawal_rule(v_policy.rules, NEW, true);
    END IF;
    IF OLD.state NOT IN ('requested', 'held', 'cooling_off') OR NEW.state <> OLD.state OR NEW.round <= OLD.round THEN
        RAISE EXCEPTION 'withdrawal %: what was agreed to does not change', NEW.id USING ERRCODE = 'BU002';
    ELSIF v_checks.done <> 16 OR v_checks.score <> NEW.score
          OR NEW.band <> (CASE WHEN NEW.score >= risk_threshold('band_high_points') THEN 'high'
                              WHEN NEW.score >= risk_threshold('band_medium_points') THEN 'medium' ELSE 'low' END) THEN
        RAISE EXCEPTION 'withdrawal %: its checks say otherwise', NEW.id USING ERRCODE = 'BU002';
    ELSIF NEW.target = 'known'
          AND (EXISTS (SELECT FROM withdrawal_checks c WHERE c.withdrawal_id = NEW.id AND c.round = NEW.round
                          AND c.number <= 16 AND c.outcome <> 'pass')
               OR NOT EXISTS (SELECT FROM withdrawals w WHERE w.customer_id = NEW.customer_id
                                 AND w.bank_account_id = NEW.bank_account_id AND w.state = 'settled')) THEN
        RAISE EXCEPTION 'withdrawal %: its destination is not known', NEW.id USING ERRCODE = 'BU002';
    ELSIF v_policy.id IS DISTINCT FROM NEW.policy_id
          OR v_rule -> 'legs' IS DISTINCT FROM NEW.legs
          OR (v_rule ->> 'delay_seconds')::integer IS DISTINCT FROM NEW.delay_seconds
          OR (v_rule ? 'denies' AND v_checks.stopped IS NOT TRUE) THEN
        RAISE EXCEPTION 'withdrawal %: its legs are not those of the policy', NEW.id USING ERRCODE = 'BU002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER routed BEFORE INSERT OR UPDATE ON withdrawals FOR EACH ROW EXECUTE FUNCTION guard_withdrawal_route();
ALTER TABLE withdrawals ENABLE ALWAYS TRIGGER routed;
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
ALTER TABLE withdrawals ADD CONSTRAINT fk_withdrawals_policy_id FOREIGN KEY (policy_id) REFERENCES approval_policies;

SELECT audit.watch('risk_thresholds');
SELECT audit.protect('risk_thresholds');
SELECT audit.protect('withdrawal_checks');

-- That an account is its owner's although its bank names it otherwise: by a request that was approved for exactly this.
ALTER TABLE bank_accounts ADD COLUMN name_request_id text;
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
ALTER TABLE bank_accounts ADD CONSTRAINT fk_bank_accounts_name_request_id
    FOREIGN KEY (name_request_id) REFERENCES approval_requests;
CREATE FUNCTION guard_account_name() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.name_request_id AND is_due(r) AND r.kind = 'payments.override_name'
                      AND r.payload ->> 'account_id' = NEW.id AND r.payload ->> 'account_name' = NEW.account_name) THEN
        PERFORM refuse_request(NEW.name_request_id, 'does not say whose account this is');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER name_agreed BEFORE UPDATE OF name_request_id ON bank_accounts FOR EACH ROW
    WHEN (NEW.name_request_id IS NOT NULL) EXECUTE FUNCTION guard_account_name();
CREATE TRIGGER name_born BEFORE INSERT ON bank_accounts FOR EACH ROW
    WHEN (NEW.name_request_id IS NOT NULL) EXECUTE FUNCTION guard_account_name();
ALTER TABLE bank_accounts ENABLE ALWAYS TRIGGER name_agreed, ENABLE ALWAYS TRIGGER name_born;
SELECT audit.marks_stay('bank_accounts', 'removed_at', 'name_request_id');
GRANT UPDATE (name_request_id) ON bank_accounts TO bursar_app;
GRANT SELECT, INSERT ON risk_thresholds, withdrawal_checks TO bursar_app;

-- Who has a withdrawal in hand, until when: a word to colleagues. It opens and closes nothing.
CREATE TABLE withdrawal_claims (
    withdrawal_id text CONSTRAINT pk_withdrawal_claims PRIMARY KEY
        CONSTRAINT fk_withdrawal_claims_withdrawal_id REFERENCES withdrawals,
    held_by text NOT NULL CONSTRAINT fk_withdrawal_claims_held_by REFERENCES operators,
    until timestamptz NOT NULL
);
SELECT audit.watch('withdrawal_claims', '=withdrawal_id');
GRANT SELECT, INSERT, UPDATE (held_by, until) ON withdrawal_claims TO bursar_app;

-- What a customer asked for and was refused at the door, before there was a withdrawal.
CREATE TABLE withdrawal_refusals (
    id text CONSTRAINT pk_withdrawal_refusals PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_withdrawal_refusals_customer_id REFERENCES customers,
    bank_account_id text CONSTRAINT fk_withdrawal_refusals_bank_account_id REFERENCES bank_accounts,  -- one of theirs
    asset text NOT NULL,
    amount_units numeric(38) NOT NULL CONSTRAINT ck_withdrawal_refusals_amount_positive CHECK (amount_units > 0),
    code text NOT NULL CONSTRAINT ck_withdrawal_refusals_code_stated CHECK (code <> ''),
    words text NOT NULL,                               -- as they were told
    refused_at timestamptz NOT NULL
);
CREATE INDEX ix_withdrawal_refusals_customer_id ON withdrawal_refusals (customer_id, id);
ALTER TABLE withdrawal_refusals ENABLE ROW LEVEL SECURITY;
ALTER TABLE withdrawal_refusals FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON withdrawal_refusals USING (current_setting('bursar.owner', true) IN ('*', customer_id));
SELECT audit.protect('withdrawal_refusals');
GRANT SELECT, INSERT ON withdrawal_refusals TO bursar_app;
