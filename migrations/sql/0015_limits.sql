-- How much of a customer is verified, and what each tier may do: limits in kobo, from a time on, never changed.

ALTER TABLE customers ADD COLUMN tier text NOT NULL DEFAULT 't0';
ALTER TABLE customers ADD CONSTRAINT ck_customers_tier_known
    CHECK (tier IN ('t0', 't1', 't2', 't3', 't3_plus')) NOT VALID;
ALTER TABLE customers VALIDATE CONSTRAINT ck_customers_tier_known;
GRANT UPDATE (tier) ON customers TO bursar_app;

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
    CONSTRAINT ck_limit_uses_ended_once CHECK (settled_at IS NULL OR released_at IS NULL)
);
CREATE INDEX ix_limit_uses_customer_id ON limit_uses (customer_id, used_at) WHERE released_at IS NULL;
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
    ('t3_plus', '*', 'in', NULL, NULL, NULL, NULL),
    ('t3_plus', '*', 'out', NULL, NULL, NULL, NULL)
  ) AS beginning (tier, rail, direction, single, day, month, balance);

-- Later ones come by a request that was approved.
CREATE FUNCTION guard_limit() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND r.state = 'approved' AND r.kind = 'risk.limits'
                      AND r.payload ->> 'tier' = NEW.tier) THEN
        PERFORM refuse_request(NEW.request_id, 'does not set this limit');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT ON limits FOR EACH ROW EXECUTE FUNCTION guard_limit();
ALTER TABLE limits ENABLE ALWAYS TRIGGER approved;

SELECT audit.watch('limits');
SELECT audit.protect('limits');
SELECT audit.watch('limit_uses', '=ref');
GRANT SELECT, INSERT ON limits, limit_uses TO bursar_app;
GRANT UPDATE (settled_at, released_at) ON limit_uses TO bursar_app;
SELECT audit.marks_stay('limit_uses', 'settled_at', 'released_at');
