-- Who may sign in (identity), who a customer is (customers), what they hold (wallets), what they are told (notifications).

CREATE TABLE logins (
    id text CONSTRAINT pk_logins PRIMARY KEY,
    audience text NOT NULL CONSTRAINT ck_logins_audience_known CHECK (audience IN ('customer', 'operator')),
    email text NOT NULL,
    password_hash text NOT NULL,
    email_confirmed_at timestamptz,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT uq_logins_audience UNIQUE (audience, email)
);

CREATE TABLE operators (
    id text CONSTRAINT pk_operators PRIMARY KEY,
    login_id text NOT NULL CONSTRAINT fk_operators_login_id REFERENCES logins CONSTRAINT uq_operators_login_id UNIQUE,
    name text NOT NULL,
    roles text[] NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE sessions (
    id text CONSTRAINT pk_sessions PRIMARY KEY,
    login_id text NOT NULL CONSTRAINT fk_sessions_login_id REFERENCES logins,
    audience text NOT NULL,
    token_hash bytea NOT NULL CONSTRAINT uq_sessions_token_hash UNIQUE,
    device text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    api_key_id text                                    -- of a session that a program opened: it ends with its key
);
CREATE INDEX ix_sessions_api_key_id ON sessions (api_key_id) WHERE api_key_id IS NOT NULL;
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
CREATE INDEX ix_sessions_login_id ON sessions (login_id) WHERE revoked_at IS NULL;

-- A number that somebody says is theirs. `number_index` is a keyed hash: a number is found by it, and not guessed from it.
CREATE TABLE phones (
    id text CONSTRAINT pk_phones PRIMARY KEY,
    login_id text NOT NULL CONSTRAINT fk_phones_login_id REFERENCES logins,
    number_sealed bytea NOT NULL,
    number_index bytea NOT NULL,
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    replaced_at timestamptz
);
CREATE INDEX ix_phones_number_index ON phones (number_index);
CREATE UNIQUE INDEX uq_phones_number_index ON phones (number_index)
    WHERE confirmed_at IS NOT NULL AND replaced_at IS NULL;
CREATE UNIQUE INDEX uq_phones_counting ON phones (login_id) WHERE confirmed_at IS NOT NULL AND replaced_at IS NULL;
CREATE UNIQUE INDEX uq_phones_waiting ON phones (login_id) WHERE confirmed_at IS NULL AND replaced_at IS NULL;

CREATE TABLE codes (
    id text CONSTRAINT pk_codes PRIMARY KEY,
    login_id text NOT NULL CONSTRAINT fk_codes_login_id REFERENCES logins,
    phone_id text CONSTRAINT fk_codes_phone_id REFERENCES phones,  -- NULL: sent to the login's address
    code_sealed bytea NOT NULL,
    tries integer NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX ix_codes_login_id ON codes (login_id, created_at);
CREATE INDEX ix_codes_phone_id ON codes (phone_id, created_at);
CREATE INDEX ix_codes_expires_at ON codes (expires_at);

CREATE TABLE customers (
    id text CONSTRAINT pk_customers PRIMARY KEY,
    login_id text NOT NULL CONSTRAINT fk_customers_login_id REFERENCES logins CONSTRAINT uq_customers_login_id UNIQUE,
    name text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX ix_customers_created_at ON customers (created_at);

CREATE TABLE wallets (
    id text CONSTRAINT pk_wallets PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_wallets_customer_id REFERENCES customers,
    asset text NOT NULL,
    account text NOT NULL CONSTRAINT uq_wallets_account UNIQUE,
    created_at timestamptz NOT NULL,
    CONSTRAINT uq_wallets_customer_id UNIQUE (customer_id, asset)
);

CREATE TABLE mails (
    id text CONSTRAINT pk_mails PRIMARY KEY,
    cause text NOT NULL CONSTRAINT uq_mails_cause UNIQUE,
    login_id text NOT NULL CONSTRAINT fk_mails_login_id REFERENCES logins,
    to_sealed bytea, -- where it goes, when that is not the login's address
    subject text NOT NULL,
    body_sealed bytea,
    created_at timestamptz NOT NULL,
    sent_at timestamptz
);
CREATE INDEX ix_mails_created_at ON mails (created_at);

CREATE TABLE text_messages (
    id text CONSTRAINT pk_text_messages PRIMARY KEY,
    cause text NOT NULL CONSTRAINT uq_text_messages_cause UNIQUE,
    phone_id text NOT NULL CONSTRAINT fk_text_messages_phone_id REFERENCES phones,
    body_sealed bytea,                                 -- NULL once it went out, or was refused
    created_at timestamptz NOT NULL,
    sent_at timestamptz,
    refused_at timestamptz
);

SELECT audit.watch('logins', 'password_hash', 'email');
SELECT audit.watch('operators');
SELECT audit.watch('sessions', 'token_hash', 'device', '-seen_at');
SELECT audit.watch('phones', 'number_sealed', 'number_index');
SELECT audit.watch('codes', 'code_sealed');
SELECT audit.watch('customers', 'name');
SELECT audit.watch('wallets');
SELECT audit.watch('mails', 'body_sealed', 'to_sealed');
SELECT audit.watch('text_messages', 'body_sealed');

GRANT SELECT, INSERT, UPDATE ON logins, operators, sessions, codes, customers, wallets, mails TO bursar_app;
GRANT SELECT, INSERT ON phones, text_messages TO bursar_app;
GRANT UPDATE (confirmed_at, replaced_at) ON phones TO bursar_app;
GRANT UPDATE (body_sealed, sent_at, refused_at) ON text_messages TO bursar_app;
