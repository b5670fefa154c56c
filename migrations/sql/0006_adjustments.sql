-- Manual journals: asked for by one person, booked by another.

CREATE TABLE journal_requests (
    id text CONSTRAINT pk_journal_requests PRIMARY KEY,
    legs jsonb NOT NULL,                               -- [{"account": code, "units": signed whole number as text}]
    reason text NOT NULL CONSTRAINT ck_journal_requests_reason_given CHECK (reason <> ''),
    effective_on date,                                 -- a day of West Africa Time; NULL when it is booked
    corrects bigint,
    content_hash text NOT NULL,
    requested_by text NOT NULL CONSTRAINT fk_journal_requests_requested_by REFERENCES operators,
    state text NOT NULL CONSTRAINT ck_journal_requests_state_known
        CHECK (state IN ('requested', 'booked', 'rejected', 'withdrawn')),
    decided_by text CONSTRAINT fk_journal_requests_decided_by REFERENCES operators,
    journal_id bigint,
    created_at timestamptz NOT NULL,
    decided_at timestamptz,
    CONSTRAINT ck_journal_requests_decided_by_another CHECK (decided_by <> requested_by OR state = 'withdrawn'),
    CONSTRAINT ck_journal_requests_booked_with_its_journal CHECK ((state = 'booked') = (journal_id IS NOT NULL)),
    CONSTRAINT ck_journal_requests_decided_by_somebody
        CHECK ((state = 'requested') = (decided_by IS NULL) AND (decided_by IS NULL) = (decided_at IS NULL))
);
CREATE INDEX ix_journal_requests_state ON journal_requests (state, id);

-- Nobody asks or decides in another's name: the name in the row is the one in whose name the transaction acts.
CREATE FUNCTION refuse_borrowed_name() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF audit.actor() IS DISTINCT FROM 'operator:' || coalesce(NEW.decided_by, NEW.requested_by)
       OR (TG_OP = 'INSERT' AND NEW.state <> 'requested') THEN
        RAISE EXCEPTION 'journal request %: % cannot act in that name', NEW.id, audit.actor() USING ERRCODE = 'BU003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER own_name BEFORE INSERT OR UPDATE ON journal_requests FOR EACH ROW EXECUTE FUNCTION refuse_borrowed_name();

-- What was decided stays decided.
CREATE TRIGGER decided_for_good BEFORE UPDATE ON journal_requests FOR EACH ROW
    WHEN (OLD.state <> 'requested') EXECUTE FUNCTION audit.refuse_change();

ALTER TABLE journal_requests ENABLE ALWAYS TRIGGER own_name, ENABLE ALWAYS TRIGGER decided_for_good;

SELECT audit.watch('journal_requests');

-- What was asked for is written once: the app can only say how it ended.
GRANT SELECT, INSERT ON journal_requests TO bursar_app;
GRANT UPDATE (state, decided_by, journal_id, decided_at) ON journal_requests TO bursar_app;
