-- Our own position at venues: what counts as too much of it, the orders that answer it, what came of them, what venues
-- hold, and deals over the counter. Units are those of the asset beside them.

-- Which asset of ours a venue's currency is booked as. A token has one name at a venue, whatever the network.
CREATE TABLE venue_assets (
    venue text NOT NULL,
    currency text NOT NULL,
    asset text NOT NULL,
    CONSTRAINT pk_venue_assets PRIMARY KEY (venue, currency),
    CONSTRAINT uq_venue_assets_venue UNIQUE (venue, asset)
);
INSERT INTO venue_assets (venue, currency, asset) VALUES
    ('kraken', 'USD', 'USD'), ('kraken', 'BTC', 'BTC'), ('kraken', 'ETH', 'ETH'), ('kraken', 'USDT', 'USDT.TRC20'),
    ('kraken', 'TRX', 'TRX'), ('kraken', 'TON', 'TON'), ('kraken', 'BNB', 'BNB');
SELECT audit.protect('venue_assets');

-- From a time on: how much of our own we want to have, from how much beside that on we deal at the venue (NULL pair: by
-- hand), what people are told of, and where it stops. It is kept for a ticker: all networks of a token are one risk.
CREATE TABLE hedge_policies (
    id text CONSTRAINT pk_hedge_policies PRIMARY KEY,
    asset text NOT NULL,                               -- what the venue's holdings are booked as
    pair text,                                         -- in tickers; NULL: people deal
    target_units numeric(38) NOT NULL,
    threshold_units numeric(38) NOT NULL,              -- nought: as soon as the venue's least order is reached
    soft_units numeric(38) NOT NULL,
    hard_units numeric(38) NOT NULL,
    slippage_bps integer NOT NULL CONSTRAINT ck_hedge_policies_slippage CHECK (slippage_bps BETWEEN 1 AND 1000),
    apart_bps integer NOT NULL CONSTRAINT ck_hedge_policies_apart CHECK (apart_bps BETWEEN 1 AND 5000),
    starts_at timestamptz NOT NULL,
    request_id text CONSTRAINT fk_hedge_policies_request_id REFERENCES approval_requests,  -- NULL: of the beginning
    CONSTRAINT ck_hedge_policies_in_order
        CHECK (target_units >= 0 AND threshold_units >= 0 AND soft_units > threshold_units AND hard_units >= soft_units),
    CONSTRAINT uq_hedge_policies_asset UNIQUE (asset, starts_at)
);
INSERT INTO hedge_policies (id, asset, pair, target_units, threshold_units, soft_units, hard_units, slippage_bps,
                            apart_bps, starts_at)
SELECT 'hpo_' || asset, asset, pair, 0, threshold, soft, hard, 50, 300, '2026-01-01 00:00:00+01' FROM (VALUES
    ('BTC', 'BTC/USDT', 100000, 5000000, 50000000),
    ('ETH', 'ETH/USDT', 20000000000000000, 1500000000000000000, 15000000000000000000),
    ('TRX', 'TRX/USDT', 200000000, 20000000000, 200000000000),
    ('TON', 'TON/USDT', 20000000000, 1500000000000, 15000000000000),
    ('BNB', 'BNB/USDT', 100000000000000000, 5000000000000000000, 50000000000000000000),
    ('USDT.TRC20', NULL, 0, 50000000000, 500000000000),
    ('USD', NULL, 0, 5000000, 50000000)
) AS beginning (asset, pair, threshold, soft, hard);

CREATE FUNCTION guard_hedge_policy() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'exchange.policy'
                      AND r.payload ->> 'asset' = NEW.asset AND r.payload ->> 'pair' IS NOT DISTINCT FROM NEW.pair
                      AND r.payload ->> 'target' = NEW.target_units::text
                      AND r.payload ->> 'threshold' = NEW.threshold_units::text
                      AND r.payload ->> 'soft' = NEW.soft_units::text AND r.payload ->> 'hard' = NEW.hard_units::text
                      AND r.payload ->> 'slippage' = NEW.slippage_bps::text AND r.payload ->> 'apart' = NEW.apart_bps::text
                      AND NEW.starts_at = midnight(r.payload ->> 'starts_on')) THEN
        PERFORM refuse_request(NEW.request_id, 'does not set this policy');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT ON hedge_policies FOR EACH ROW EXECUTE FUNCTION guard_hedge_policy();
ALTER TABLE hedge_policies ENABLE ALWAYS TRIGGER approved;

-- An order of ours at a venue, written down with what it may take before the venue hears of it.
CREATE TABLE hedges (
    id text CONSTRAINT pk_hedges PRIMARY KEY,
    cl_ord_id text NOT NULL CONSTRAINT uq_hedges_cl_ord_id UNIQUE,
    venue text NOT NULL,
    pair text NOT NULL,
    asset text NOT NULL,                               -- what is bought or sold
    quote text NOT NULL,                               -- for what
    side text NOT NULL CONSTRAINT ck_hedges_side_known CHECK (side IN ('buy', 'sell')),
    volume_units numeric(38) NOT NULL CONSTRAINT ck_hedges_volume_positive CHECK (volume_units > 0),
    limit_price numeric(38, 18) NOT NULL CONSTRAINT ck_hedges_limit_positive CHECK (limit_price > 0),
    seen_price numeric(38, 18) NOT NULL,               -- what the venue asked or bid when it was planned
    exposure_units numeric(38) NOT NULL,               -- what it answers
    held_units numeric(38) NOT NULL CONSTRAINT ck_hedges_held_positive CHECK (held_units > 0),
    hold_id bigint NOT NULL CONSTRAINT uq_hedges_hold_id UNIQUE,
    state text NOT NULL CONSTRAINT ck_hedges_state_known
        CHECK (state IN ('planned', 'sending', 'unknown', 'sent', 'partly_filled', 'filled', 'cancelled', 'refused')),
    venue_order text CONSTRAINT uq_hedges_venue_order UNIQUE,
    filled_units numeric(38) NOT NULL,
    words text NOT NULL,
    planned_at timestamptz NOT NULL,
    deadline_at timestamptz,                           -- after which the venue does not take it any more
    ended_at timestamptz,
    CONSTRAINT ck_hedges_filled CHECK (filled_units BETWEEN 0 AND volume_units)
);
-- One order at a time answers a position: the next one is planned on what it left.
CREATE UNIQUE INDEX ix_hedges_open ON hedges (asset) WHERE ended_at IS NULL;
CREATE INDEX ix_hedges_state ON hedges (state, id);
CREATE INDEX ix_hedges_planned_at ON hedges (planned_at);

-- None begins, and none is brought to the venue, while hedging is switched off.
CREATE FUNCTION guard_hedge() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('switches'));
    IF EXISTS (SELECT FROM switches s WHERE s.state = 'off' AND s.scope = 'hedging') THEN
        RAISE EXCEPTION 'hedging is switched off' USING ERRCODE = 'BU004';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER not_switched_off BEFORE INSERT ON hedges FOR EACH ROW EXECUTE FUNCTION guard_hedge();
CREATE TRIGGER not_sent_switched_off BEFORE UPDATE OF state ON hedges FOR EACH ROW
    WHEN (NEW.state = 'sending' AND OLD.state <> 'sending') EXECUTE FUNCTION guard_hedge();
-- Once it may have left us, nothing makes it one that has not.
CREATE FUNCTION keep_hedge() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.filled_units < OLD.filled_units OR NEW.venue_order IS DISTINCT FROM coalesce(OLD.venue_order, NEW.venue_order)
       OR (NEW.state <> OLD.state AND (NEW.state = 'planned' OR (NEW.state = 'sending' AND OLD.state <> 'planned'))) THEN
        RAISE EXCEPTION 'hedge %: does not go back', OLD.id USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stays BEFORE UPDATE ON hedges FOR EACH ROW EXECUTE FUNCTION keep_hedge();
ALTER TABLE hedges ENABLE ALWAYS TRIGGER not_switched_off, ENABLE ALWAYS TRIGGER not_sent_switched_off,
    ENABLE ALWAYS TRIGGER stays;

-- One trade of the venue's: booked once, under its own name.
CREATE TABLE hedge_fills (
    trade_id text CONSTRAINT pk_hedge_fills PRIMARY KEY,
    hedge_id text NOT NULL CONSTRAINT fk_hedge_fills_hedge_id REFERENCES hedges,
    base_units numeric(38) NOT NULL,                   -- what it brought (or took, below zero), whole units of ours
    quote_units numeric(38) NOT NULL,
    fee_asset text NOT NULL,
    fee_units numeric(38) NOT NULL,
    lines jsonb NOT NULL,                              -- as the venue's ledger has them, digit by digit
    journal_id bigint NOT NULL,
    traded_at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL
);
CREATE INDEX ix_hedge_fills_hedge_id ON hedge_fills (hedge_id, trade_id);

-- What a venue has of ours beyond whole units: it counts in finer ones than we do, and nothing of it may get lost.
CREATE TABLE venue_parts (
    venue text NOT NULL,
    asset text NOT NULL,
    part numeric(38, 18) NOT NULL CONSTRAINT ck_venue_parts_part CHECK (part >= 0 AND part < 1),
    CONSTRAINT pk_venue_parts PRIMARY KEY (venue, asset)
);

-- That a position passed a limit, once, until it is back inside.
CREATE TABLE exposure_alerts (
    id text CONSTRAINT pk_exposure_alerts PRIMARY KEY,
    asset text NOT NULL,
    level text NOT NULL CONSTRAINT ck_exposure_alerts_level_known CHECK (level IN ('soft', 'hard')),
    units numeric(38) NOT NULL,                        -- when it was noted
    noted_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE UNIQUE INDEX ix_exposure_alerts_standing ON exposure_alerts (asset, level) WHERE ended_at IS NULL;

-- What a venue said that it holds, beside the books.
CREATE TABLE venue_readings (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_venue_readings PRIMARY KEY,
    venue text NOT NULL,
    currency text NOT NULL,
    asset text,                                        -- NULL: a currency that we have no name for
    told numeric(38, 18) NOT NULL,                     -- whole coins, as the venue writes them
    theirs_units numeric(38) NOT NULL,                 -- whole units of ours, cut
    ours_units numeric(38) NOT NULL,
    differs boolean NOT NULL,                          -- for good: not just while something is under way
    read_at timestamptz NOT NULL
);
CREATE INDEX ix_venue_readings_venue ON venue_readings (venue, currency, id);

-- Dollars for naira, from somebody over the counter: agreed to by two, booked when the venue shows it.
CREATE TABLE otc_deals (
    id text CONSTRAINT pk_otc_deals PRIMARY KEY,
    paid_units numeric(38) NOT NULL CONSTRAINT ck_otc_deals_paid_positive CHECK (paid_units > 0),  -- kobo
    asset text NOT NULL,
    got_units numeric(38) NOT NULL CONSTRAINT ck_otc_deals_got_positive CHECK (got_units > 0),
    counterparty text NOT NULL CONSTRAINT ck_otc_deals_counterparty_given CHECK (counterparty <> ''),
    request_id text NOT NULL CONSTRAINT fk_otc_deals_request_id REFERENCES approval_requests
        CONSTRAINT uq_otc_deals_request_id UNIQUE,
    state text NOT NULL CONSTRAINT ck_otc_deals_state_known CHECK (state IN ('agreed', 'arrived', 'abandoned')),
    venue_line text CONSTRAINT uq_otc_deals_venue_line UNIQUE,  -- of the venue's ledger, which shows it once
    journal_id bigint,
    note text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT ck_otc_deals_arrived_when
        CHECK ((state = 'arrived') = (journal_id IS NOT NULL) AND (journal_id IS NULL) = (venue_line IS NULL))
);
-- Two of one amount could not be told apart when one arrives.
CREATE UNIQUE INDEX ix_otc_deals_agreed ON otc_deals (asset, got_units) WHERE state = 'agreed';

CREATE FUNCTION guard_otc_deal() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.state <> 'agreed' THEN
            RAISE EXCEPTION 'deal %: has ended', OLD.id USING ERRCODE = 'BU005';
        END IF;
    ELSIF NEW.state <> 'agreed' OR NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'exchange.deal'
                      AND r.payload ->> 'paid' = NEW.paid_units::text AND r.payload ->> 'asset' = NEW.asset
                      AND r.payload ->> 'got' = NEW.got_units::text
                      AND r.payload ->> 'counterparty' = NEW.counterparty) THEN
        PERFORM refuse_request(NEW.request_id, 'does not agree to this deal');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT OR UPDATE ON otc_deals FOR EACH ROW EXECUTE FUNCTION guard_otc_deal();
ALTER TABLE otc_deals ENABLE ALWAYS TRIGGER approved;

-- What each day of Lagos that is over came to, and our positions at its end: nothing but what the books say, so that it is
-- counted once. It counts while no journal beyond `sealed_to` took effect by its end; anybody may delete it.
CREATE TABLE result_days (
    day date CONSTRAINT pk_result_days PRIMARY KEY,
    sealed_to bigint NOT NULL,                         -- journals up to this one were final when it was made
    later_from bigint NOT NULL,                        -- no journal before this one took effect after the day
    positions jsonb NOT NULL,                          -- by asset: units, and what they cost in kobo
    lines jsonb NOT NULL,                              -- by asset: earned, spent and gained in kobo
    made_at timestamptz NOT NULL
);
-- A price for a time that is over changes what things were worth from then on.
CREATE FUNCTION forget_result_days() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('exchange.result_days'));  -- not while days are made
    DELETE FROM result_days WHERE day >= (NEW.at AT TIME ZONE 'Africa/Lagos')::date;
    RETURN NULL;
END $$;
CREATE TRIGGER forgets_result_days AFTER INSERT ON ledger.prices FOR EACH ROW EXECUTE FUNCTION forget_result_days();
ALTER TABLE ledger.prices ENABLE ALWAYS TRIGGER forgets_result_days;

-- A pair is turned off by people, and by the house where our own position in it passed its hard limit: as before else.
CREATE OR REPLACE FUNCTION guard_pair_halt() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_moving text[] := ARRAY['state', 'agree_since', 'ended_at', 'request_id'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> NEW.cause OR NEW.request_id IS NOT NULL OR NEW.begun_by <> audit.actor()
           OR (NEW.cause <> 'off' AND audit.actor() NOT LIKE 'system:%')
           OR (NEW.cause = 'off' AND audit.actor() <> 'system:exchange.exposure_passed' AND NOT EXISTS (
                   SELECT FROM operators o WHERE 'operator:' || o.id = audit.actor()
                       AND o.roles && '{treasury,admin}')) THEN
            RAISE EXCEPTION 'halt of %: begins in one''s own name, by who may', NEW.pair
                USING ERRCODE = 'restrict_violation';
        END IF;
    ELSIF to_jsonb(OLD) - v_moving <> to_jsonb(NEW) - v_moving OR OLD.state = 'ended' THEN
        RAISE EXCEPTION 'halt %: stays as it was written', OLD.id USING ERRCODE = 'restrict_violation';
    ELSIF NEW.state <> OLD.state
          AND (NEW.request_id IS NOT NULL OR OLD.cause <> 'disagreeing' OR OLD.agree_since IS NULL
               OR OLD.agree_since + interval '5 minutes' > NEW.ended_at)
          AND NOT EXISTS (SELECT FROM approval_requests q
                           WHERE q.id = NEW.request_id AND is_due(q) AND q.kind = 'pricing.go_on'
                             AND q.payload ->> 'halt_id' = OLD.id) THEN
        PERFORM refuse_request(NEW.request_id, 'does not end this halt');
    END IF;
    RETURN NEW;
END $$;

-- Our own position is what stands on these few accounts, however many customers have some.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_accounts_own ON ledger.accounts (class) WHERE class IN ('equity', 'income', 'expense');

SELECT set_config('bursar.actor', 'system:migration', true);
ALTER TABLE approval_policies DISABLE TRIGGER approved;
INSERT INTO approval_policies (id, kind, version, rules, created_at)
SELECT 'pol_' || kind || '_1', kind, 1, rules::jsonb, now() FROM (VALUES
    ('exchange.deal', '[
        {"amount_over": 10000000000, "legs": [{"roles": ["treasury"], "count": 2}],
         "ttl_seconds": 86400, "delay_seconds": 0},
        {"legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 86400, "delay_seconds": 0}]'),
    ('exchange.policy', '[
        {"legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]')
) AS beginning (kind, rules);
ALTER TABLE approval_policies ENABLE ALWAYS TRIGGER approved;
SELECT set_config('bursar.actor', '', true);

SELECT audit.watch('hedge_policies');
SELECT audit.protect('hedge_policies');
SELECT audit.watch('hedges');
SELECT audit.marks_stay('hedges', 'ended_at', 'deadline_at');
SELECT audit.protect('hedge_fills');
SELECT audit.watch('exposure_alerts');
SELECT audit.marks_stay('exposure_alerts', 'ended_at');
SELECT audit.protect('venue_readings');
SELECT audit.watch('otc_deals');
SELECT audit.marks_stay('otc_deals', 'ended_at');
GRANT SELECT ON venue_assets TO bursar_app;
GRANT SELECT, INSERT ON hedge_policies, hedges, hedge_fills, venue_parts, exposure_alerts, venue_readings, otc_deals
    TO bursar_app;
GRANT SELECT, INSERT, DELETE ON result_days TO bursar_app;
GRANT UPDATE (state, venue_order, filled_units, words, deadline_at, ended_at) ON hedges TO bursar_app;
GRANT UPDATE (part) ON venue_parts TO bursar_app;
GRANT UPDATE (ended_at) ON exposure_alerts TO bursar_app;
GRANT UPDATE (state, venue_line, journal_id, note, ended_at) ON otc_deals TO bursar_app;
