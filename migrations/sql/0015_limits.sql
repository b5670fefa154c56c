-- How much of a customer is verified, what each tier may do, and what things cost: in kobo, from a time on, never changed.

ALTER TABLE customers ADD COLUMN tier text NOT NULL DEFAULT 't0'
    CONSTRAINT ck_customers_tier_known CHECK (tier IN ('t0', 't1', 't2', 't3', 't3_plus'));
GRANT UPDATE (tier) ON customers TO bursar_app;

-- Every change of a tier, in order. `id` is the order: the clock of a change may be held.
CREATE TABLE tier_changes (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_tier_changes PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_tier_changes_customer_id REFERENCES customers,
    was text NOT NULL CONSTRAINT ck_tier_changes_was_known CHECK (was IN ('t0', 't1', 't2', 't3', 't3_plus')),
    became text NOT NULL CONSTRAINT ck_tier_changes_became_known CHECK (became IN ('t0', 't1', 't2', 't3', 't3_plus')),
    reason text NOT NULL CONSTRAINT ck_tier_changes_reason_given CHECK (reason <> ''),
    actor text NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT ck_tier_changes_changed CHECK (was <> became)
);
CREATE INDEX ix_tier_changes_customer_id ON tier_changes (customer_id, id);
ALTER TABLE tier_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE tier_changes FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON tier_changes USING (current_setting('bursar.owner', true) IN ('*', customer_id));

-- Somebody begins with nothing verified, and a tier changes with a line of its history.
CREATE FUNCTION guard_tier() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.tier <> 't0' THEN
            RAISE EXCEPTION 'customer %: begins with nothing verified', NEW.id USING ERRCODE = 'BU005';
        END IF;
    ELSIF NEW.tier <> OLD.tier
          AND NOT EXISTS (SELECT FROM tier_changes c
                           WHERE c.id = (SELECT max(id) FROM tier_changes WHERE customer_id = NEW.id)
                             AND c.was = OLD.tier AND c.became = NEW.tier) THEN
        RAISE EXCEPTION 'customer %: a tier changes with its history', NEW.id USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tier BEFORE INSERT OR UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION guard_tier();
ALTER TABLE customers ENABLE ALWAYS TRIGGER tier;

-- Each time that what opens a login was changed: another password, phone or address, a factor less.
CREATE TABLE security_changes (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_security_changes PRIMARY KEY,
    login_id text NOT NULL CONSTRAINT fk_security_changes_login_id REFERENCES logins,
    kind text NOT NULL CONSTRAINT ck_security_changes_kind_known CHECK (kind IN ('sign_in', 'contact')),
    changed_at timestamptz NOT NULL
);
CREATE INDEX ix_security_changes_login_id ON security_changes (login_id, changed_at);
SELECT audit.watch('security_changes');
SELECT audit.protect('security_changes');
GRANT SELECT, INSERT ON security_changes TO bursar_app;

CREATE TABLE limits (
    id text CONSTRAINT pk_limits PRIMARY KEY,
    tier text NOT NULL CONSTRAINT ck_limits_tier_known CHECK (tier IN ('t0', 't1', 't2', 't3', 't3_plus')),
    rail text NOT NULL CONSTRAINT ck_limits_rail_known CHECK (rail IN ('bank', 'chain', 'inside', '*')),
    direction text NOT NULL CONSTRAINT ck_limits_direction_known CHECK (direction IN ('in', 'out', '*')),
    asset text NOT NULL,
    single_units numeric(38),                          -- kobo; NULL is no limit, 0 blocks
    day_units numeric(38),                             -- one day in Lagos
    month_units numeric(38),                           -- thirty of them, today the last
    balance_units numeric(38),                         -- to have at the end; bounds what comes in
    starts_at timestamptz NOT NULL,
    request_id text CONSTRAINT fk_limits_request_id REFERENCES approval_requests,  -- NULL for those of the beginning
    CONSTRAINT ck_limits_not_negative
        CHECK (single_units >= 0 AND day_units >= 0 AND month_units >= 0 AND balance_units >= 0),
    CONSTRAINT uq_limits_tier UNIQUE (tier, rail, direction, asset, starts_at)
);

-- What a command of a customer counts. It is written before the money moves; released, it counts no more.
CREATE TABLE limit_uses (
    ref text CONSTRAINT pk_limit_uses PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_limit_uses_customer_id REFERENCES customers,
    rail text NOT NULL CONSTRAINT ck_limit_uses_rail_known CHECK (rail IN ('bank', 'chain', 'inside')),
    direction text NOT NULL CONSTRAINT ck_limit_uses_direction_known CHECK (direction IN ('in', 'out')),
    asset text NOT NULL,
    units numeric(38) NOT NULL CONSTRAINT ck_limit_uses_units_positive CHECK (units > 0),
    used_at timestamptz NOT NULL,
    settled_at timestamptz,
    released_at timestamptz,
    over text NOT NULL DEFAULT ''                      -- money that came all the same: the bound that it is over
        CONSTRAINT ck_limit_uses_over_known CHECK (over IN ('', 'blocked', 'single', 'day', 'month', 'balance')),
    CONSTRAINT ck_limit_uses_only_what_left_comes_back CHECK (settled_at IS NULL OR released_at IS NULL OR direction = 'out')
);
CREATE INDEX ix_limit_uses_customer_id ON limit_uses (customer_id, used_at) WHERE released_at IS NULL;
CREATE INDEX ix_limit_uses_over ON limit_uses (used_at) WHERE over <> '';
ALTER TABLE limit_uses ENABLE ROW LEVEL SECURITY;
ALTER TABLE limit_uses FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON limit_uses USING (current_setting('bursar.owner', true) IN ('*', customer_id));

-- Central Bank of Nigeria, circular FPR/DIR/CIR/GEN/06/002 of 1 July 2016: a single deposit of at most 50,000 (tier 1) and
-- 100,000 naira (tier 2), a balance of at most 300,000 and 500,000. The rest is the house's own.
INSERT INTO limits (id, tier, rail, direction, asset, single_units, day_units, month_units, balance_units, starts_at)
SELECT format('lim_%s_%s_%s', tier, replace(rail, '*', 'any'), direction), tier, rail, direction, '*',
       single, day, month, balance, '2026-01-01 00:00:00+01'
  FROM (VALUES
    ('t0', '*', 'in', 0, 0, 0, 0::numeric),
    ('t0', '*', 'out', 0, 0, 0, NULL),
    ('t1', 'bank', 'in', 5000000, NULL, NULL, 30000000),
    ('t1', 'bank', 'out', NULL, 5000000, 30000000, NULL),
    ('t1', 'inside', 'in', NULL, NULL, NULL, 30000000),
    ('t1', 'inside', 'out', NULL, 5000000, 30000000, NULL),
    ('t1', 'chain', 'in', 5000000, NULL, NULL, 30000000),
    ('t1', 'chain', 'out', 0, 0, 0, NULL),
    ('t2', '*', 'in', 10000000, NULL, NULL, 50000000),
    ('t2', '*', 'out', NULL, 20000000, 200000000, NULL),
    ('t3', '*', 'in', 500000000, NULL, NULL, NULL),
    ('t3', '*', 'out', NULL, 500000000, 5000000000, NULL),
    ('t3', 'bank', 'out', 100000000, NULL, NULL, NULL),
    ('t3_plus', '*', 'in', 500000000, NULL, NULL, NULL),  -- as the third tier, until a request says otherwise
    ('t3_plus', '*', 'out', NULL, 500000000, 5000000000, NULL),
    ('t3_plus', 'bank', 'out', 100000000, NULL, NULL, NULL)
  ) AS beginning (tier, rail, direction, single, day, month, balance);

-- Midnight in Lagos at the beginning of a day.
CREATE FUNCTION midnight(p_day text) RETURNS timestamptz LANGUAGE sql STABLE SET search_path = public, pg_temp
    RETURN p_day::date::timestamp AT TIME ZONE 'Africa/Lagos';

-- Later ones come by a request that was approved, and begin on a day to come.
CREATE FUNCTION guard_limit() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'risk.limits'
                      AND r.payload ->> 'tier' = NEW.tier
                      AND r.payload -> 'scope' = jsonb_build_array(NEW.rail, NEW.direction, NEW.asset)
                      AND r.payload -> 'bounds' = jsonb_strip_nulls(jsonb_build_object(
                              'single', NEW.single_units::text, 'day', NEW.day_units::text,
                              'month', NEW.month_units::text, 'balance', NEW.balance_units::text))
                      AND NEW.starts_at = midnight(r.payload ->> 'starts_on'))
       OR NEW.starts_at <= now() THEN
        PERFORM refuse_request(NEW.request_id, 'does not set this limit');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT ON limits FOR EACH ROW EXECUTE FUNCTION guard_limit();
ALTER TABLE limits ENABLE ALWAYS TRIGGER approved;

-- What the house asks for, in bands of size: above `over_units` it is a flat part and a part of the amount, within bounds.
-- The bands of one time are a schedule; a later schedule of the same scope takes the place of the whole.
CREATE TABLE fees (
    id text CONSTRAINT pk_fees PRIMARY KEY,
    rail text NOT NULL CONSTRAINT ck_fees_rail_known CHECK (rail IN ('bank', 'chain', 'inside')),
    direction text NOT NULL CONSTRAINT ck_fees_direction_known CHECK (direction IN ('in', 'out')),
    asset text NOT NULL,
    over_units numeric(38) NOT NULL,
    flat_units numeric(38) NOT NULL,
    bps integer NOT NULL CONSTRAINT ck_fees_bps CHECK (bps BETWEEN 0 AND 10000),
    floor_units numeric(38),                           -- NULL is no floor
    cap_units numeric(38),                             -- NULL is no cap
    starts_at timestamptz NOT NULL,
    request_id text CONSTRAINT fk_fees_request_id REFERENCES approval_requests,  -- NULL for those of the beginning
    CONSTRAINT ck_fees_not_negative
        CHECK (over_units >= 0 AND flat_units >= 0 AND floor_units >= 0 AND cap_units >= coalesce(floor_units, 0)),
    CONSTRAINT uq_fees_rail UNIQUE (rail, direction, asset, starts_at, over_units)
);

-- The bands follow Paystack's price of a transfer.
INSERT INTO fees (id, rail, direction, asset, over_units, flat_units, bps, starts_at)
SELECT format('fee_bank_out_%s', over), 'bank', 'out', 'NGN', over, flat, 0, '2026-01-01 00:00:00+01'
  FROM (VALUES (0, 1000), (500000, 2500), (5000000, 5000)) AS beginning (over, flat);

CREATE FUNCTION guard_fee() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'risk.fees'
                      AND r.payload -> 'scope' = jsonb_build_array(NEW.rail, NEW.direction, NEW.asset)
                      AND r.payload -> 'bands' @> jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
                              'over', NEW.over_units::text, 'flat', NEW.flat_units::text, 'bps', NEW.bps,
                              'floor', NEW.floor_units::text, 'cap', NEW.cap_units::text)))
                      AND NEW.starts_at = midnight(r.payload ->> 'starts_on'))
       OR NEW.starts_at <= now() THEN
        PERFORM refuse_request(NEW.request_id, 'does not set this fee');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT ON fees FOR EACH ROW EXECUTE FUNCTION guard_fee();
ALTER TABLE fees ENABLE ALWAYS TRIGGER approved;

SELECT audit.watch('limits');
SELECT audit.protect('limits');
SELECT audit.watch('fees');
SELECT audit.protect('fees');
SELECT audit.watch('tier_changes');
SELECT audit.protect('tier_changes');
CREATE TRIGGER signed BEFORE INSERT ON tier_changes FOR EACH ROW EXECUTE FUNCTION audit.sign_row();
ALTER TABLE tier_changes ENABLE ALWAYS TRIGGER signed;
SELECT audit.watch('limit_uses', '=ref');
GRANT SELECT, INSERT ON limits, fees, limit_uses, tier_changes TO bursar_app;
GRANT UPDATE (settled_at, released_at) ON limit_uses TO bursar_app;
SELECT audit.marks_stay('limit_uses', 'settled_at', 'released_at');
