-- Prices in: feeds and what they tell, the price made of it, candles. Prices out: overrides, spreads, what stops a pair.

-- Who tells prices. `weight` is how much a feed counts among those that agree; older than `age_max_seconds` counts not. It
-- is asked every so many seconds: some count our calls.
CREATE TABLE feeds (
    id text CONSTRAINT pk_feeds PRIMARY KEY,           -- 'kraken'
    name text NOT NULL,
    kind text NOT NULL CONSTRAINT ck_feeds_kind_known CHECK (kind IN ('venue', 'coingecko', 'bank')),
    weight smallint NOT NULL CONSTRAINT ck_feeds_weight CHECK (weight BETWEEN 1 AND 10),
    age_max_seconds integer NOT NULL CONSTRAINT ck_feeds_age_max CHECK (age_max_seconds BETWEEN 5 AND 604800),
    every_seconds integer NOT NULL CONSTRAINT ck_feeds_every CHECK (every_seconds BETWEEN 10 AND 3600),
    active boolean NOT NULL,
    request_id text CONSTRAINT fk_feeds_request_id REFERENCES approval_requests  -- NULL: as it began
);
INSERT INTO feeds (id, name, kind, weight, age_max_seconds, every_seconds, active) VALUES
    ('kraken', 'Kraken', 'venue', 2, 120, 10, true),
    ('luno', 'Luno', 'venue', 2, 60, 10, true),
    ('coingecko', 'CoinGecko', 'coingecko', 2, 300, 60, true),
    ('bank', 'Bank rate', 'bank', 1, 360000, 600, true);  -- a hundred hours: from Friday's rate to Tuesday's

-- What is priced: quote units for one whole base. Those that feeds tell form a tree, so that there is one way from any
-- ticker to any other and nobody gains by going round; a crossed one is made of them and kept for its history alone.
-- Bounds are ten-thousandths: of the median (outlier), between the highest and the lowest that count (disagree), and
-- of what it was within `move_seconds` (move). One made longer than `quote_seconds` ago is not dealt at.
CREATE TABLE pairs (
    code text CONSTRAINT pk_pairs PRIMARY KEY,
    base text NOT NULL,
    quote text NOT NULL,
    crossed boolean NOT NULL,
    feeds_min smallint NOT NULL,
    outlier_bps integer NOT NULL,
    disagree_bps integer NOT NULL,
    move_bps integer NOT NULL,
    move_seconds integer NOT NULL,
    quote_seconds integer NOT NULL,
    CONSTRAINT ck_pairs_code_is_its_parts CHECK (code = base || '/' || quote AND base <> quote),
    CONSTRAINT ck_pairs_feeds_min CHECK (crossed OR feeds_min >= 2),
    CONSTRAINT ck_pairs_bounds CHECK (outlier_bps BETWEEN 1 AND 5000 AND disagree_bps BETWEEN 1 AND 10000
        AND move_bps BETWEEN 1 AND 10000 AND move_seconds BETWEEN 10 AND 86400 AND quote_seconds BETWEEN 10 AND 3600)
);
INSERT INTO pairs
SELECT base || '/' || quote, base, quote, crossed, CASE WHEN crossed THEN 0 ELSE 2 END,
       outlier, disagree, move, 300, 60
  FROM (VALUES
    ('BTC', 'USDT', false, 200, 300, 500), ('ETH', 'USDT', false, 250, 350, 600), ('TRX', 'USDT', false, 300, 450, 800),
    ('TON', 'USDT', false, 400, 600, 1000), ('BNB', 'USDT', false, 300, 450, 800),
    ('USDT', 'NGN', false, 300, 450, 300), ('USD', 'NGN', false, 400, 600, 500),
    ('BTC', 'NGN', true, 200, 300, 500), ('ETH', 'NGN', true, 250, 350, 600), ('TRX', 'NGN', true, 300, 450, 800),
    ('TON', 'NGN', true, 400, 600, 1000), ('BNB', 'NGN', true, 300, 450, 800)
  ) AS beginning (base, quote, crossed, outlier, disagree, move);

-- What a feed is asked for to know a pair: its own name of it, divided by another of its own where `over` says one.
CREATE TABLE feed_pairs (
    feed text NOT NULL CONSTRAINT fk_feed_pairs_feed REFERENCES feeds,
    pair text NOT NULL CONSTRAINT fk_feed_pairs_pair REFERENCES pairs,
    symbol text NOT NULL,
    over text NOT NULL DEFAULT '',
    CONSTRAINT pk_feed_pairs PRIMARY KEY (feed, pair)
);
INSERT INTO feed_pairs (feed, pair, symbol, over) VALUES
    ('kraken', 'BTC/USDT', 'XBTUSDT', ''), ('kraken', 'ETH/USDT', 'ETHUSDT', ''),
    ('kraken', 'TRX/USDT', 'TRXUSD', 'USDTZUSD'), ('kraken', 'TON/USDT', 'TONUSD', 'USDTZUSD'),
    ('kraken', 'BNB/USDT', 'BNBUSD', 'USDTZUSD'),
    ('luno', 'USDT/NGN', 'USDTNGN', ''), ('luno', 'BTC/USDT', 'XBTNGN', 'USDTNGN'),
    ('luno', 'ETH/USDT', 'ETHNGN', 'USDTNGN'),
    ('coingecko', 'BTC/USDT', 'bitcoin.usd', 'tether.usd'), ('coingecko', 'ETH/USDT', 'ethereum.usd', 'tether.usd'),
    ('coingecko', 'TRX/USDT', 'tron.usd', 'tether.usd'),
    ('coingecko', 'TON/USDT', 'the-open-network.usd', 'tether.usd'),
    ('coingecko', 'BNB/USDT', 'binancecoin.usd', 'tether.usd'),
    ('coingecko', 'USDT/NGN', 'tether.ngn', ''), ('coingecko', 'USD/NGN', 'tether.ngn', 'tether.usd'),
    ('bank', 'USD/NGN', 'USDNGN', ''), ('bank', 'USDT/NGN', 'USDNGN', '');

-- How a feed answered last.
CREATE TABLE feed_answers (
    feed text CONSTRAINT pk_feed_answers PRIMARY KEY CONSTRAINT fk_feed_answers_feed REFERENCES feeds,
    asked_at timestamptz NOT NULL,
    answered_at timestamptz,                           -- NULL: never
    took_ms integer NOT NULL,
    fault text NOT NULL DEFAULT ''                     -- why the last one is none
);

-- What feeds told, as they told it. Kept for two days.
CREATE TABLE ticks (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_ticks PRIMARY KEY,
    feed text NOT NULL CONSTRAINT fk_ticks_feed REFERENCES feeds,
    pair text NOT NULL CONSTRAINT fk_ticks_pair REFERENCES pairs,
    bid numeric(38, 18),
    ask numeric(38, 18),
    last numeric(38, 18),
    told_at timestamptz NOT NULL,                      -- by the vendor's clock where it says, else received_at
    received_at timestamptz NOT NULL
);
CREATE INDEX ix_ticks_pair ON ticks (pair, feed, received_at DESC);
CREATE INDEX ix_ticks_received_at ON ticks (received_at);

-- The price made of them at one time, or why there is none. Kept for two days; candles for longer.
CREATE TABLE pair_prices (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_pair_prices PRIMARY KEY,
    pair text NOT NULL CONSTRAINT fk_pair_prices_pair REFERENCES pairs,
    made_at timestamptz NOT NULL,
    mid numeric(38, 18) CONSTRAINT ck_pair_prices_mid_positive CHECK (mid > 0),
    told_at timestamptz,                               -- when the number that it is was told
    feeds text[] NOT NULL DEFAULT '{}',                -- those that count
    legs text[] NOT NULL DEFAULT '{}',                 -- what it was crossed from
    verdicts jsonb NOT NULL DEFAULT '{}',              -- each feed: counts, stale, zero, outlier, silent
    why text NOT NULL DEFAULT ''
        CONSTRAINT ck_pair_prices_why_known CHECK (why IN ('', 'too_few', 'disagree', 'no_leg')),
    CONSTRAINT ck_pair_prices_price_or_reason CHECK ((mid IS NULL) = (why <> '') AND (mid IS NULL) = (told_at IS NULL)),
    CONSTRAINT uq_pair_prices_pair UNIQUE (pair, made_at)
);
CREATE INDEX ix_pair_prices_made_at ON pair_prices (made_at);

-- Open, high, low, close over a minute, five, an hour, a day (of UTC).
CREATE TABLE candles (
    pair text NOT NULL CONSTRAINT fk_candles_pair REFERENCES pairs,
    span text NOT NULL CONSTRAINT ck_candles_span_known CHECK (span IN ('1m', '5m', '1h', '1d')),
    starts_at timestamptz NOT NULL,
    open numeric(38, 18) NOT NULL,
    high numeric(38, 18) NOT NULL,
    low numeric(38, 18) NOT NULL,
    close numeric(38, 18) NOT NULL,
    prices integer NOT NULL,                           -- how many it is made of
    CONSTRAINT pk_candles PRIMARY KEY (pair, span, starts_at),
    CONSTRAINT ck_candles_in_order CHECK (0 < low AND low <= least(open, close) AND greatest(open, close) <= high)
);
CREATE INDEX ix_candles_span ON candles (span, starts_at);

-- A price that people set, for a while, in place of the feeds'.
CREATE TABLE price_overrides (
    id text CONSTRAINT pk_price_overrides PRIMARY KEY,
    pair text NOT NULL CONSTRAINT fk_price_overrides_pair REFERENCES pairs,
    price numeric(38, 18) NOT NULL CONSTRAINT ck_price_overrides_price_positive CHECK (price > 0),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    ended_at timestamptz,                              -- before its time
    ended_by text,
    request_id text NOT NULL CONSTRAINT fk_price_overrides_request_id REFERENCES approval_requests
        CONSTRAINT uq_price_overrides_request_id UNIQUE,
    CONSTRAINT ck_price_overrides_at_most_a_day CHECK (starts_at < ends_at AND ends_at <= starts_at + interval '1 day'),
    CONSTRAINT ck_price_overrides_ended_by_somebody CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX ix_price_overrides_pair ON price_overrides (pair, ends_at);

-- What we ask above the price, or give below it, in ten-thousandths: by ticker, side, tier and size ('*' is any). Those
-- of one scope and time are a schedule; a later one of the same scope takes the place of the whole.
CREATE TABLE spreads (
    id text CONSTRAINT pk_spreads PRIMARY KEY,
    ticker text NOT NULL,
    side text NOT NULL CONSTRAINT ck_spreads_side_known CHECK (side IN ('buy', 'sell', 'swap', '*')),
    tier text NOT NULL CONSTRAINT ck_spreads_tier_known CHECK (tier IN ('t0', 't1', 't2', 't3', 't3_plus', '*')),
    from_kobo numeric(38) NOT NULL CONSTRAINT ck_spreads_from_not_negative CHECK (from_kobo >= 0),
    bps integer NOT NULL CONSTRAINT ck_spreads_bps CHECK (bps BETWEEN 0 AND 2000),
    starts_at timestamptz NOT NULL,
    request_id text CONSTRAINT fk_spreads_request_id REFERENCES approval_requests,  -- NULL for those of the beginning
    CONSTRAINT uq_spreads_ticker UNIQUE (ticker, side, tier, starts_at, from_kobo)
);
INSERT INTO spreads (id, ticker, side, tier, from_kobo, bps, starts_at)
SELECT format('spr_%s_%s_%s', CASE ticker WHEN '*' THEN 'any' ELSE ticker END,
              CASE side WHEN '*' THEN 'any' ELSE side END, from_kobo), ticker, side, '*', from_kobo, bps,
       '2026-01-01 00:00:00+01'
  FROM (VALUES
    ('*', '*', 0, 100), ('*', '*', 100000000, 80), ('*', '*', 1000000000, 60),
    ('*', 'swap', 0, 60), ('*', 'swap', 100000000, 50),
    ('USDT', '*', 0, 60), ('USDT', '*', 100000000, 50),
    ('TON', '*', 0, 150), ('TON', '*', 100000000, 130)
  ) AS beginning (ticker, side, from_kobo, bps);

-- That nothing is dealt in a pair: turned off by somebody, or by itself because it moved too fast or its feeds disagree.
CREATE TABLE pair_halts (
    id text CONSTRAINT pk_pair_halts PRIMARY KEY,
    pair text NOT NULL CONSTRAINT fk_pair_halts_pair REFERENCES pairs,
    state text NOT NULL CONSTRAINT ck_pair_halts_state_known CHECK (state IN ('off', 'moved', 'disagreeing', 'ended')),
    cause text NOT NULL CONSTRAINT ck_pair_halts_cause_known CHECK (cause IN ('off', 'moved', 'disagreeing')),
    reason text NOT NULL CONSTRAINT ck_pair_halts_reason_given CHECK (reason <> ''),
    begun_by text NOT NULL,                            -- 'operator:op_…', 'system:…'
    begun_at timestamptz NOT NULL,
    agree_since timestamptz,                           -- since when its feeds agree again
    ended_at timestamptz,
    request_id text CONSTRAINT fk_pair_halts_request_id REFERENCES approval_requests,
    CONSTRAINT ck_pair_halts_ended CHECK ((state = 'ended') = (ended_at IS NOT NULL)),
    CONSTRAINT ck_pair_halts_stands_for_its_cause CHECK (state IN (cause, 'ended')),
    CONSTRAINT ck_pair_halts_agreed_to CHECK (state <> 'ended' OR cause = 'disagreeing' OR request_id IS NOT NULL)
);
CREATE UNIQUE INDEX ix_pair_halts_standing ON pair_halts (pair, cause) WHERE state <> 'ended';

-- Begun in one's own name: off by who may, or by the house where a limit of its own is passed; the others by the house.
-- Ended by the request for exactly this one; only a disagreement ends by itself, when its feeds have agreed for five
-- minutes. Who begins one waits for those who are dealing: once it is committed nobody deals any more.
CREATE FUNCTION guard_pair_halt() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_moving text[] := ARRAY['state', 'agree_since', 'ended_at', 'request_id'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM pg_advisory_xact_lock(hashtext('pair_halts'));
        IF NEW.state <> NEW.cause OR NEW.request_id IS NOT NULL OR NEW.begun_by <> audit.actor()
           OR NOT (audit.actor() LIKE 'system:%'
                   OR (NEW.cause = 'off' AND EXISTS (SELECT FROM operators o WHERE 'operator:' || o.id = audit.actor()
                                                        AND o.roles && '{treasury,admin}'))) THEN
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
CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON pair_halts FOR EACH ROW EXECUTE FUNCTION guard_pair_halt();
CREATE TRIGGER kept BEFORE DELETE ON pair_halts FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON pair_halts FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
ALTER TABLE pair_halts ENABLE ALWAYS TRIGGER guarded, ENABLE ALWAYS TRIGGER kept, ENABLE ALWAYS TRIGGER never_emptied;

-- A feed is changed by a request that was approved, to what it says.
CREATE FUNCTION guard_feed() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'pricing.feed'
                      AND r.payload ->> 'feed' = NEW.id AND (r.payload ->> 'weight')::integer = NEW.weight
                      AND (r.payload ->> 'age_max_seconds')::integer = NEW.age_max_seconds
                      AND (r.payload ->> 'active')::boolean = NEW.active) THEN
        PERFORM refuse_request(NEW.request_id, 'does not change this feed');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE UPDATE ON feeds FOR EACH ROW EXECUTE FUNCTION guard_feed();
ALTER TABLE feeds ENABLE ALWAYS TRIGGER approved;

-- An override is what a request says, from now on, and only its end may come earlier.
CREATE FUNCTION guard_price_override() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.ended_at >= NEW.ends_at OR NEW.ended_by <> audit.actor() THEN
            RAISE EXCEPTION 'override %: ends earlier, in one''s own name', OLD.id USING ERRCODE = 'restrict_violation';
        END IF;
    ELSIF NEW.ended_at IS NOT NULL OR NEW.starts_at > clock_timestamp() + interval '1 minute'
          OR NOT EXISTS (SELECT FROM approval_requests r
                          WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'pricing.override'
                            AND r.payload ->> 'pair' = NEW.pair AND (r.payload ->> 'price')::numeric = NEW.price
                            AND make_interval(mins => (r.payload ->> 'minutes')::integer) = NEW.ends_at - NEW.starts_at)
    THEN
        PERFORM refuse_request(NEW.request_id, 'does not set this price');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT OR UPDATE ON price_overrides
    FOR EACH ROW EXECUTE FUNCTION guard_price_override();
CREATE TRIGGER kept BEFORE DELETE ON price_overrides FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON price_overrides FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
ALTER TABLE price_overrides ENABLE ALWAYS TRIGGER approved, ENABLE ALWAYS TRIGGER kept,
    ENABLE ALWAYS TRIGGER never_emptied;

-- Later spreads come by a request that was approved, and begin on a day to come.
CREATE FUNCTION guard_spread() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'pricing.spreads'
                      AND r.payload -> 'scope' = jsonb_build_array(NEW.ticker, NEW.side, NEW.tier)
                      AND r.payload -> 'bands' @> jsonb_build_array(jsonb_build_object(
                              'from', NEW.from_kobo::text, 'bps', NEW.bps))
                      AND NEW.starts_at = midnight(r.payload ->> 'starts_on'))
       OR NEW.starts_at <= now() THEN
        PERFORM refuse_request(NEW.request_id, 'does not set this spread');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT ON spreads FOR EACH ROW EXECUTE FUNCTION guard_spread();
ALTER TABLE spreads ENABLE ALWAYS TRIGGER approved;

SELECT set_config('bursar.actor', 'system:migration 0030', true);
ALTER TABLE approval_policies DISABLE TRIGGER approved;
INSERT INTO approval_policies (id, kind, version, rules, created_at)
SELECT 'pol_' || kind || '_1', kind, 1,
       jsonb_build_array(jsonb_build_object('legs', jsonb_build_array(jsonb_build_object('roles', roles, 'count', 1)),
                                            'ttl_seconds', ttl, 'delay_seconds', 0)), now()
  FROM (VALUES
    ('pricing.override', '["treasury"]'::jsonb, 3600), ('pricing.go_on', '["treasury"]', 86400),
    ('pricing.feed', '["admin"]', 259200), ('pricing.spreads', '["admin"]', 604800)
  ) AS beginning (kind, roles, ttl);
ALTER TABLE approval_policies ENABLE ALWAYS TRIGGER approved;
SELECT set_config('bursar.actor', '', true);

-- Prices are asked for every ten seconds: whoever takes a job's slot lets two of its oldest go that are a week old, with
-- their work where that is done. What is not stays for operators; the application deletes no other.
CREATE FUNCTION forget_slots(p_name text, p_kind text) RETURNS integer
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM slots s WHERE s.name = p_name AND s.slot IN (
            SELECT o.slot FROM slots o WHERE o.name = p_name AND o.slot < now() - interval '7 days'
             ORDER BY o.slot LIMIT 2 FOR UPDATE SKIP LOCKED)
        RETURNING to_char(s.slot AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') AS ref),
    done AS (
        DELETE FROM tasks t USING gone WHERE t.kind = p_kind AND t.ref = gone.ref AND t.status = 'done' RETURNING 1)
    SELECT count(*)::integer FROM done
$$;
REVOKE EXECUTE ON FUNCTION forget_slots FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_slots TO bursar_app;

SELECT audit.watch('feeds');
SELECT audit.watch('pairs', '=code');
SELECT audit.watch('feed_pairs', '=pair');
SELECT audit.watch('price_overrides');
SELECT audit.marks_stay('price_overrides', 'ended_at');
SELECT audit.watch('spreads');
SELECT audit.protect('spreads');
SELECT audit.watch('pair_halts');
SELECT audit.marks_stay('pair_halts', 'ended_at');
GRANT SELECT ON feeds, pairs, feed_pairs TO bursar_app;
GRANT UPDATE (weight, age_max_seconds, active, request_id) ON feeds TO bursar_app;
GRANT SELECT, INSERT ON feed_answers, ticks, pair_prices, candles, price_overrides, spreads, pair_halts TO bursar_app;
GRANT UPDATE (asked_at, answered_at, took_ms, fault) ON feed_answers TO bursar_app;
GRANT UPDATE (open, high, low, close, prices) ON candles TO bursar_app;
GRANT UPDATE (ended_at, ended_by) ON price_overrides TO bursar_app;
GRANT UPDATE (state, agree_since, ended_at, request_id) ON pair_halts TO bursar_app;
GRANT DELETE ON ticks, pair_prices, candles TO bursar_app;
