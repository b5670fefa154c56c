-- Assets as rows: names, digits, networks, colours, minimums, which are open; the accounts of dealing.

-- What an asset is called, how it looks, and from what amount on it is traded and sent. `ledger.assets` says what it is
-- counted in, which never changes; of these rows the newest counts, and none is changed.
CREATE TABLE ledger.asset_versions (
    code text NOT NULL CONSTRAINT fk_asset_versions_code REFERENCES ledger.assets,
    version integer NOT NULL CONSTRAINT ck_asset_versions_version_positive CHECK (version > 0),
    ticker text NOT NULL CONSTRAINT ck_asset_versions_ticker_is_one CHECK (ticker ~ '^[A-Z0-9]{2,10}$'),
    name text NOT NULL CONSTRAINT ck_asset_versions_name_given CHECK (name <> ''),
    network text NOT NULL,                             -- '' for money
    symbol text NOT NULL,                              -- before an amount; '' for the code
    mark text NOT NULL CONSTRAINT ck_asset_versions_mark_short CHECK (length(mark) BETWEEN 1 AND 2),
    digits smallint NOT NULL CONSTRAINT ck_asset_versions_digits_bounds CHECK (digits BETWEEN 0 AND 30),
    colour text NOT NULL CONSTRAINT ck_asset_versions_colour_is_one CHECK (colour ~ '^#[0-9a-f]{6}$'),
    trade_min_units numeric(38) NOT NULL CONSTRAINT ck_asset_versions_trade_min_positive CHECK (trade_min_units > 0),
    send_min_units numeric(38) NOT NULL CONSTRAINT ck_asset_versions_send_min_positive CHECK (send_min_units > 0),
    position smallint NOT NULL,                        -- in lists, the smallest first
    open boolean NOT NULL,                             -- for trading
    request_id text CONSTRAINT fk_asset_versions_request_id REFERENCES public.approval_requests,  -- NULL at the beginning
    set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_asset_versions PRIMARY KEY (code, version),
    -- An asset is its ticker, or its ticker on one of several networks: USDT.TRC20.
    CONSTRAINT ck_asset_versions_code_begins_with_ticker CHECK (split_part(code, '.', 1) = ticker)
);
INSERT INTO ledger.asset_versions
    (code, version, ticker, name, network, symbol, mark, digits, colour, trade_min_units, send_min_units, position, open)
VALUES
    ('NGN', 1, 'NGN', 'Naira', '', '₦', '₦', 2, '#0b6243', 10000, 100, 0, true),
    ('USD', 1, 'USD', 'US dollar', '', '$', '$', 2, '#3d5f34', 100, 1, 10, true),
    ('BTC', 1, 'BTC', 'Bitcoin', 'Bitcoin', '', '₿', 8, '#93500d', 5000, 1000, 20, true),
    ('ETH', 1, 'ETH', 'Ether', 'Ethereum', '', 'Ξ', 6, '#4757a8', 1000000000000000, 100000000000000, 30, true),
    ('USDT.TRC20', 1, 'USDT', 'Tether', 'TRON', '', '₮', 2, '#19665a', 1000000, 10000, 40, true),
    ('USDT.ERC20', 1, 'USDT', 'Tether', 'Ethereum', '', '₮', 2, '#19665a', 1000000, 10000, 41, true),
    ('USDT.BEP20', 1, 'USDT', 'Tether', 'BNB Smart Chain', '', '₮', 2, '#19665a', 1000000000000000000,
     10000000000000000, 42, true),
    ('TRX', 1, 'TRX', 'Tron', 'TRON', '', 'T', 2, '#a3172a', 10000000, 100000, 50, true),
    ('TON', 1, 'TON', 'Toncoin', 'TON', '', 'T', 4, '#0f5f8f', 500000000, 10000000, 60, true),
    ('BNB', 1, 'BNB', 'BNB', 'BNB Smart Chain', '', 'B', 6, '#715309', 2000000000000000, 100000000000000, 70, true);

-- A new asset, or another version of one: what the request says, and nothing that was not agreed to.
CREATE FUNCTION ledger.set_asset(p_request_id text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, public, pg_temp AS $$
DECLARE
    v_asset jsonb;
    v_code text;
    v_before integer;
BEGIN
    SELECT r.payload -> 'asset' INTO v_asset FROM approval_requests r
     WHERE r.id = p_request_id AND is_due(r) AND r.kind IN ('assets.add', 'assets.change') FOR UPDATE;
    IF v_asset IS NULL OR EXISTS (SELECT FROM asset_versions v WHERE v.request_id = p_request_id) THEN
        PERFORM refuse_request(p_request_id, 'does not say what an asset is');
    END IF;
    v_code := v_asset ->> 'code';
    IF (SELECT kind FROM approval_requests WHERE id = p_request_id) = 'assets.add' THEN
        INSERT INTO assets (code, decimals) VALUES (v_code, (v_asset ->> 'decimals')::smallint);
    ELSIF (v_asset ->> 'decimals')::smallint IS DISTINCT FROM (SELECT a.decimals FROM assets a WHERE a.code = v_code) THEN
        PERFORM refuse_request(p_request_id, 'gives an asset other decimals');
    END IF;
    SELECT coalesce(max(v.version), 0) INTO v_before FROM asset_versions v WHERE v.code = v_code;
    INSERT INTO asset_versions
        (code, version, ticker, name, network, symbol, mark, digits, colour, trade_min_units, send_min_units, position,
         open, request_id)
    VALUES (v_code, v_before + 1, v_asset ->> 'ticker', v_asset ->> 'name', v_asset ->> 'network', v_asset ->> 'symbol',
            v_asset ->> 'mark', (v_asset ->> 'digits')::smallint, v_asset ->> 'colour',
            (v_asset ->> 'trade_min')::numeric, (v_asset ->> 'send_min')::numeric, (v_asset ->> 'position')::smallint,
            (v_asset ->> 'open')::boolean, p_request_id);
END $$;
REVOKE EXECUTE ON FUNCTION ledger.set_asset FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.set_asset TO bursar_app;
GRANT SELECT ON ledger.asset_versions TO bursar_app;
SELECT audit.watch('ledger.asset_versions', '=code');
SELECT audit.protect('ledger.asset_versions');

-- Finance asks, treasury agrees.
SELECT set_config('bursar.actor', 'system:migration 0029', true), set_config('bursar.owner', '*', true);
ALTER TABLE approval_policies DISABLE TRIGGER approved;
INSERT INTO approval_policies (id, kind, version, rules, created_at)
SELECT 'pol_' || kind || '_1', kind, 1,
       '[{"legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]', now()
  FROM unnest(ARRAY['assets.add', 'assets.change']) kind;
ALTER TABLE approval_policies ENABLE ALWAYS TRIGGER approved;

SELECT ledger.open_account(template || ':' || a.code, a.code, NULL, 32)
  FROM ledger.assets a,
       unnest(ARRAY['equity:dealing', 'income:trading_fees', 'income:spread', 'income:rounding']) template;
SELECT ledger.open_account(template || ':' || a.code, a.code, NULL)
  FROM ledger.assets a, unnest(ARRAY['asset:venue:kraken', 'expense:venue_fees', 'equity:capital']) template
 WHERE template || ':' || a.code <> 'equity:capital:NGN';

-- A customer closes a wallet that is empty and opens it again: the account in the books stays the same.
ALTER TABLE wallets ADD COLUMN closed_at timestamptz;
GRANT UPDATE (closed_at) ON wallets TO bursar_app;

-- What a wallet's content cost up to one of its entries, for pages to go on from. The journals alone say what is true:
-- every row can be made anew from them.
CREATE TABLE wallet_costs (
    wallet_id text PRIMARY KEY REFERENCES wallets,
    customer_id text NOT NULL REFERENCES customers,
    seq bigint NOT NULL,                               -- of the last entry that is counted in, and when it was booked
    booked_at timestamptz NOT NULL,
    units numeric NOT NULL,
    cost_kobo numeric NOT NULL,
    realised_kobo numeric NOT NULL,
    known boolean NOT NULL,
    CONSTRAINT ck_wallet_costs_whole CHECK (units = trunc(units) AND cost_kobo = trunc(cost_kobo)
                                            AND realised_kobo = trunc(realised_kobo))
);
ALTER TABLE wallet_costs ENABLE ROW LEVEL SECURITY;
ALTER TABLE wallet_costs FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON wallet_costs USING (current_setting('bursar.owner', true) IN ('*', customer_id));
GRANT SELECT, INSERT ON wallet_costs TO bursar_app;
GRANT UPDATE (seq, booked_at, units, cost_kobo, realised_kobo, known) ON wallet_costs TO bursar_app;
SELECT set_config('bursar.actor', '', true), set_config('bursar.owner', '', true);
