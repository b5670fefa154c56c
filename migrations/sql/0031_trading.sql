-- Quotes, orders, recurring orders and price alerts.

-- What a customer was offered, whole. Nothing of it changes but that it was used; fee, spread and rounding are in the
-- money of the deal: what is given, or in a sale what is got.
CREATE TABLE quotes (
    id text CONSTRAINT pk_quotes PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_quotes_customer_id REFERENCES customers,
    side text NOT NULL CONSTRAINT ck_quotes_side_known CHECK (side IN ('buy', 'sell', 'swap')),
    typed text NOT NULL CONSTRAINT ck_quotes_typed_known CHECK (typed IN ('give', 'get', 'all')),
    give_asset text NOT NULL,
    give_units numeric(38) NOT NULL CONSTRAINT ck_quotes_give_positive CHECK (give_units > 0),
    get_asset text NOT NULL,
    get_units numeric(38) NOT NULL CONSTRAINT ck_quotes_get_positive CHECK (get_units > 0),
    value_units numeric(38) NOT NULL,                  -- of the coin at mid
    spread_units numeric(38) NOT NULL,
    fee_units numeric(38) NOT NULL,
    rounding_units numeric(38) NOT NULL,
    spread_bps integer NOT NULL CONSTRAINT ck_quotes_spread_bps CHECK (spread_bps BETWEEN 0 AND 9999),
    mid numeric NOT NULL CONSTRAINT ck_quotes_mid_positive CHECK (mid > 0 AND mid < 'Infinity'),
    rate numeric NOT NULL CONSTRAINT ck_quotes_rate_positive CHECK (rate > 0 AND rate < 'Infinity'),
    worth_units numeric(38) NOT NULL CONSTRAINT ck_quotes_worth_positive CHECK (worth_units > 0),  -- kobo
    priced_at timestamptz NOT NULL,                    -- when the oldest number in its price was told
    sources text[] NOT NULL,
    legs text[] NOT NULL,                              -- the pairs that its price was crossed from
    replaces text CONSTRAINT fk_quotes_replaces REFERENCES quotes,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT ck_quotes_two_assets CHECK (give_asset <> get_asset),
    CONSTRAINT ck_quotes_not_negative CHECK (least(value_units, spread_units, fee_units, rounding_units) >= 0),
    CONSTRAINT ck_quotes_adds_up CHECK (CASE side
        WHEN 'sell' THEN value_units = get_units + spread_units + fee_units + rounding_units
        ELSE give_units = value_units + spread_units + fee_units + rounding_units END),
    CONSTRAINT ck_quotes_ends CHECK (expires_at > created_at),
    CONSTRAINT ck_quotes_used_in_time CHECK (used_at < expires_at)
);
CREATE INDEX ix_quotes_customer_id ON quotes (customer_id, id);
CREATE INDEX ix_quotes_unused ON quotes (expires_at) WHERE used_at IS NULL;
CREATE INDEX ix_quotes_replaces ON quotes (replaces) WHERE replaces IS NOT NULL;

-- Something that comes again: so much of one asset for another, every week or month.
CREATE TABLE recurring_orders (
    id text CONSTRAINT pk_recurring_orders PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_recurring_orders_customer_id REFERENCES customers,
    give_asset text NOT NULL,
    give_units numeric(38) NOT NULL CONSTRAINT ck_recurring_orders_give_positive CHECK (give_units > 0),
    get_asset text NOT NULL,
    every text NOT NULL CONSTRAINT ck_recurring_orders_every_known CHECK (every IN ('week', 'month')),
    day smallint NOT NULL,                             -- 0 (Monday) to 6, or 1 to 31
    hour smallint NOT NULL CONSTRAINT ck_recurring_orders_hour CHECK (hour BETWEEN 6 AND 18),  -- in Lagos
    state text NOT NULL CONSTRAINT ck_recurring_orders_state_known CHECK (state IN ('active', 'paused', 'ended')),
    next_at timestamptz,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT ck_recurring_orders_two_assets CHECK (give_asset <> get_asset),
    CONSTRAINT ck_recurring_orders_day
        CHECK (CASE every WHEN 'week' THEN day BETWEEN 0 AND 6 ELSE day BETWEEN 1 AND 31 END),
    CONSTRAINT ck_recurring_orders_next CHECK ((state = 'active') = (next_at IS NOT NULL)),
    CONSTRAINT ck_recurring_orders_ended CHECK ((state = 'ended') = (ended_at IS NOT NULL))
);
CREATE INDEX ix_recurring_orders_customer_id ON recurring_orders (customer_id, id);
CREATE INDEX ix_recurring_orders_next_at ON recurring_orders (next_at) WHERE next_at IS NOT NULL;

-- One time that it is due. `why` is the last reason that it was not possible, in its customer's words.
CREATE TABLE recurring_runs (
    id text CONSTRAINT pk_recurring_runs PRIMARY KEY,
    recurring_id text NOT NULL CONSTRAINT fk_recurring_runs_recurring_id REFERENCES recurring_orders,
    customer_id text NOT NULL CONSTRAINT fk_recurring_runs_customer_id REFERENCES customers,
    due_at timestamptz NOT NULL,
    state text NOT NULL CONSTRAINT ck_recurring_runs_state_known CHECK (state IN ('due', 'done', 'missed')),
    tries smallint NOT NULL CONSTRAINT ck_recurring_runs_tries_not_negative CHECK (tries >= 0),
    code text NOT NULL,
    why text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT ck_recurring_runs_ended CHECK ((state = 'due') = (ended_at IS NULL)),
    CONSTRAINT ck_recurring_runs_missed_why CHECK (state <> 'missed' OR why <> ''),
    CONSTRAINT uq_recurring_runs_recurring_id UNIQUE (recurring_id, due_at)
);
CREATE INDEX ix_recurring_runs_customer_id ON recurring_runs (customer_id, id);
CREATE INDEX ix_recurring_runs_due ON recurring_runs (id) WHERE state = 'due';

-- What became of a quote, at once and whole.
CREATE TABLE orders (
    id text CONSTRAINT pk_orders PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_orders_customer_id REFERENCES customers,
    quote_id text NOT NULL CONSTRAINT uq_orders_quote_id UNIQUE CONSTRAINT fk_orders_quote_id REFERENCES quotes,
    run_id text CONSTRAINT uq_orders_run_id UNIQUE CONSTRAINT fk_orders_run_id REFERENCES recurring_runs,
    side text NOT NULL,
    give_asset text NOT NULL,
    give_units numeric(38) NOT NULL,
    get_asset text NOT NULL,
    get_units numeric(38) NOT NULL,
    spread_units numeric(38) NOT NULL,
    fee_units numeric(38) NOT NULL,
    rounding_units numeric(38) NOT NULL,
    rate numeric NOT NULL,
    worth_units numeric(38) NOT NULL,
    state text NOT NULL CONSTRAINT ck_orders_state_known CHECK (state IN ('placed', 'filled')),
    created_at timestamptz NOT NULL
);
CREATE INDEX ix_orders_customer_id ON orders (customer_id, id);
CREATE INDEX ix_orders_customer_side ON orders (customer_id, side, id);
CREATE INDEX ix_orders_side ON orders (side, id);
CREATE INDEX ix_orders_give_asset ON orders (give_asset, id);
CREATE INDEX ix_orders_get_asset ON orders (get_asset, id);
CREATE INDEX ix_orders_placed ON orders (id) WHERE state = 'placed';
-- (above a million naira, which few are: the console looks for them)
CREATE INDEX ix_orders_large ON orders (id, side) WHERE worth_units > 100000000;
CREATE INDEX ix_orders_large_give ON orders (give_asset, id) WHERE worth_units > 100000000;
CREATE INDEX ix_orders_large_get ON orders (get_asset, id) WHERE worth_units > 100000000;

-- A price that somebody waits for, of one whole `base` in `quote` (tickers).
CREATE TABLE price_alerts (
    id text CONSTRAINT pk_price_alerts PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_price_alerts_customer_id REFERENCES customers,
    base text NOT NULL,
    quote text NOT NULL,
    beyond text NOT NULL CONSTRAINT ck_price_alerts_beyond_known CHECK (beyond IN ('above', 'below')),
    price numeric NOT NULL CONSTRAINT ck_price_alerts_price_positive CHECK (price > 0 AND price < 1e20),
    state text NOT NULL CONSTRAINT ck_price_alerts_state_known CHECK (state IN ('armed', 'fired', 'ended')),
    armed_at timestamptz NOT NULL,
    fired_at timestamptz,                              -- the last time
    fired_price numeric,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT ck_price_alerts_two_tickers CHECK (base <> quote),
    CONSTRAINT ck_price_alerts_fired CHECK ((fired_at IS NULL) = (fired_price IS NULL) AND (state <> 'fired' OR fired_at IS NOT NULL)),
    CONSTRAINT ck_price_alerts_ended CHECK ((state = 'ended') = (ended_at IS NOT NULL))
);
CREATE INDEX ix_price_alerts_customer_id ON price_alerts (customer_id, id);
CREATE INDEX ix_price_alerts_armed ON price_alerts (base, quote, beyond, price) WHERE state = 'armed';

-- An order is its quote, of the same customer, while that stands; it begins placed, and only its state moves.
CREATE FUNCTION guard_order() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_quote quotes;
BEGIN
    SELECT * INTO v_quote FROM quotes WHERE id = NEW.quote_id;
    IF NEW.state <> 'placed' THEN
        RAISE EXCEPTION 'order %: begins placed', NEW.id USING ERRCODE = 'BU005';
    ELSIF v_quote.customer_id IS DISTINCT FROM NEW.customer_id THEN
        RAISE EXCEPTION 'order %: its quote is somebody else''s', NEW.id USING ERRCODE = 'BU005';
    ELSIF NEW.created_at >= v_quote.expires_at THEN
        RAISE EXCEPTION 'order %: its quote has run out', NEW.id USING ERRCODE = 'BU005';
    ELSIF (NEW.side, NEW.give_asset, NEW.give_units, NEW.get_asset, NEW.get_units, NEW.spread_units, NEW.fee_units,
           NEW.rounding_units, NEW.rate, NEW.worth_units)
          IS DISTINCT FROM
          (v_quote.side, v_quote.give_asset, v_quote.give_units, v_quote.get_asset, v_quote.get_units,
           v_quote.spread_units, v_quote.fee_units, v_quote.rounding_units, v_quote.rate, v_quote.worth_units) THEN
        RAISE EXCEPTION 'order %: is not what was quoted', NEW.id USING ERRCODE = 'BU005';
    ELSIF NEW.run_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM recurring_runs r JOIN recurring_orders o ON o.id = r.recurring_id
             WHERE r.id = NEW.run_id AND r.state = 'due' AND r.customer_id = NEW.customer_id
               AND (o.give_asset, o.give_units, o.get_asset) = (NEW.give_asset, NEW.give_units, NEW.get_asset)) THEN
        RAISE EXCEPTION 'order %: is not what comes again', NEW.id USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION guard_order();
ALTER TABLE orders ENABLE ALWAYS TRIGGER guarded;

-- When its transaction ends, an order is filled, and one journal gives and takes exactly what it says.
CREATE FUNCTION guard_order_booked() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_given numeric;
    v_got numeric;
    v_journals integer;
BEGIN
    SELECT count(DISTINCT j.id), coalesce(sum(e.amount) FILTER (WHERE b.code = format('liability:customer:%s:%s', NEW.customer_id, NEW.give_asset)), 0),
           coalesce(sum(e.amount) FILTER (WHERE b.code = format('liability:customer:%s:%s', NEW.customer_id, NEW.get_asset)), 0)
      INTO v_journals, v_given, v_got
      FROM ledger.journals j JOIN ledger.entries e ON e.journal_id = j.id JOIN ledger.accounts b ON b.id = e.account_id
     WHERE j.ref = NEW.id AND j.kind IN ('trading.bought', 'trading.sold', 'trading.swapped');
    IF (SELECT state FROM orders WHERE id = NEW.id) <> 'filled' THEN
        RAISE EXCEPTION 'order %: is not filled', NEW.id USING ERRCODE = 'BU005';
    ELSIF v_journals <> 1 OR v_given <> NEW.give_units OR v_got <> -NEW.get_units THEN
        RAISE EXCEPTION 'order %: the books say otherwise', NEW.id USING ERRCODE = 'BU005';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER booked AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION guard_order_booked();
ALTER TABLE orders ENABLE ALWAYS TRIGGER booked;

-- A run is done by its order, and ends once.
CREATE FUNCTION guard_recurring_run() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.state <> 'due' THEN
        RAISE EXCEPTION 'recurring run %: has ended', OLD.id USING ERRCODE = 'restrict_violation';
    ELSIF (NEW.state = 'done') <> EXISTS (SELECT FROM orders o WHERE o.run_id = NEW.id) THEN
        RAISE EXCEPTION 'recurring run %: is done by its order', OLD.id USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE UPDATE ON recurring_runs FOR EACH ROW EXECUTE FUNCTION guard_recurring_run();
ALTER TABLE recurring_runs ENABLE ALWAYS TRIGGER guarded;

-- What nobody used goes a month after it ran out, the newest of a row of them first; the application deletes no other.
CREATE FUNCTION forget_quotes(p_most integer) RETURNS integer
    LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH gone AS (
        DELETE FROM quotes q WHERE q.id IN (
            SELECT o.id FROM quotes o
             WHERE o.used_at IS NULL AND o.expires_at < now() - interval '30 days'
               AND NOT EXISTS (SELECT FROM quotes r WHERE r.replaces = o.id)
             ORDER BY o.expires_at LIMIT p_most FOR UPDATE SKIP LOCKED)
        RETURNING 1)
    SELECT count(*)::integer FROM gone
$$;
REVOKE EXECUTE ON FUNCTION forget_quotes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_quotes TO bursar_app;

DO $$ DECLARE t text; BEGIN
    FOREACH t IN ARRAY ARRAY['quotes', 'orders', 'recurring_orders', 'recurring_runs', 'price_alerts'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY own_rows ON %I USING (current_setting(''bursar.owner'', true) IN (''*'', customer_id))', t);
    END LOOP;
END $$;
SELECT audit.watch('orders');
SELECT audit.watch('recurring_orders');
SELECT audit.watch('recurring_runs');
SELECT audit.watch('price_alerts');
SELECT audit.marks_stay('quotes', 'used_at');
SELECT audit.marks_stay('recurring_orders', 'ended_at');
SELECT audit.marks_stay('recurring_runs', 'ended_at');
SELECT audit.marks_stay('price_alerts', 'ended_at');
GRANT SELECT, INSERT ON quotes, orders, recurring_orders, recurring_runs, price_alerts TO bursar_app;
GRANT UPDATE (used_at) ON quotes TO bursar_app;
GRANT UPDATE (state) ON orders TO bursar_app;
GRANT UPDATE (state, next_at, ended_at) ON recurring_orders TO bursar_app;
GRANT UPDATE (state, tries, code, why, ended_at) ON recurring_runs TO bursar_app;
GRANT UPDATE (state, armed_at, fired_at, fired_price, ended_at) ON price_alerts TO bursar_app;

-- How long a quote stands, how far the price may run from it, how large an order is (kobo).
SELECT set_config('bursar.actor', 'system:migration 0031', true);
ALTER TABLE risk_thresholds DISABLE TRIGGER approved;
INSERT INTO risk_thresholds (id, name, value, starts_at)
SELECT 'rth_' || name, name, value, '2026-01-01 00:00:00+01' FROM (VALUES
    ('quote_seconds', 20), ('quote_moved_bps', 50), ('order_max', 5000000000)
  ) AS beginning (name, value);
ALTER TABLE risk_thresholds ENABLE ALWAYS TRIGGER approved;

-- Half a percent: of what is given for a purchase or a swap, of what is got for a sale.
ALTER TABLE fees DISABLE TRIGGER approved;
INSERT INTO fees (id, rail, direction, asset, over_units, flat_units, bps, starts_at)
SELECT format('fee_inside_%s_%s', direction, a.code), 'inside', direction, a.code, 0, 0, 50, '2026-01-01 00:00:00+01'
  FROM ledger.assets a, unnest(ARRAY['out', 'in']) direction WHERE direction = 'out' OR a.code = 'NGN';
ALTER TABLE fees ENABLE ALWAYS TRIGGER approved;
SELECT set_config('bursar.actor', '', true);
