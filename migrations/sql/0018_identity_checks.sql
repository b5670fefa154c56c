-- What registers and Paystack said of who a customer is. Numbers, and what was given and found, are sealed.

CREATE TABLE identity_checks (
    id text CONSTRAINT pk_identity_checks PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_identity_checks_customer_id REFERENCES customers,
    subject text NOT NULL CONSTRAINT ck_identity_checks_subject_named CHECK (subject <> ''),  -- 'self', or whose
    kind text NOT NULL CONSTRAINT ck_identity_checks_kind_known CHECK (kind IN ('bvn', 'nin', 'bank_account', 'company')),
    provider text NOT NULL
        CONSTRAINT ck_identity_checks_provider_known CHECK (provider IN ('registry', 'paystack', 'paystack_resolve')),
    number_sealed bytea NOT NULL,
    number_index bytea NOT NULL,                       -- the same for the same number, under the house's key
    last4 text NOT NULL,
    given_sealed bytea NOT NULL,
    found_sealed bytea,
    explanation_sealed bytea,
    state text NOT NULL CONSTRAINT ck_identity_checks_state_known CHECK (state IN ('asked', 'answered', 'unavailable')),
    verdict text
        CONSTRAINT ck_identity_checks_verdict_known CHECK (verdict IN ('match', 'review', 'mismatch', 'not_found')),
    score integer CONSTRAINT ck_identity_checks_score_bounded CHECK (score BETWEEN 0 AND 100),
    shared boolean NOT NULL,                           -- another customer was verified with this number
    trouble text NOT NULL,                             -- why there is no answer
    vendor_reference text NOT NULL,
    asks integer NOT NULL CONSTRAINT ck_identity_checks_asks_positive CHECK (asks > 0),
    attempts integer NOT NULL,
    asked_at timestamptz NOT NULL,                     -- last
    sent_at timestamptz,                               -- taken by a vendor that answers later
    answered_at timestamptz,
    CONSTRAINT ck_identity_checks_answered_whole
        CHECK ((state = 'answered') = (answered_at IS NOT NULL) AND (state = 'answered') = (verdict IS NOT NULL)),
    CONSTRAINT ck_identity_checks_shared_never_passes CHECK (NOT shared OR verdict IS DISTINCT FROM 'match')
);
CREATE INDEX ix_identity_checks_customer_id ON identity_checks (customer_id, kind, asked_at);
CREATE INDEX ix_identity_checks_number_index ON identity_checks (number_index);
CREATE INDEX ix_identity_checks_asked_at ON identity_checks (asked_at) WHERE state = 'asked';
CREATE INDEX ix_identity_checks_unavailable ON identity_checks (id) WHERE state = 'unavailable';
CREATE INDEX ix_identity_checks_vendor_reference ON identity_checks (vendor_reference) WHERE provider = 'paystack';
CREATE INDEX ix_identity_checks_account ON identity_checks (vendor_reference) WHERE provider = 'paystack_resolve';
ALTER TABLE identity_checks ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity_checks FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON identity_checks USING (current_setting('bursar.owner', true) IN ('*', customer_id));

SELECT audit.watch('identity_checks', 'number_sealed', 'number_index', 'last4', 'given_sealed', 'found_sealed',
                   'explanation_sealed');
GRANT SELECT, INSERT ON identity_checks TO bursar_app;
GRANT UPDATE (found_sealed, explanation_sealed, state, verdict, score, shared, trouble, vendor_reference, asks,
              attempts, asked_at, sent_at, answered_at) ON identity_checks TO bursar_app;
SELECT audit.marks_stay('identity_checks', 'answered_at', 'verdict', 'found_sealed');
