-- What programs of a customer come in with: keys that live long, and short signed tokens got with them.

CREATE TABLE api_keys (
    id text CONSTRAINT pk_api_keys PRIMARY KEY,
    login_id text NOT NULL CONSTRAINT fk_api_keys_login_id REFERENCES logins,
    name text NOT NULL CONSTRAINT ck_api_keys_name_given CHECK (name <> ''),
    token_hash bytea NOT NULL CONSTRAINT uq_api_keys_token_hash UNIQUE,
    hint text NOT NULL,                                -- its last four characters
    scopes text[] NOT NULL CONSTRAINT ck_api_keys_scopes_given CHECK (cardinality(scopes) > 0),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX ix_api_keys_login_id ON api_keys (login_id, created_at);

-- Keys that tokens are signed with. The newest signs; one that is retired verifies until the last token it signed ends.
CREATE TABLE signing_keys (
    id text CONSTRAINT pk_signing_keys PRIMARY KEY,
    public_key bytea NOT NULL,
    private_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz
);
CREATE UNIQUE INDEX uq_signing_keys_newest ON signing_keys ((true)) WHERE retired_at IS NULL;

SELECT audit.watch('api_keys', 'token_hash', '-used_at');
SELECT audit.watch('signing_keys', 'private_sealed');

GRANT SELECT, INSERT ON api_keys, signing_keys TO bursar_app;
GRANT UPDATE (used_at, revoked_at) ON api_keys TO bursar_app;
GRANT UPDATE (retired_at) ON signing_keys TO bursar_app;
