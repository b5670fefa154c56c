-- Lists of those whom we may not, or not lightly, serve; our customers held against them; and what came of it.

CREATE TABLE screening_lists (
    code text CONSTRAINT pk_screening_lists PRIMARY KEY,
    title text NOT NULL,
    format text NOT NULL,
    version_id text,                                   -- the newest that was taken; NULL: retired, or not taken yet
    checked_at timestamptz,                            -- when it was last loaded, changed or not
    live integer NOT NULL DEFAULT 0,                   -- how many stand on it
    warned_at timestamptz                              -- when compliance was last told that nobody loads it
);

-- One row per file that was loaded, also for one that was not taken. What it changed is held against everybody, entry by
-- entry in the order of their ids; `screened_through` is how far that is.
CREATE TABLE screening_versions (
    id text CONSTRAINT pk_screening_versions PRIMARY KEY,
    list_code text NOT NULL CONSTRAINT fk_screening_versions_list_code REFERENCES screening_lists,
    previous_id text CONSTRAINT fk_screening_versions_previous_id REFERENCES screening_versions,
    sha256 text NOT NULL,
    refusal text NOT NULL,                             -- why it was not taken; '' when it was
    entries integer NOT NULL,
    added integer NOT NULL,
    changed integer NOT NULL,
    removed integer NOT NULL,
    bad_lines integer NOT NULL,
    lost_lines integer NOT NULL DEFAULT 0,             -- of those: somebody, or a name of theirs, may have stood there
    faults jsonb NOT NULL,                             -- [[line, reason], …], the first thousand
    loaded_at timestamptz NOT NULL,
    screened_through bigint NOT NULL DEFAULT 0,
    screened integer NOT NULL DEFAULT 0,
    pairs bigint NOT NULL DEFAULT 0,
    hits integer NOT NULL DEFAULT 0,
    finished_at timestamptz
);
CREATE INDEX ix_screening_versions_list_code ON screening_versions (list_code, id);
CREATE INDEX ix_screening_versions_unfinished ON screening_versions (list_code) WHERE finished_at IS NULL AND refusal = '';

CREATE TABLE screening_entries (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_screening_entries PRIMARY KEY,
    list_code text NOT NULL CONSTRAINT fk_screening_entries_list_code REFERENCES screening_lists,
    entry_ref text NOT NULL,
    kind text NOT NULL CONSTRAINT ck_screening_entries_kind_known
        CHECK (kind IN ('person', 'organisation', 'vessel', 'address', 'other')),
    topics text[] NOT NULL,
    names text[] NOT NULL,
    births text[] NOT NULL,
    countries text[] NOT NULL,
    identifiers text[] NOT NULL,
    id_hashes text[] NOT NULL,
    raw jsonb NOT NULL,
    hash text NOT NULL,                                -- of what identifies it
    keys bigint[] NOT NULL,
    version_id text NOT NULL CONSTRAINT fk_screening_entries_version_id REFERENCES screening_versions,
    first_seen_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    removed_at timestamptz,
    CONSTRAINT uq_screening_entries_list_code UNIQUE (list_code, entry_ref)
);
CREATE INDEX ix_screening_entries_keys ON screening_entries USING gin (keys) WHERE removed_at IS NULL;
CREATE INDEX ix_screening_entries_version_id ON screening_entries (version_id, id);

-- Whom we screen: a copy of what identifies them, for comparing. Numbers are there as keyed hashes alone.
CREATE TABLE screening_subjects (
    id text CONSTRAINT pk_screening_subjects PRIMARY KEY,
    ref text NOT NULL CONSTRAINT uq_screening_subjects_ref UNIQUE,
    customer_id text NOT NULL CONSTRAINT fk_screening_subjects_customer_id REFERENCES customers,
    kind text NOT NULL CONSTRAINT ck_screening_subjects_kind_known
        CHECK (kind IN ('person', 'organisation', 'vessel', 'address', 'other')),
    names text[] NOT NULL,
    born text NOT NULL,
    countries text[] NOT NULL,
    id_hashes text[] NOT NULL,
    hash text NOT NULL,
    result text CONSTRAINT ck_screening_subjects_result_known CHECK (result IN ('clear', 'hits', 'unavailable')),
    changed_at timestamptz NOT NULL,
    screened_at timestamptz,                           -- NULL: as they are now, they were never held against the lists
    retired_at timestamptz                             -- no longer named by their customer, unless they are once more
);
CREATE INDEX ix_screening_subjects_customer_id ON screening_subjects (customer_id);
CREATE INDEX ix_screening_subjects_due ON screening_subjects (screened_at)
    WHERE (screened_at IS NULL OR result = 'unavailable') AND retired_at IS NULL;

-- What they are found by. A table of its own, without row-level security: that would keep the index from being used, since
-- its operator is not known to leak nothing. There is no name in it, and no customer.
CREATE TABLE screening_subject_keys (
    subject_id text CONSTRAINT pk_screening_subject_keys PRIMARY KEY
        CONSTRAINT fk_screening_subject_keys_subject_id REFERENCES screening_subjects,
    keys bigint[] NOT NULL
);
CREATE INDEX ix_screening_subject_keys_keys ON screening_subject_keys USING gin (keys);

CREATE TABLE screening_hits (
    id text CONSTRAINT pk_screening_hits PRIMARY KEY,
    subject_id text NOT NULL CONSTRAINT fk_screening_hits_subject_id REFERENCES screening_subjects,
    entry_id bigint NOT NULL CONSTRAINT fk_screening_hits_entry_id REFERENCES screening_entries,
    customer_id text NOT NULL CONSTRAINT fk_screening_hits_customer_id REFERENCES customers,
    score integer NOT NULL CONSTRAINT ck_screening_hits_score_percent CHECK (score BETWEEN 0 AND 100),
    strong boolean NOT NULL,
    explanation jsonb NOT NULL,
    entry_hash text NOT NULL,
    subject_hash text NOT NULL,
    state text NOT NULL CONSTRAINT ck_screening_hits_state_known
        CHECK (state IN ('open', 'no_match', 'match_asked', 'match', 'withdrawn', 'dropped')),
    found_at timestamptz NOT NULL,
    decided_by text CONSTRAINT fk_screening_hits_decided_by REFERENCES operators,
    decided_at timestamptz,
    reason text NOT NULL DEFAULT '',
    CONSTRAINT ck_screening_hits_no_match_explained
        CHECK (state NOT IN ('no_match', 'withdrawn') OR (reason <> '' AND decided_by IS NOT NULL AND decided_at IS NOT NULL))
);
CREATE UNIQUE INDEX uq_screening_hits_subject_id ON screening_hits (subject_id, entry_id)
    WHERE state IN ('open', 'match_asked', 'match');
CREATE INDEX ix_screening_hits_subject_id ON screening_hits (subject_id, entry_id, id);
CREATE INDEX ix_screening_hits_entry_id ON screening_hits (entry_id);
CREATE INDEX ix_screening_hits_customer_id ON screening_hits (customer_id, id);
CREATE INDEX ix_screening_hits_state ON screening_hits (state, id);

CREATE TABLE screening_runs (
    id text CONSTRAINT pk_screening_runs PRIMARY KEY,
    subject_id text NOT NULL CONSTRAINT fk_screening_runs_subject_id REFERENCES screening_subjects,
    customer_id text NOT NULL CONSTRAINT fk_screening_runs_customer_id REFERENCES customers,
    subject_hash text NOT NULL,
    versions jsonb NOT NULL,                           -- {list: version}
    result text NOT NULL CONSTRAINT ck_screening_runs_result_known CHECK (result IN ('clear', 'hits', 'unavailable')),
    why text NOT NULL,                                 -- of what could not be done
    hits integer NOT NULL,
    actor text NOT NULL,
    ran_at timestamptz NOT NULL
);
CREATE INDEX ix_screening_runs_subject_id ON screening_runs (subject_id, id);
CREATE INDEX ix_screening_runs_customer_id ON screening_runs (customer_id);

-- Nobody is to learn that they were found on a list: who sees their own rows alone does not see these.
ALTER TABLE screening_subjects ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE screening_hits ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE screening_runs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY house_rows ON screening_subjects USING (current_setting('bursar.owner', true) = '*');
CREATE POLICY house_rows ON screening_hits USING (current_setting('bursar.owner', true) = '*');
CREATE POLICY house_rows ON screening_runs USING (current_setting('bursar.owner', true) = '*');

-- That a customer is whom a list names is agreed on by two, and so is that they are not where more than a name says so.
-- What was agreed on stays, unless two agree that it was wrong.
CREATE FUNCTION guard_match() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state = NEW.state THEN
        RETURN NEW;
    ELSIF TG_OP = 'UPDATE' AND OLD.state = 'match' AND NEW.state <> 'withdrawn' THEN
        RAISE EXCEPTION 'hit %: a match stays', NEW.id USING ERRCODE = 'BU005';
    ELSIF (NEW.state IN ('match', 'withdrawn') OR NEW.state = 'no_match' AND (NEW.strong OR OLD.strong))
          AND NOT EXISTS (SELECT FROM approval_requests r
                           WHERE is_due(r) AND r.kind = 'screening.match' AND r.payload ->> 'hit_id' = NEW.id
                             AND r.payload ->> 'verdict' = NEW.state) THEN
        RAISE EXCEPTION 'hit %: % comes by an approved request', NEW.id, NEW.state USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER agreed BEFORE INSERT OR UPDATE ON screening_hits FOR EACH ROW EXECUTE FUNCTION guard_match();
ALTER TABLE screening_hits ENABLE ALWAYS TRIGGER agreed;

-- The policy of the beginning; its writing is on the record like any other.
SELECT set_config('bursar.actor', 'system:migration', true);
ALTER TABLE approval_policies DISABLE TRIGGER approved;
INSERT INTO approval_policies (id, kind, version, rules, created_at) VALUES
    ('pol_screening.match_1', 'screening.match', 1, '[
        {"legs": [{"roles": ["compliance_manager"], "count": 1}], "ttl_seconds": 259200, "delay_seconds": 0}]', now());
ALTER TABLE approval_policies ENABLE ALWAYS TRIGGER approved;

SELECT audit.watch('screening_lists', '=code');
SELECT audit.watch('screening_versions', 'faults');
SELECT audit.watch('screening_hits', 'explanation');
SELECT audit.protect('screening_runs');

GRANT SELECT, INSERT ON screening_lists, screening_versions, screening_entries, screening_subjects,
    screening_subject_keys, screening_hits, screening_runs TO bursar_app;
GRANT UPDATE (title, version_id, checked_at, live, warned_at) ON screening_lists TO bursar_app;
GRANT UPDATE (entries, added, changed, removed, bad_lines, lost_lines, faults, screened_through, screened, pairs, hits, finished_at)
    ON screening_versions TO bursar_app;
GRANT UPDATE (kind, topics, names, births, countries, identifiers, id_hashes, raw, hash, keys, version_id, changed_at,
    removed_at) ON screening_entries TO bursar_app;
GRANT UPDATE (kind, names, born, countries, id_hashes, hash, result, changed_at, screened_at, retired_at)
    ON screening_subjects TO bursar_app;
GRANT UPDATE (keys) ON screening_subject_keys TO bursar_app;
GRANT UPDATE (score, strong, explanation, entry_hash, subject_hash, state, decided_by, decided_at, reason)
    ON screening_hits TO bursar_app;
