-- The work on a break hangs on what the break is about, a line, an entry or a match: runs end breaks and open others
-- about the same, and the work on it goes on.

CREATE TABLE break_cases (
    id text CONSTRAINT pk_break_cases PRIMARY KEY,
    account text NOT NULL,
    subject text NOT NULL CONSTRAINT ck_break_cases_subject_written 
        CHECK (subject ~ '^((line|entry|match|row):[0-9.]+|sheet:imp_[0-9a-z]{26}\.[0-9]+)$'),
    line_id bigint,
    journal_id bigint,
    leg integer,
    group_id bigint,
    import_id text,                                    -- a statement itself: one of its parts, or a row
    part integer,
    row_id bigint,
    state text NOT NULL CONSTRAINT ck_break_cases_state_known
        CHECK (state IN ('open', 'proposed', 'accepted', 'closed')),
    taken_by text CONSTRAINT fk_break_cases_taken_by REFERENCES operators,
    request_id text CONSTRAINT fk_break_cases_request_id REFERENCES approval_requests,
    accepted_until date,
    opened_at timestamptz NOT NULL,
    CONSTRAINT ck_break_cases_one_subject CHECK (num_nonnulls(line_id, journal_id, group_id, import_id) = 1
                                                 AND (leg IS NULL) = (journal_id IS NULL)
                                                 AND (import_id IS NULL) = (num_nonnulls(part, row_id) = 0)),
    CONSTRAINT ck_break_cases_accepted_until_when CHECK ((state = 'accepted') = (accepted_until IS NOT NULL))
);
CREATE UNIQUE INDEX uq_break_cases_subject ON break_cases (subject);
CREATE INDEX ix_break_cases_account ON break_cases (account, state);
CREATE INDEX ix_break_cases_taken_by ON break_cases (taken_by) WHERE taken_by IS NOT NULL;
CREATE INDEX ix_break_cases_request_id ON break_cases (request_id) WHERE request_id IS NOT NULL;

-- What a break is about, as cases name it.
CREATE FUNCTION break_subject(b breaks) RETURNS text LANGUAGE sql STABLE AS $$
SELECT coalesce('line:' || b.line_id, 'entry:' || b.journal_id || '.' || b.leg, 'match:' || b.group_id,
                'row:' || b.row_id, 'sheet:' || b.import_id || '.' || b.part)
$$;

-- The trail of a case; written once.
CREATE TABLE break_notes (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_break_notes PRIMARY KEY,
    case_id text NOT NULL CONSTRAINT fk_break_notes_case_id REFERENCES break_cases,
    kind text NOT NULL CONSTRAINT ck_break_notes_kind_known CHECK (kind IN (
        'opened', 'assigned', 'comment', 'evidence', 'proposed', 'agreed', 'refused', 'linked', 'taken', 'accepted', 'expired',
        'closed', 'reopened')),
    actor text NOT NULL,
    words text NOT NULL,
    request_id text,
    evidence_id text,
    noted_at timestamptz NOT NULL
);
CREATE INDEX ix_break_notes_case_id ON break_notes (case_id, id);

-- What shows how it was: files made anew page by page, and sealed.
CREATE TABLE break_evidence (
    id text CONSTRAINT pk_break_evidence PRIMARY KEY,
    case_id text NOT NULL CONSTRAINT fk_break_evidence_case_id REFERENCES break_cases,
    name text NOT NULL,
    pages integer NOT NULL CONSTRAINT ck_break_evidence_has_pages CHECK (pages > 0),
    sha256 bytea NOT NULL,                             -- of the file as it was brought
    kept_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX uq_break_evidence_file ON break_evidence (case_id, sha256);
CREATE TABLE break_evidence_pages (
    evidence_id text NOT NULL CONSTRAINT fk_break_evidence_pages_evidence_id REFERENCES break_evidence,
    number integer NOT NULL,
    media_type text NOT NULL,
    sealed bytea NOT NULL,
    key_id text NOT NULL,
    data_key bytea NOT NULL,
    CONSTRAINT pk_break_evidence_pages PRIMARY KEY (evidence_id, number)
);

-- How long a break of at least so many naira may be open, in hours, the largest first, and the most, in kobo, that people
-- of a role may ask to write off at once. Versions: the newest that has begun counts, as a whole.
CREATE TABLE break_terms (
    version integer CONSTRAINT pk_break_terms PRIMARY KEY,
    deadlines jsonb NOT NULL,
    limits jsonb NOT NULL,
    starts_at timestamptz NOT NULL,
    request_id text CONSTRAINT fk_break_terms_request_id REFERENCES approval_requests  -- who agreed to them
);
INSERT INTO break_terms (version, deadlines, limits, starts_at)
VALUES (1, '[[100000, 24], [10000, 72], [1000, 120], [0, 720]]', '{"finance": "10000000"}', '2026-01-01T00:00:00Z');
CREATE FUNCTION guard_break_terms() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'breaks.terms'
                      AND r.payload -> 'deadlines' = NEW.deadlines AND r.payload -> 'limits' = NEW.limits
                      AND (r.payload ->> 'version')::integer = NEW.version)
       OR NEW.version <> (SELECT max(version) + 1 FROM break_terms) THEN
        PERFORM refuse_request(NEW.request_id, 'does not set these deadlines and limits');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT ON break_terms FOR EACH ROW EXECUTE FUNCTION guard_break_terms();
ALTER TABLE break_terms ENABLE ALWAYS TRIGGER approved;

-- How much is open by reason and day, counted now and then: an account with a million open breaks has a page, too.
CREATE TABLE break_figures (
    account text NOT NULL,
    reason text NOT NULL,
    day date NOT NULL,
    breaks bigint NOT NULL,
    amount numeric NOT NULL,
    size numeric NOT NULL,                             -- the sum without signs
    counted_at timestamptz NOT NULL,
    CONSTRAINT pk_break_figures PRIMARY KEY (account, reason, day)
);

-- One deed for many breaks, which were fixed when it was asked for.
CREATE TABLE break_bulks (
    id text CONSTRAINT pk_break_bulks PRIMARY KEY,
    account text NOT NULL,
    act text NOT NULL CONSTRAINT ck_break_bulks_act_known
        CHECK (act IN ('assign', 'comment', 'accept', 'write_off', 'merge')),
    scope text NOT NULL,                               -- which ones, in words
    words text NOT NULL,                               -- the comment, or why
    owner text CONSTRAINT fk_break_bulks_owner REFERENCES operators,
    until date,
    state text NOT NULL CONSTRAINT ck_break_bulks_state_known CHECK (state IN ('asked', 'working', 'done', 'dropped')),
    rows_total integer NOT NULL,
    amount numeric NOT NULL,
    made_by text NOT NULL CONSTRAINT fk_break_bulks_made_by REFERENCES operators,
    request_id text CONSTRAINT fk_break_bulks_request_id REFERENCES approval_requests,
    made_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX ix_break_bulks_account ON break_bulks (account, id);
CREATE INDEX ix_break_bulks_state ON break_bulks (state, id);
CREATE TABLE break_bulk_rows (
    bulk_id text NOT NULL CONSTRAINT fk_break_bulk_rows_bulk_id REFERENCES break_bulks,
    break_id bigint NOT NULL,
    amount numeric NOT NULL,
    outcome text NOT NULL DEFAULT '' CONSTRAINT ck_break_bulk_rows_outcome_known
        CHECK (outcome IN ('', 'done', 'failed', 'ineligible')),
    why text NOT NULL DEFAULT '',
    CONSTRAINT pk_break_bulk_rows PRIMARY KEY (bulk_id, break_id)
);
CREATE INDEX ix_break_bulk_rows_waiting ON break_bulk_rows (bulk_id, break_id) WHERE outcome = '';

-- What somebody asked for that takes longer than a page may: that what is new in an account is matched, or a large match
-- taken apart. Asked for twice while it was not done, it is one.
CREATE TABLE break_errands (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_break_errands PRIMARY KEY,
    account text NOT NULL,
    group_id bigint,                                   -- the match that is taken apart, where that is it
    reason text NOT NULL,
    made_by text NOT NULL CONSTRAINT fk_break_errands_made_by REFERENCES operators,
    made_at timestamptz NOT NULL,
    ended_at timestamptz,
    failed boolean NOT NULL DEFAULT false,
    said text NOT NULL DEFAULT ''                      -- what came of it
);
CREATE UNIQUE INDEX uq_break_errands_open ON break_errands (account, group_id) NULLS NOT DISTINCT
    WHERE ended_at IS NULL;
CREATE INDEX ix_break_errands_account ON break_errands (account, id);

-- What a case is about, and whose a bulk is, stays as it was written; what is done to a row is said once. (Only the account
-- that an entry is counted with may be another one in time.)
CREATE FUNCTION guard_break_case() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_moving text[] := ARRAY['account', 'state', 'taken_by', 'request_id', 'accepted_until'];
BEGIN
    IF to_jsonb(OLD) - v_moving <> to_jsonb(NEW) - v_moving THEN
        RAISE EXCEPTION 'break case %: stays as it was written', OLD.id USING ERRCODE = 'restrict_violation';
    ELSIF NEW.account <> OLD.account AND NEW.journal_id IS NULL THEN
        RAISE EXCEPTION 'break case %: stays with its account', OLD.id USING ERRCODE = 'restrict_violation';
    ELSIF NEW.state = 'accepted' AND OLD.state <> 'accepted' AND NOT EXISTS (
            SELECT FROM approval_requests q
             WHERE q.id = NEW.request_id AND q.kind IN ('breaks.accept', 'breaks.bulk')
               AND q.state IN ('approved', 'executed')) THEN
        PERFORM refuse_request(NEW.request_id, 'does not accept this break');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE UPDATE ON break_cases FOR EACH ROW EXECUTE FUNCTION guard_break_case();
CREATE FUNCTION guard_break_bulk_row() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.outcome <> '' THEN
        RAISE EXCEPTION 'bulk %: what came of % stays', OLD.bulk_id, OLD.break_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE UPDATE ON break_bulk_rows FOR EACH ROW EXECUTE FUNCTION guard_break_bulk_row();
ALTER TABLE break_cases ENABLE ALWAYS TRIGGER guarded;
ALTER TABLE break_bulk_rows ENABLE ALWAYS TRIGGER guarded;

-- What a bank takes, and what nobody will ever explain.
SELECT set_config('bursar.actor', 'system:migration', true), set_config('bursar.owner', '*', true);
SELECT ledger.open_account('expense:bank_charges:NGN', 'NGN', NULL);
SELECT ledger.open_account('expense:write_offs:' || a.code, a.code, NULL) FROM ledger.assets a;

-- Finance asks, treasury agrees; above fifty million naira two of them, as with journals by hand.
ALTER TABLE approval_policies DISABLE TRIGGER approved;
INSERT INTO approval_policies (id, kind, version, rules, created_at)
SELECT 'pol_' || kind || '_1', kind, 1,
       '[{"amount_over": 5000000000, "legs": [{"roles": ["treasury"], "count": 2}], "ttl_seconds": 604800,
          "delay_seconds": 0},
         {"legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]', now()
  FROM unnest(ARRAY['breaks.journal', 'breaks.accept', 'breaks.bulk']) kind;
INSERT INTO approval_policies (id, kind, version, rules, created_at)
VALUES ('pol_breaks.terms_1', 'breaks.terms', 1,
        '[{"legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]', now());
ALTER TABLE approval_policies ENABLE ALWAYS TRIGGER approved;
SELECT set_config('bursar.actor', '', true), set_config('bursar.owner', '', true);

SELECT audit.watch('break_cases');
SELECT audit.protect('break_notes');
SELECT audit.watch('break_notes', 'words');
SELECT audit.protect('break_evidence');
SELECT audit.watch('break_evidence');
SELECT audit.protect('break_evidence_pages');
SELECT audit.protect('break_terms');
SELECT audit.watch('break_terms', '=version');
SELECT audit.watch('break_bulks');
SELECT audit.marks_stay('break_bulks', 'ended_at');
SELECT audit.watch('break_errands');
SELECT audit.marks_stay('break_errands', 'ended_at');
GRANT SELECT, INSERT ON break_cases, break_notes, break_evidence, break_evidence_pages, break_bulks, break_bulk_rows,
    break_errands TO bursar_app;
GRANT SELECT, INSERT ON break_terms TO bursar_app;
GRANT SELECT, INSERT, DELETE ON break_figures TO bursar_app;
GRANT UPDATE (account, state, taken_by, request_id, accepted_until) ON break_cases TO bursar_app;
GRANT UPDATE (state, request_id, ended_at) ON break_bulks TO bursar_app;
GRANT UPDATE (outcome, why) ON break_bulk_rows TO bursar_app;
GRANT UPDATE (ended_at, failed, said) ON break_errands TO bursar_app;
