-- Who took records out of the house, which and why; and who looked at a customer's pages as that customer.

CREATE TABLE audit_exports (
    id text CONSTRAINT pk_audit_exports PRIMARY KEY,
    filters jsonb NOT NULL,                            -- as they stood in the address; {} is everything they may see
    reason text NOT NULL CONSTRAINT ck_audit_exports_reason_given CHECK (reason <> ''),
    asked_by text NOT NULL,
    created_at timestamptz NOT NULL
);
SELECT audit.protect('audit_exports');
SELECT audit.watch('audit_exports');
GRANT SELECT, INSERT ON audit_exports TO bursar_app;

CREATE TABLE viewings (
    id text CONSTRAINT pk_viewings PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_viewings_customer_id REFERENCES customers,
    operator_id text NOT NULL CONSTRAINT fk_viewings_operator_id REFERENCES operators,
    session_id text NOT NULL, -- (of the operator's; it is forgotten before this row)
    token_hash bytea NOT NULL CONSTRAINT uq_viewings_token_hash UNIQUE,
    reason text NOT NULL CONSTRAINT ck_viewings_reason_given CHECK (reason <> ''),
    ticket text NOT NULL CONSTRAINT ck_viewings_ticket_given CHECK (ticket <> ''),
    began_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    opened_at timestamptz,
    ended_at timestamptz,
    CONSTRAINT ck_viewings_short CHECK (expires_at <= began_at + interval '15 minutes')
);
CREATE INDEX ix_viewings_customer_id ON viewings (customer_id, began_at);
CREATE INDEX ix_viewings_expires_at ON viewings (expires_at) WHERE ended_at IS NULL;
SELECT audit.watch('viewings', 'token_hash');
-- What was begun stays as it was: its link can be followed, and it can end.
GRANT SELECT, INSERT ON viewings TO bursar_app;
GRANT UPDATE (opened_at, ended_at) ON viewings TO bursar_app;

-- A customer sees who looked at their pages, and nobody else's.
ALTER TABLE viewings ENABLE ROW LEVEL SECURITY;
ALTER TABLE viewings FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON viewings USING (current_setting('bursar.owner', true) IN ('*', customer_id));
