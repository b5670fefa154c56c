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

SELECT audit.watch('password_resets', 'address_sealed', 'token_hash', 'token_sealed');

GRANT SELECT, INSERT ON password_resets TO bursar_app;
GRANT UPDATE (address_sealed, login_id, token_hash, token_sealed, used_at) ON password_resets TO bursar_app;

-- A customer freezes their account alone; the history of it stands in `moves`.
ALTER TABLE customers
    ADD COLUMN state text NOT NULL DEFAULT 'active'
        CONSTRAINT ck_customers_state_known CHECK (state IN ('active', 'locked'));

-- Nobody's login: what is done for it is taken back, so that an unknown address costs what a known one does.
SELECT set_config('bursar.actor', 'system:migration', true);
INSERT INTO logins (id, audience, email, password_hash, disabled_at, created_at)
VALUES ('lg_nobody', 'customer', 'nobody', '', now(), now());
