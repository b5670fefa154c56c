-- How a customer's tier grows: applications, their steps and files, their story, and the review of them.

CREATE TABLE applications (
    id text CONSTRAINT pk_applications PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_applications_customer_id REFERENCES customers,
    subject text NOT NULL CONSTRAINT ck_applications_subject_known CHECK (subject IN ('person', 'business')),
    about text NOT NULL CONSTRAINT ck_applications_about_known
        CHECK (about IN ('tier', 'review', 'name', 'address', 'phone')),
    wanted text NOT NULL CONSTRAINT ck_applications_wanted_known CHECK (wanted IN ('t1', 't2', 't3', 't3_plus')),
    had text NOT NULL,
    state text NOT NULL CONSTRAINT ck_applications_state_known CHECK (state IN
        ('draft', 'submitted', 'escalated', 'waiting', 'proposed', 'approved', 'rejected', 'abandoned')),
    round integer NOT NULL,                            -- how often it was handed in
    looked_into integer NOT NULL DEFAULT 0,            -- the round whose people were held against the lists
    pep boolean NOT NULL,                              -- holds public office, by their own word
    country text NOT NULL,
    screening text NOT NULL CONSTRAINT ck_applications_screened
        CHECK (screening IN ('unscreened', 'clear', 'open', 'cleared', 'match', 'unavailable')),
    identity text NOT NULL CONSTRAINT ck_applications_identified
        CHECK (identity IN ('none', 'asked', 'match', 'review', 'shared', 'mismatch', 'unavailable')),
    name_score integer,
    risk text NOT NULL CONSTRAINT ck_applications_risk_known CHECK (risk IN ('low', 'medium', 'high')),
    created_at timestamptz NOT NULL,
    queued_at timestamptz NOT NULL,                    -- when it came into the hands it is in
    due_at timestamptz,
    assigned_to text CONSTRAINT fk_applications_assigned_to REFERENCES operators,
    claimed_by text CONSTRAINT fk_applications_claimed_by REFERENCES operators,
    claim_until timestamptz,
    decided_at timestamptz,
    decided_by text CONSTRAINT fk_applications_decided_by REFERENCES operators,
    decided_tier text,
    reason_code text,
    request_id text CONSTRAINT fk_applications_request_id REFERENCES approval_requests,
    escalated_by text CONSTRAINT fk_applications_escalated_by REFERENCES operators,  -- who thought that it takes others
    lifted_at timestamptz,                             -- of a refusal: when it ceased to bar
    review_due_at timestamptz,
    reviewed_at timestamptz,
    overdue_at timestamptz,
    CONSTRAINT ck_applications_claimed_for_a_while CHECK ((claimed_by IS NULL) = (claim_until IS NULL))
);
CREATE UNIQUE INDEX uq_applications_open ON applications (customer_id)
    WHERE state NOT IN ('approved', 'rejected', 'abandoned');
CREATE INDEX ix_applications_queue ON applications (state, queued_at, id);
-- One index a view of the queue, in its order: a page and a count are read from its beginning, however many there are.
CREATE INDEX ix_applications_ours ON applications (queued_at, id) WHERE state IN ('submitted', 'escalated');
CREATE INDEX ix_applications_assigned_to ON applications (assigned_to, queued_at, id)
    WHERE state IN ('submitted', 'escalated');
CREATE INDEX ix_applications_hits ON applications (queued_at, id)
    WHERE state IN ('submitted', 'escalated') AND (screening IN ('open', 'match', 'cleared') OR pep);
CREATE INDEX ix_applications_due_at ON applications (due_at, id) WHERE state IN ('submitted', 'escalated');
CREATE INDEX ix_applications_decided ON applications (queued_at, id) WHERE state IN ('approved', 'rejected');
CREATE INDEX ix_applications_claim_until ON applications (claim_until) WHERE claim_until IS NOT NULL;
CREATE INDEX ix_applications_customer_id ON applications (customer_id, created_at);
CREATE INDEX ix_applications_review_due_at ON applications (review_due_at)
    WHERE state = 'approved' AND reviewed_at IS NULL;

CREATE TABLE application_steps (
    id text CONSTRAINT pk_application_steps PRIMARY KEY,
    application_id text NOT NULL CONSTRAINT fk_application_steps_application_id REFERENCES applications,
    customer_id text NOT NULL CONSTRAINT fk_application_steps_customer_id REFERENCES customers,
    step text NOT NULL,
    place integer NOT NULL,
    state text NOT NULL CONSTRAINT ck_application_steps_state_known CHECK (state IN ('open', 'done', 'again')),
    answers_sealed bytea,
    again_code text,                                   -- stays when it is done again: what the round was about
    again_words text NOT NULL,                         -- what the customer reads
    done_at timestamptz,
    CONSTRAINT uq_application_steps_application_id UNIQUE (application_id, step)
);
CREATE INDEX ix_application_steps_customer_id ON application_steps (customer_id);

-- What a step said each time that it was handed in: what is written over later is not gone.
CREATE TABLE application_rounds (
    id text CONSTRAINT pk_application_rounds PRIMARY KEY,
    application_id text NOT NULL CONSTRAINT fk_application_rounds_application_id REFERENCES applications,
    customer_id text NOT NULL CONSTRAINT fk_application_rounds_customer_id REFERENCES customers,
    step_id text NOT NULL CONSTRAINT fk_application_rounds_step_id REFERENCES application_steps,
    round integer NOT NULL,
    answers_sealed bytea NOT NULL,                     -- for the step
    CONSTRAINT uq_application_rounds_step_id UNIQUE (step_id, round)
);
CREATE INDEX ix_application_rounds_application_id ON application_rounds (application_id);
CREATE INDEX ix_application_rounds_customer_id ON application_rounds (customer_id);

CREATE TABLE application_files (
    id text CONSTRAINT pk_application_files PRIMARY KEY,
    application_id text NOT NULL CONSTRAINT fk_application_files_application_id REFERENCES applications,
    customer_id text NOT NULL CONSTRAINT fk_application_files_customer_id REFERENCES customers,
    step text NOT NULL,
    slot text NOT NULL,
    document_id text NOT NULL CONSTRAINT fk_application_files_document_id REFERENCES documents
        CONSTRAINT uq_application_files_document_id UNIQUE,
    added_at timestamptz NOT NULL,
    replaced_at timestamptz
);
CREATE INDEX ix_application_files_application_id ON application_files (application_id);
CREATE INDEX ix_application_files_customer_id ON application_files (customer_id);

CREATE TABLE application_events (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_application_events PRIMARY KEY,
    application_id text NOT NULL CONSTRAINT fk_application_events_application_id REFERENCES applications,
    customer_id text NOT NULL CONSTRAINT fk_application_events_customer_id REFERENCES customers,
    what text NOT NULL,
    actor text NOT NULL,
    facts jsonb NOT NULL,
    happened_at timestamptz NOT NULL
);
CREATE INDEX ix_application_events_application_id ON application_events (application_id, id);
CREATE INDEX ix_application_events_customer_id ON application_events (customer_id);

CREATE TABLE checklist_items (
    code text CONSTRAINT pk_checklist_items PRIMARY KEY,
    step text NOT NULL,
    question text NOT NULL,
    place integer NOT NULL,
    may_be_na boolean NOT NULL,
    abouts text[] NOT NULL,                            -- empty: every application that has the step
    starts_at timestamptz NOT NULL,
    ends_at timestamptz
);
INSERT INTO checklist_items (code, step, question, place, may_be_na, abouts, starts_at)
SELECT code, step, question, place, may_be_na, '{}', '2026-01-01 00:00:00+01'
  FROM (VALUES
    ('profile_adult', 'profile', 'Is the applicant eighteen or older?', 1, false),
    ('profile_plausible', 'profile', 'Do occupation, address and age fit together?', 2, false),
    ('bvn_same', 'bvn', 'Does the BVN''s record show the same name and date of birth?', 1, false),
    ('nin_same', 'nin', 'Does the NIN''s record show the same name and date of birth?', 1, false),
    ('selfie_face', 'selfie', 'Is there one clear face, taken from life?', 1, false),
    ('selfie_same', 'selfie', 'Is it the person on the document?', 2, true),
    ('bank_same', 'bank', 'Is the bank account in the applicant''s own name?', 1, false),
    ('document_whole', 'document', 'Is the whole document to be seen and read, both sides where it has two?', 1, false),
    ('document_valid', 'document', 'Is it valid today?', 2, false),
    ('document_same', 'document', 'Do name, date of birth and number agree with what was given?', 3, false),
    ('document_genuine', 'document', 'Is it free of signs of alteration or copying?', 4, false),
    ('address_same', 'address', 'Does it show the applicant''s name and the address given?', 1, false),
    ('address_recent', 'address', 'Is it from the last three months?', 2, false),
    ('funds_shown', 'funds', 'Does the evidence show where the money comes from?', 1, false),
    ('funds_plausible', 'funds', 'Do source and size fit the applicant?', 2, false),
    ('company_active', 'company', 'Is the company registered and active under this number?', 1, false),
    ('people_complete', 'people', 'Are all directors, and all owners above 5 %, named and identified?', 1, false),
    ('people_authorised', 'people', 'May the applicant act for the company?', 2, false)
  ) AS beginning (code, step, question, place, may_be_na);

CREATE TABLE application_answers (
    id text CONSTRAINT pk_application_answers PRIMARY KEY,
    application_id text NOT NULL CONSTRAINT fk_application_answers_application_id REFERENCES applications,
    item text NOT NULL CONSTRAINT fk_application_answers_item REFERENCES checklist_items,
    answer text NOT NULL CONSTRAINT ck_application_answers_answer_known CHECK (answer IN ('yes', 'no', 'na')),
    operator_id text NOT NULL CONSTRAINT fk_application_answers_operator_id REFERENCES operators,
    answered_at timestamptz NOT NULL,
    replaced_at timestamptz
);
CREATE UNIQUE INDEX uq_application_answers_current ON application_answers (application_id, item)
    WHERE replaced_at IS NULL;

CREATE TABLE application_notes (
    id text CONSTRAINT pk_application_notes PRIMARY KEY,
    application_id text NOT NULL CONSTRAINT fk_application_notes_application_id REFERENCES applications,
    operator_id text NOT NULL CONSTRAINT fk_application_notes_operator_id REFERENCES operators,
    words text NOT NULL,
    noted_at timestamptz NOT NULL
);
CREATE INDEX ix_application_notes_application_id ON application_notes (application_id);

-- Who opened an application with everything personal that stands in it.
CREATE TABLE application_views (
    id text CONSTRAINT pk_application_views PRIMARY KEY,
    application_id text NOT NULL CONSTRAINT fk_application_views_application_id REFERENCES applications,
    operator_id text NOT NULL CONSTRAINT fk_application_views_operator_id REFERENCES operators,
    viewed_at timestamptz NOT NULL
);
CREATE INDEX ix_application_views_application_id ON application_views (application_id, viewed_at);

-- Somebody's own ways to look at a queue.
CREATE TABLE saved_views (
    id text CONSTRAINT pk_saved_views PRIMARY KEY,
    operator_id text NOT NULL CONSTRAINT fk_saved_views_operator_id REFERENCES operators,
    queue text NOT NULL CONSTRAINT ck_saved_views_queue_known CHECK (queue IN ('applications', 'withdrawals')),
    name text NOT NULL CONSTRAINT ck_saved_views_name_length CHECK (length(name) BETWEEN 1 AND 40),
    filters text NOT NULL CONSTRAINT ck_saved_views_filters_length CHECK (length(filters) <= 500),
    created_at timestamptz NOT NULL,
    CONSTRAINT uq_saved_views_operator_id UNIQUE (operator_id, queue, name)
);

ALTER TABLE applications ENABLE ROW LEVEL SECURITY;
ALTER TABLE applications FORCE ROW LEVEL SECURITY;
ALTER TABLE application_steps ENABLE ROW LEVEL SECURITY;
ALTER TABLE application_steps FORCE ROW LEVEL SECURITY;
ALTER TABLE application_rounds ENABLE ROW LEVEL SECURITY;
ALTER TABLE application_rounds FORCE ROW LEVEL SECURITY;
ALTER TABLE application_files ENABLE ROW LEVEL SECURITY;
ALTER TABLE application_files FORCE ROW LEVEL SECURITY;
ALTER TABLE application_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE application_events FORCE ROW LEVEL SECURITY;
-- (Said as a CASE: of the other form the planner thinks that it hides nearly everything, and sorts all for a page.)
CREATE POLICY own_rows ON applications USING (
    CASE current_setting('bursar.owner', true) WHEN '*' THEN true ELSE customer_id = current_setting('bursar.owner', true) END);
CREATE POLICY own_rows ON application_steps USING (current_setting('bursar.owner', true) IN ('*', customer_id));
CREATE POLICY own_rows ON application_rounds USING (current_setting('bursar.owner', true) IN ('*', customer_id));
CREATE POLICY own_rows ON application_files USING (current_setting('bursar.owner', true) IN ('*', customer_id));
CREATE POLICY own_rows ON application_events USING (current_setting('bursar.owner', true) IN ('*', customer_id));

-- What reviewers write is the house's: no customer's session sees a row of it.
ALTER TABLE application_answers ENABLE ROW LEVEL SECURITY;
ALTER TABLE application_answers FORCE ROW LEVEL SECURITY;
ALTER TABLE application_notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE application_notes FORCE ROW LEVEL SECURITY;
ALTER TABLE application_views ENABLE ROW LEVEL SECURITY;
ALTER TABLE application_views FORCE ROW LEVEL SECURITY;
CREATE POLICY house_rows ON application_answers USING (current_setting('bursar.owner', true) = '*');
CREATE POLICY house_rows ON application_notes USING (current_setting('bursar.owner', true) = '*');
CREATE POLICY house_rows ON application_views USING (current_setting('bursar.owner', true) = '*');

-- What ended stays ended; a high tier, whoever holds office or did at the last approval, what its approver gave to
-- somebody senior, every refusal and the end of one stand on a request that two people agreed on. Nobody is given more
-- than they asked for, or anything for nothing; who asks for more is not given less.
CREATE FUNCTION guard_application() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    ladder CONSTANT text[] := ARRAY['t0', 't1', 't2', 't3', 't3_plus'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'application %: begins as a draft', NEW.id USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state IN ('approved', 'rejected', 'abandoned') AND
       (to_jsonb(NEW) - '{reviewed_at,lifted_at}'::text[]) <> (to_jsonb(OLD) - '{reviewed_at,lifted_at}'::text[]) THEN
        RAISE EXCEPTION 'application %: is decided', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.lifted_at IS DISTINCT FROM OLD.lifted_at AND (OLD.state <> 'rejected' OR NOT EXISTS (
        SELECT FROM approval_requests r WHERE r.state = 'approved' AND r.kind = 'applications.lift'
           AND r.payload ->> 'application_id' = NEW.id)) THEN
        RAISE EXCEPTION 'application %: two people lift a refusal', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'approved' AND OLD.state <> 'approved' AND (NEW.decided_tier IS NULL OR NEW.decided_tier NOT IN ('t1', 't2')
            OR NEW.pep OR NEW.screening <> 'clear' OR NEW.identity IN ('mismatch', 'shared')
            OR NEW.decided_by = NEW.escalated_by OR coalesce((
        SELECT a.pep FROM applications a WHERE a.customer_id = NEW.customer_id AND a.state = 'approved'
         ORDER BY a.decided_at DESC, a.id DESC LIMIT 1), false)) AND NOT EXISTS (
        SELECT FROM approval_requests r WHERE r.id = NEW.request_id AND r.state = 'approved'
           AND r.kind = 'applications.tier' AND r.payload ->> 'application_id' = NEW.id
           AND r.payload ->> 'tier' = NEW.decided_tier) THEN
        RAISE EXCEPTION 'application %: two people approve this', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'approved' AND OLD.state <> 'approved' AND (
            array_position(ladder, NEW.decided_tier) > array_position(ladder, NEW.wanted)
            OR (NEW.about = 'tier' AND array_position(ladder, NEW.decided_tier) <= array_position(ladder, NEW.had))) THEN
        RAISE EXCEPTION 'application %: that was not asked for', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'approved' AND OLD.state <> 'approved' AND NOT EXISTS (
        SELECT FROM application_steps s WHERE s.application_id = NEW.id HAVING bool_and(s.state = 'done')) THEN
        RAISE EXCEPTION 'application %: its steps are not done', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'approved' AND OLD.state <> 'approved' AND NEW.looked_into <> NEW.round THEN
        RAISE EXCEPTION 'application %: is not looked into', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'rejected' AND OLD.state <> 'rejected' AND NOT EXISTS (
        SELECT FROM approval_requests r WHERE r.id = NEW.request_id AND r.state = 'approved'
           AND r.kind = 'applications.refusal' AND r.payload ->> 'application_id' = NEW.id) THEN
        RAISE EXCEPTION 'application %: two people refuse', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER decided BEFORE INSERT OR UPDATE ON applications FOR EACH ROW EXECUTE FUNCTION guard_application();
ALTER TABLE applications ENABLE ALWAYS TRIGGER decided;

-- A tier rises by an application that was approved for exactly it, each once. (The owner of the database, who could take
-- this guard away, may say otherwise; the role of the application may not.)
ALTER TABLE tier_changes ADD COLUMN application_id text;
-- squawk-ignore constraint-missing-not-valid, disallowed-unique-constraint
ALTER TABLE tier_changes ADD CONSTRAINT uq_tier_changes_application_id UNIQUE (application_id);
CREATE FUNCTION guard_tier_rises() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_ladder text[] := ARRAY['t0', 't1', 't2', 't3', 't3_plus'];
BEGIN
    IF array_position(v_ladder, NEW.tier) > array_position(v_ladder, OLD.tier) AND current_user <> 'bursar_owner'
       AND NOT EXISTS (SELECT FROM tier_changes c JOIN applications a ON a.id = c.application_id
                        WHERE c.id = (SELECT max(id) FROM tier_changes WHERE customer_id = NEW.id)
                          AND a.customer_id = NEW.id AND a.state = 'approved' AND a.decided_tier = NEW.tier) THEN
        RAISE EXCEPTION 'customer %: a tier rises by an application that was approved', NEW.id USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tier_rises BEFORE UPDATE OF tier ON customers FOR EACH ROW EXECUTE FUNCTION guard_tier_rises();
ALTER TABLE customers ENABLE ALWAYS TRIGGER tier_rises;

SELECT audit.watch('applications');
SELECT audit.watch('application_steps', 'answers_sealed', 'again_words');
SELECT audit.watch('application_rounds', 'answers_sealed');
SELECT audit.protect('application_rounds');
SELECT audit.watch('application_files');
SELECT audit.watch('application_answers');
SELECT audit.watch('application_notes', 'words');
SELECT audit.watch('application_views', '=application_id');
SELECT audit.watch('saved_views');
SELECT audit.watch('checklist_items', '=code');
CREATE TRIGGER signed BEFORE INSERT ON application_events FOR EACH ROW EXECUTE FUNCTION audit.sign_row();
ALTER TABLE application_events ENABLE ALWAYS TRIGGER signed;
SELECT audit.protect('application_events');
SELECT audit.protect('application_notes');
SELECT audit.protect('application_views');
SELECT audit.marks_stay('applications', 'decided_at', 'reviewed_at', 'lifted_at', 'overdue_at');
SELECT audit.marks_stay('application_files', 'replaced_at');
SELECT audit.marks_stay('application_answers', 'replaced_at');
GRANT SELECT, INSERT ON applications, application_steps, application_rounds, application_files, application_events, application_answers,
    application_notes, application_views, saved_views TO bursar_app;
GRANT SELECT ON checklist_items TO bursar_app;
GRANT UPDATE (state, round, looked_into, pep, country, screening, identity, name_score, risk, queued_at, due_at, assigned_to,
              claimed_by, claim_until, decided_at, decided_by, decided_tier, reason_code, request_id, escalated_by, lifted_at,
              review_due_at, reviewed_at, overdue_at)
    ON applications TO bursar_app;
GRANT UPDATE (state, answers_sealed, again_code, again_words, done_at) ON application_steps TO bursar_app;
GRANT UPDATE (replaced_at) ON application_files, application_answers TO bursar_app;
GRANT UPDATE (name, filters), DELETE ON saved_views TO bursar_app;
