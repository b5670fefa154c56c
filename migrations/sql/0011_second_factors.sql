-- Second factors: authenticator apps, passkeys, recovery codes, and when a session proved one.

ALTER TABLE sessions ADD COLUMN password_at timestamptz;  -- the password was typed for it last at this time
ALTER TABLE sessions ADD COLUMN factor_at timestamptz;  -- a second factor was proved in it last at this time

-- An app that shows codes. One that is being set up belongs to the session that sees its secret, and to no other.
CREATE TABLE totp_apps (
    id text CONSTRAINT pk_totp_apps PRIMARY KEY,
    login_id text NOT NULL CONSTRAINT fk_totp_apps_login_id REFERENCES logins,
    session_id text CONSTRAINT fk_totp_apps_session_id REFERENCES sessions ON DELETE SET NULL,
    secret_sealed bytea NOT NULL,
    last_step bigint NOT NULL,                         -- the newest time step whose code was accepted; it only grows
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    removed_at timestamptz
);
CREATE UNIQUE INDEX uq_totp_apps_live ON totp_apps (login_id) WHERE confirmed_at IS NOT NULL AND removed_at IS NULL;
CREATE INDEX ix_totp_apps_session_id ON totp_apps (session_id) WHERE confirmed_at IS NULL AND removed_at IS NULL;

CREATE TABLE passkeys (
    id text CONSTRAINT pk_passkeys PRIMARY KEY,
    login_id text NOT NULL CONSTRAINT fk_passkeys_login_id REFERENCES logins,
    name text NOT NULL,
    credential_id bytea NOT NULL CONSTRAINT uq_passkeys_credential_id UNIQUE,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    created_at timestamptz NOT NULL,
    used_at timestamptz,
    suspect_at timestamptz,                            -- its counter went back: somebody may have a copy of it
    removed_at timestamptz
);
CREATE INDEX ix_passkeys_login_id ON passkeys (login_id) WHERE removed_at IS NULL;

-- What a passkey has to sign: once, soon, and in the session that asked.
CREATE TABLE passkey_challenges (
    id text CONSTRAINT pk_passkey_challenges PRIMARY KEY,
    session_id text NOT NULL CONSTRAINT fk_passkey_challenges_session_id REFERENCES sessions,
    purpose text NOT NULL CONSTRAINT ck_passkey_challenges_purpose_known CHECK (purpose IN ('add', 'prove')),
    challenge bytea NOT NULL CONSTRAINT uq_passkey_challenges_challenge UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

CREATE INDEX ix_passkey_challenges_expires_at ON passkey_challenges (expires_at);
CREATE INDEX ix_passkey_challenges_session_id ON passkey_challenges (session_id);

CREATE TABLE recovery_codes (
    id text CONSTRAINT pk_recovery_codes PRIMARY KEY,
    login_id text NOT NULL CONSTRAINT fk_recovery_codes_login_id REFERENCES logins,
    code_hash bytea NOT NULL CONSTRAINT uq_recovery_codes_code_hash UNIQUE,
    created_at timestamptz NOT NULL,
    used_at timestamptz,
    replaced_at timestamptz
);
CREATE INDEX ix_recovery_codes_login_id ON recovery_codes (login_id) WHERE used_at IS NULL AND replaced_at IS NULL;

-- Wrong codes in a row, of all kinds that can be guessed, until when no more are looked at, and how often there was such
-- a pause since the last right one.
CREATE TABLE factor_tries (
    login_id text CONSTRAINT pk_factor_tries PRIMARY KEY CONSTRAINT fk_factor_tries_login_id REFERENCES logins,
    wrong integer NOT NULL,
    pauses integer NOT NULL DEFAULT 0,
    paused_until timestamptz
);

SELECT audit.watch('totp_apps', 'secret_sealed');
SELECT audit.watch('passkeys', 'credential_id', 'public_key');
SELECT audit.watch('passkey_challenges', 'challenge');
SELECT audit.watch('recovery_codes', 'code_hash');
SELECT audit.watch('factor_tries', '=login_id');

GRANT SELECT, INSERT ON totp_apps, passkeys, passkey_challenges, recovery_codes TO bursar_app;
GRANT UPDATE (last_step, confirmed_at, removed_at) ON totp_apps TO bursar_app;
GRANT UPDATE (name, sign_count, used_at, suspect_at, removed_at) ON passkeys TO bursar_app;
GRANT UPDATE (used_at) ON passkey_challenges TO bursar_app;
GRANT UPDATE (used_at, replaced_at) ON recovery_codes TO bursar_app;
GRANT SELECT, INSERT, UPDATE ON factor_tries TO bursar_app;
