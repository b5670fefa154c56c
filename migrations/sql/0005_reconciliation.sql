-- Reconciliation: each run compares one of our accounts with one statement, line by line, and is kept as it was found.

CREATE TABLE reconciliations (
    id text CONSTRAINT pk_reconciliations PRIMARY KEY,
    account text NOT NULL,
    source text NOT NULL,
    state text NOT NULL CONSTRAINT ck_reconciliations_state_known CHECK (state IN ('running', 'done', 'failed')),
    error text NOT NULL,
    ours_units numeric(38),
    theirs_units numeric(38),
    started_at timestamptz NOT NULL,
    ended_at timestamptz
);

-- One run at a time.
CREATE UNIQUE INDEX uq_reconciliations_running ON reconciliations (state) WHERE state = 'running';

CREATE TABLE reconciliation_lines (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_reconciliation_lines PRIMARY KEY,
    reconciliation_id text NOT NULL CONSTRAINT fk_reconciliation_lines_reconciliation_id REFERENCES reconciliations,
    kind text NOT NULL,
    reference text NOT NULL,
    verdict text NOT NULL CONSTRAINT ck_reconciliation_lines_verdict_known
        CHECK (verdict IN ('matched', 'amount_differs', 'missing_here', 'missing_there', 'in_flight')),
    ours_units numeric(38),
    theirs_units numeric(38),
    journal_id bigint,
    happened_at timestamptz
);
CREATE INDEX ix_reconciliation_lines_reconciliation_id ON reconciliation_lines (reconciliation_id, verdict, id);

SELECT audit.watch('reconciliations');
SELECT audit.protect('reconciliation_lines');
GRANT SELECT, INSERT, UPDATE ON reconciliations TO bursar_app;
GRANT SELECT, INSERT ON reconciliation_lines TO bursar_app;
