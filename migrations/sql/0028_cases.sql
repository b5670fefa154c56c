-- Cases: what stood still for too long, or went wrong in a way that people must see, with an owner and a way out.

CREATE TABLE cases (
    id text CONSTRAINT pk_cases PRIMARY KEY,
    kind text NOT NULL CONSTRAINT ck_cases_kind_written CHECK (kind ~ '^[a-z][a-z_]*$'),
    subject text NOT NULL,
    customer_id text CONSTRAINT fk_cases_customer_id REFERENCES customers,  -- of a subject that is a customer's
    machine text NOT NULL,                             -- where the subject stood; '' for what is closed by hand
    subject_state text NOT NULL,
    move_id bigint,                                    -- its last move then: with any later one the case is over
    owner text NOT NULL CONSTRAINT ck_cases_owner_known
        CHECK (owner IN ('support', 'compliance_officer', 'compliance_manager', 'finance', 'treasury', 'admin')),
    words text NOT NULL,
    way_out text NOT NULL,
    since timestamptz NOT NULL,
    opened_at timestamptz NOT NULL,
    state text NOT NULL CONSTRAINT ck_cases_state_known CHECK (state IN ('open', 'put_off', 'raised', 'closed')),
    taken_by text CONSTRAINT fk_cases_taken_by REFERENCES operators,
    put_off_until timestamptz,
    told_at timestamptz,                               -- when its queue was told that it is there
    raised_at timestamptz,                             -- when people were last told that nobody closed it
    closed_at timestamptz,
    CONSTRAINT ck_cases_says_what_and_how CHECK (words <> '' AND way_out <> ''),
    CONSTRAINT ck_cases_stands_somewhere CHECK ((machine = '') = (move_id IS NULL)),
    CONSTRAINT ck_cases_put_off_until_when CHECK ((state = 'put_off') = (put_off_until IS NOT NULL)),
    CONSTRAINT ck_cases_closed_when CHECK ((state = 'closed') = (closed_at IS NOT NULL))
);
CREATE UNIQUE INDEX uq_cases_kind ON cases (kind, subject) WHERE state <> 'closed';
CREATE INDEX ix_cases_subject ON cases (subject);
CREATE INDEX ix_cases_customer_id ON cases (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX ix_cases_state ON cases (state, id);
CREATE INDEX ix_cases_owner ON cases (owner) WHERE told_at IS NULL;
ALTER TABLE cases ENABLE ROW LEVEL SECURITY;
ALTER TABLE cases FORCE ROW LEVEL SECURITY;
-- (what a case says is for staff, whoever it is about)
CREATE POLICY whole_house ON cases USING (current_setting('bursar.owner', true) = '*');

-- What opened it stays as it was written, and a case that is closed stays closed.
CREATE FUNCTION guard_case() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_moving text[] := ARRAY['state', 'taken_by', 'put_off_until', 'told_at', 'raised_at', 'closed_at'];
BEGIN
    IF to_jsonb(OLD) - v_moving <> to_jsonb(NEW) - v_moving OR OLD.state = 'closed' THEN
        RAISE EXCEPTION 'case %: stays as it was written', OLD.id USING ERRCODE = 'restrict_violation';
    ELSIF NEW.state = 'closed' AND OLD.machine <> '' AND NOT EXISTS (
            SELECT FROM moves m WHERE m.subject = OLD.subject AND m.machine = OLD.machine AND m.id > OLD.move_id) THEN
        RAISE EXCEPTION 'case %: what it is about stands still', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guarded BEFORE UPDATE ON cases FOR EACH ROW EXECUTE FUNCTION guard_case();
CREATE TRIGGER kept BEFORE DELETE ON cases FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON cases FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
ALTER TABLE cases ENABLE ALWAYS TRIGGER guarded, ENABLE ALWAYS TRIGGER kept, ENABLE ALWAYS TRIGGER never_emptied;

-- What people found while they worked on one.
CREATE TABLE case_notes (
    id text CONSTRAINT pk_case_notes PRIMARY KEY,
    case_id text NOT NULL CONSTRAINT fk_case_notes_case_id REFERENCES cases,
    operator_id text NOT NULL CONSTRAINT fk_case_notes_operator_id REFERENCES operators,
    words text NOT NULL CONSTRAINT ck_case_notes_words_given CHECK (words <> ''),
    written_at timestamptz NOT NULL
);
CREATE INDEX ix_case_notes_case_id ON case_notes (case_id, id);
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON case_notes FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON case_notes FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
ALTER TABLE case_notes ENABLE ALWAYS TRIGGER kept, ENABLE ALWAYS TRIGGER never_emptied;
ALTER TABLE case_notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_notes FORCE ROW LEVEL SECURITY;
CREATE POLICY whole_house ON case_notes USING (current_setting('bursar.owner', true) = '*');

SELECT audit.watch('cases', '-told_at');
SELECT audit.watch('case_notes', 'words');
SELECT audit.marks_stay('cases', 'told_at', 'closed_at');
GRANT SELECT, INSERT ON cases, case_notes TO bursar_app;
GRANT UPDATE (state, taken_by, put_off_until, told_at, raised_at, closed_at) ON cases TO bursar_app;
