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
CREATE INDEX ix_sessions_login_id ON sessions (login_id) WHERE revoked_at IS NULL;

CREATE TABLE email_codes (
    id text CONSTRAINT pk_email_codes PRIMARY KEY,
    login_id text NOT NULL CONSTRAINT fk_email_codes_login_id REFERENCES logins,
    code_sealed bytea NOT NULL,
    tries integer NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX ix_email_codes_login_id ON email_codes (login_id, created_at);

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
    subject text NOT NULL,
    body_sealed bytea,
    created_at timestamptz NOT NULL,
    sent_at timestamptz
);
CREATE INDEX ix_mails_created_at ON mails (created_at);

SELECT audit.watch('logins', 'password_hash', 'email');
SELECT audit.watch('operators');
SELECT audit.watch('sessions', 'token_hash', 'device', '-seen_at');
SELECT audit.watch('email_codes', 'code_sealed');
SELECT audit.watch('customers', 'name');
SELECT audit.watch('wallets');
SELECT audit.watch('mails', 'body_sealed');

GRANT SELECT, INSERT, UPDATE ON logins, operators, sessions, email_codes, customers, wallets, mails TO bursar_app;
