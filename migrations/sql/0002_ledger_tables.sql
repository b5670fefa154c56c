-- The books. The running app may read them and call the functions granted at the end; nothing else writes here.

CREATE SCHEMA ledger;
GRANT USAGE ON SCHEMA ledger TO bursar_app;

-- Whole numbers of smallest units. Not numeric(38,0), which rounds 1.5 to 2. Refuses fractions, NaN and infinity.
CREATE DOMAIN ledger.units AS numeric CHECK (VALUE = trunc(VALUE) AND abs(VALUE) < 1e38);

CREATE TABLE ledger.assets (
    code text PRIMARY KEY CHECK (code ~ '^[A-Z0-9.]{2,20}$'),
    decimals smallint NOT NULL CHECK (decimals BETWEEN 0 AND 30)
);

CREATE TABLE ledger.accounts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^(asset|liability|equity|income|expense)(:[A-Za-z0-9_.-]+)+$'),
    class text NOT NULL GENERATED ALWAYS AS (split_part(code, ':', 1)) STORED,
    asset text NOT NULL REFERENCES ledger.assets,
    stripes smallint NOT NULL CHECK (stripes BETWEEN 1 AND 64),
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    opened_by text NOT NULL,
    CONSTRAINT ck_accounts_code_ends_with_asset CHECK (split_part(code, ':', -1) = asset)
);

-- An account's sums; with holds and periods the only rows of the books that are updated, and only by the functions.
-- A hot account has several rows, its stripes: each session posts to one of them, so that sessions do not queue for one
-- row. Its balance is the sum over its stripes, exact at any moment. Only an account without a floor can have stripes.
-- Columns that never change are copied from accounts, so that posting reads one table. No CHECK and no domain here:
-- PostgreSQL prepares those anew for every UPDATE; guard_balance() and the domain of entries.amount do their work.
CREATE TABLE ledger.balances (
    account_id bigint NOT NULL REFERENCES ledger.accounts,
    stripe smallint NOT NULL,
    stripes smallint NOT NULL,
    code text NOT NULL,
    asset text NOT NULL,
    side smallint NOT NULL,                            -- 1 debit-normal (asset, expense), -1 credit-normal
    floor numeric,                                     -- NULL none, 0 no overdraft, -x overdraft limit
    no_debits boolean NOT NULL DEFAULT false,
    no_credits boolean NOT NULL DEFAULT false,
    closed boolean NOT NULL DEFAULT false,
    debits numeric NOT NULL DEFAULT 0,
    credits numeric NOT NULL DEFAULT 0,
    held numeric NOT NULL DEFAULT 0,
    seq bigint NOT NULL DEFAULT 0,
    booked_at timestamptz NOT NULL DEFAULT '-infinity', -- of the last entry: the next one is not booked before it
    PRIMARY KEY (account_id, stripe),
    CONSTRAINT uq_balances_code UNIQUE (code, stripe)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

-- Keys are kept for ever. No foreign keys on this table: a check per row costs more than it tells; proof.py tells it.
CREATE TABLE ledger.journals (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL CONSTRAINT uq_journals_key UNIQUE,
    hash bytea NOT NULL,                               -- of the request that came with the key
    kind text NOT NULL,
    ref text NOT NULL,                                 -- the business object this journal is about
    legs integer NOT NULL,
    memo jsonb NOT NULL DEFAULT '{}',
    actor text NOT NULL,
    request_id text NOT NULL,
    reverses bigint,
    corrects bigint,
    effective_at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL
);
CREATE INDEX ix_journals_ref ON ledger.journals (ref, id);
CREATE INDEX ix_journals_booked_at ON ledger.journals USING brin (booked_at) WITH (pages_per_range = 32);
CREATE UNIQUE INDEX uq_journals_reverses ON ledger.journals (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX ix_journals_corrects ON ledger.journals (corrects) WHERE corrects IS NOT NULL;

CREATE TABLE ledger.entries (
    journal_id bigint NOT NULL,
    leg integer NOT NULL,
    account_id bigint NOT NULL,
    stripe smallint NOT NULL,
    asset text NOT NULL,
    amount ledger.units NOT NULL,                      -- debit > 0, credit < 0
    seq bigint NOT NULL,                               -- position in the stripe's history
    balance_after numeric NOT NULL,                    -- debits - credits of the stripe after this leg
    effective_at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL,
    PRIMARY KEY (journal_id, leg)
) PARTITION BY RANGE (journal_id);
-- Within a stripe booked_at never falls as seq rises, so this one index serves statements and balances at a time.
CREATE INDEX ix_entries_account ON ledger.entries (account_id, stripe, booked_at, seq);
-- The few entries that took effect at another time than they were booked: what balances by effective date differ by.
CREATE INDEX ix_entries_dated ON ledger.entries (account_id, effective_at) WHERE effective_at <> booked_at;

CREATE TABLE ledger.holds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL CONSTRAINT uq_holds_key UNIQUE,
    hash bytea NOT NULL,
    account_id bigint NOT NULL REFERENCES ledger.accounts,
    amount ledger.units NOT NULL,
    remaining numeric NOT NULL,
    ref text NOT NULL,
    actor text NOT NULL,
    held_at timestamptz NOT NULL,
    expires_at timestamptz,
    CONSTRAINT ck_holds_amount_positive CHECK (amount > 0)
);
CREATE INDEX ix_holds_open ON ledger.holds (account_id) WHERE remaining > 0;
CREATE INDEX ix_holds_expires_at ON ledger.holds (expires_at) WHERE remaining > 0 AND expires_at IS NOT NULL;

-- How a hold ended, in one part or several.
CREATE TABLE ledger.hold_parts (
    hold_id bigint NOT NULL REFERENCES ledger.holds,
    part integer NOT NULL,
    outcome text NOT NULL CONSTRAINT ck_hold_parts_outcome_known CHECK (outcome IN ('captured', 'released', 'expired')),
    amount ledger.units NOT NULL CONSTRAINT ck_hold_parts_amount_positive CHECK (amount > 0),
    journal_id bigint,
    actor text NOT NULL,
    ended_at timestamptz NOT NULL,
    PRIMARY KEY (hold_id, part)
);

-- Months of West Africa Time that are being closed or are closed; all others are open. A month is closed with all
-- before it.
CREATE TABLE ledger.periods (
    month date PRIMARY KEY CONSTRAINT ck_periods_first_of_month CHECK (extract(day FROM month) = 1),
    ends_at timestamptz NOT NULL GENERATED ALWAYS AS ((month + interval '1 month') AT TIME ZONE 'Africa/Lagos') STORED,
    state text NOT NULL CONSTRAINT ck_periods_state_known CHECK (state IN ('closing', 'settled', 'closed')),
    begun_by text NOT NULL,
    begun_at timestamptz NOT NULL,
    closed_by text,
    closed_at timestamptz
);
-- Every account's sums by effective date at the end of a closed month.
CREATE TABLE ledger.period_balances (
    month date NOT NULL REFERENCES ledger.periods,
    account_id bigint NOT NULL REFERENCES ledger.accounts,
    balance numeric NOT NULL,                          -- debits - credits
    PRIMARY KEY (month, account_id)
);

-- What one whole unit of an asset was worth in naira, as told by a source.
CREATE TABLE ledger.prices (
    asset text NOT NULL REFERENCES ledger.assets,
    at timestamptz NOT NULL,
    naira numeric NOT NULL CONSTRAINT ck_prices_naira_positive CHECK (naira > 0 AND naira < 1e18),
    source text NOT NULL,
    recorded_by text NOT NULL,
    PRIMARY KEY (asset, at)
);

-- The seal: blocks of consecutive journal ids, each with its journals' hashes and the hash of the block before.
CREATE TABLE ledger.blocks (
    no bigint PRIMARY KEY,
    first_id bigint NOT NULL,
    last_id bigint NOT NULL CONSTRAINT uq_blocks_last_id UNIQUE,
    journals integer NOT NULL,
    leaves bytea NOT NULL,                             -- 40 bytes per journal: its id, its hash
    previous bytea NOT NULL,
    hash bytea NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- Ids up to `candidate` are final once every transaction up to `horizon` has ended.
CREATE TABLE ledger.seal_state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    candidate bigint NOT NULL DEFAULT 0,
    horizon bigint
);
INSERT INTO ledger.seal_state DEFAULT VALUES;
