-- Care for an account: links that set a new password, sessions that say where they are.

-- Mask more columns of a table that is watched already, whatever was masked before.
CREATE FUNCTION audit.mask_also(p_table regclass, VARIADIC p_more text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_before text[] := (
    SELECT array_remove(string_to_array(encode(tgargs, 'escape'), '\000'), '')
      FROM pg_trigger WHERE tgrelid = p_table AND tgname = 'audit_row'
);
BEGIN
    EXECUTE format('DROP TRIGGER audit_row ON %s', p_table);
    PERFORM audit.watch(p_table, VARIADIC coalesce(v_before, '{}') || p_more);
END $$;
REVOKE EXECUTE ON FUNCTION audit.mask_also FROM PUBLIC;

ALTER TABLE sessions
    ADD COLUMN device_name text NOT NULL DEFAULT '',
    ADD COLUMN ip text NOT NULL DEFAULT '';
SELECT audit.mask_also('sessions', 'ip');
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_sessions_device ON sessions (login_id, ip);  -- was this device here before?
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_sessions_ip ON sessions (ip) WHERE audience = 'customer';  -- who else comes from there?

CREATE TABLE password_resets (
    id text CONSTRAINT pk_password_resets PRIMARY KEY,
    audience text NOT NULL CONSTRAINT ck_password_resets_audience_known CHECK (audience IN ('customer', 'operator')),
    address_sealed bytea,                              -- what was typed; NULL once it was looked up
    login_id text CONSTRAINT fk_password_resets_login_id REFERENCES logins,
    token_hash bytea CONSTRAINT uq_password_resets_token_hash UNIQUE,
    token_sealed bytea,                                -- NULL once the mail that carries it is written
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT ck_password_resets_token_of_somebody CHECK ((login_id IS NULL) = (token_hash IS NULL))
);
CREATE INDEX ix_password_resets_login_id ON password_resets (login_id, created_at);
CREATE INDEX ix_password_resets_expires_at ON password_resets (expires_at);

SELECT audit.watch('password_resets', 'address_sealed', 'token_hash', 'token_sealed');

GRANT SELECT, INSERT ON password_resets TO bursar_app;
GRANT UPDATE (address_sealed, login_id, token_hash, token_sealed, used_at) ON password_resets TO bursar_app;

-- A customer freezes their account alone; the history of it stands in `moves`.
ALTER TABLE customers
    ADD COLUMN state text NOT NULL DEFAULT 'active'
        CONSTRAINT ck_customers_state_known CHECK (state IN ('active', 'locked'));
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_customers_locked ON customers (id) WHERE state = 'locked';  -- (the clock looks for how long)

-- Nobody's login: what is done for it is taken back, so that an unknown address costs what a known one does.
SELECT set_config('bursar.actor', 'system:migration', true);
INSERT INTO logins (id, audience, email, password_hash, disabled_at, created_at)
VALUES ('lg_nobody', 'customer', 'nobody', '', now(), now());
INSERT INTO codes (id, login_id, code_sealed, tries, created_at, expires_at)
VALUES ('ec_nobody', 'lg_nobody', '', 0, '2000-01-01T00:00:00Z', '9000-01-01T00:00:00Z');

CREATE TABLE closure_requests (
    id text CONSTRAINT pk_closure_requests PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_closure_requests_customer_id REFERENCES customers,
    reason text NOT NULL,
    state text NOT NULL CONSTRAINT ck_closure_requests_state_known CHECK (state IN ('asked', 'withdrawn')),
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT ck_closure_requests_ended_in_time CHECK ((state = 'asked') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX uq_closure_requests_customer_id ON closure_requests (customer_id) WHERE state = 'asked';
CREATE INDEX ix_closure_requests_state ON closure_requests (state, id);

CREATE TABLE recoveries (
    id text CONSTRAINT pk_recoveries PRIMARY KEY,
    address_sealed bytea,                              -- whose account, as typed, until it was looked up; the one that was, at the end
    contact_sealed bytea NOT NULL,                     -- the address to be
    contact_index bytea NOT NULL,                      -- a keyed hash of it
    login_id text CONSTRAINT fk_recoveries_login_id REFERENCES logins,
    stop_hash bytea CONSTRAINT uq_recoveries_stop_hash UNIQUE,
    stop_sealed bytea,                                 -- NULL once the mail that carries it is written
    state text NOT NULL CONSTRAINT ck_recoveries_state_known
        CHECK (state IN ('noted', 'asked', 'moot', 'stopped', 'refused', 'expired', 'carried_out')),
    created_at timestamptz NOT NULL,
    possible_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT ck_recoveries_cooled_off CHECK (state <> 'carried_out' OR ended_at >= possible_at)
);
-- Several may be asked for, by strangers and by the owner; none shuts another out.
CREATE UNIQUE INDEX uq_recoveries_login_id ON recoveries (login_id, contact_index) WHERE state = 'asked';
CREATE INDEX ix_recoveries_state ON recoveries (state, id);

SELECT audit.watch('closure_requests', 'reason');
SELECT audit.watch('recoveries', 'address_sealed', 'contact_sealed', 'contact_index', 'stop_hash', 'stop_sealed');

GRANT SELECT, INSERT ON closure_requests, recoveries TO bursar_app;
GRANT UPDATE (state, ended_at) ON closure_requests TO bursar_app;
GRANT UPDATE (address_sealed, login_id, stop_hash, stop_sealed, state, ended_at) ON recoveries TO bursar_app;

-- As 0008: a customer's rows are theirs.
ALTER TABLE closure_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE closure_requests FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON closure_requests USING (current_setting('bursar.owner', true) IN ('*', customer_id));
