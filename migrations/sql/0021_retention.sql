-- What is kept for how long, as dated rows; and the one way in which the application forgets: a run that two people agreed
-- on. Which rows those are is decided here, where the application may delete nothing else.

-- The newest rule of a class that has begun counts. A rule without months keeps for ever.
CREATE TABLE retention_rules (
    id text CONSTRAINT pk_retention_rules PRIMARY KEY,
    data_class text NOT NULL,
    title text NOT NULL,
    keep_months integer CONSTRAINT ck_retention_rules_keep_forward CHECK (keep_months > 0),
    counted_from text NOT NULL,
    action text NOT NULL CONSTRAINT ck_retention_rules_action_known
        CHECK (action IN ('delete', 'purge', 'pseudonymise', 'keep')),
    note text NOT NULL,
    starts_at timestamptz NOT NULL,
    CONSTRAINT uq_retention_rules_data_class UNIQUE (data_class, starts_at),
    CONSTRAINT ck_retention_rules_acts_after_a_while CHECK (keep_months IS NOT NULL OR action = 'keep')
);
INSERT INTO retention_rules (id, data_class, title, keep_months, counted_from, action, note, starts_at)
SELECT 'rule_' || data_class || '_1', data_class, title, keep_months, counted_from, action, note, '2026-01-01 00:00:00+01'
  FROM (VALUES
    ('sessions', 'Sessions: addresses of the network and devices', 24, 'end of the session', 'delete',
     'Needed for disputes until then.'),
    ('reveals', 'Who looked at masked fields', 24, 'the look', 'delete', ''),
    ('document_views', 'Who looked at documents', 24, 'the look', 'delete', ''),
    ('application_views', 'Who opened applications', 24, 'the look', 'delete', ''),
    ('viewings', 'Who looked at pages as the customer', 24, 'the look', 'delete', ''),
    ('webhooks', 'What vendors told us', 13, 'arrival', 'purge', 'The body goes; its digest stays for ever.'),
    ('messages', 'Texts of mails and text messages that still stand', 1, 'writing', 'purge',
     'What went out has none from then on, but where a mailbox for development keeps them.'),
    ('applications', 'Applications given up or refused', 12, 'end of the application', 'purge',
     'Answers and files go; the row, its story and the files'' digests stay.'),
    ('applications_fraud', 'Applications refused as forged, an impostor''s or a listed person''s', 60,
     'end of the application', 'purge', 'As the others, five years later.'),
    ('identities', 'Numbers, checks and copies for the lists of people for whom no application stands', 12,
     'end of the last application', 'purge',
     'Kept while an application is open or approved, or a hit is undecided; five years where one was refused as forged.'),
    ('files_unattached', 'Files that came and belong to no application', 1, 'arrival', 'purge', 'The digests stay.'),
    ('kyc_files', 'Files, checks, screening and risk of customers who left', 60, 'end of the relationship', 'purge',
     'Closing an account is asked for and not carried out yet: no relationship has ended.'),
    ('customers', 'The link between a person and their journals', 84, 'end of the relationship', 'pseudonymise',
     'Closing an account is asked for and not carried out yet: no relationship has ended.'),
    ('ledger', 'Journals', NULL, '', 'keep', 'Never deleted.'),
    ('audit', 'The audit', 84, 'the record', 'keep', 'Seven years have not passed since the first record.'),
    ('reports', 'Reports to the authority and their cases', 84, 'filing', 'keep', 'None are written in this system yet.')
  ) AS beginning (data_class, title, keep_months, counted_from, action, note);
SELECT audit.protect('retention_rules');

CREATE TABLE retention_runs (
    id text CONSTRAINT pk_retention_runs PRIMARY KEY,
    request_id text NOT NULL CONSTRAINT fk_retention_runs_request_id REFERENCES approval_requests
        CONSTRAINT uq_retention_runs_request_id UNIQUE,
    up_to timestamptz NOT NULL,                        -- what was due then goes, nothing that became so later
    state text NOT NULL CONSTRAINT ck_retention_runs_state_known CHECK (state IN ('begun', 'done')),
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT ck_retention_runs_ended_when CHECK ((state = 'done') = (ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX uq_retention_runs_begun ON retention_runs ((true)) WHERE state = 'begun';  -- one at a time

-- What one step of a run forgot: how many, and the SHA-256 of each id. Nothing else is recorded of a row that is deleted.
CREATE TABLE retention_batches (
    id text CONSTRAINT pk_retention_batches PRIMARY KEY,
    run_id text NOT NULL CONSTRAINT fk_retention_batches_run_id REFERENCES retention_runs,
    data_class text NOT NULL,
    many integer NOT NULL CONSTRAINT ck_retention_batches_many_positive CHECK (many > 0),
    hashes text[] NOT NULL,
    done_at timestamptz NOT NULL,
    CONSTRAINT ck_retention_batches_counted CHECK (cardinality(hashes) = many)
);
CREATE INDEX ix_retention_batches_run_id ON retention_batches (run_id, data_class);

-- A run is what was agreed on, and goes from begun to done.
CREATE FUNCTION guard_retention_run() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'begun' OR NEW.up_to > now() OR NOT EXISTS (
            SELECT FROM approval_requests r WHERE r.id = NEW.request_id AND r.kind = 'retention.run' AND is_due(r)
               AND (r.payload ->> 'up_to')::timestamptz = NEW.up_to) THEN
            RAISE EXCEPTION 'retention run %: two people agree on one', NEW.id USING ERRCODE = 'BU005';
        END IF;
    ELSIF OLD.state <> 'begun' OR to_jsonb(OLD) - '{state,ended_at}'::text[] <> to_jsonb(NEW) - '{state,ended_at}'::text[] THEN
        RAISE EXCEPTION 'retention run %: only ends', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER agreed BEFORE INSERT OR UPDATE ON retention_runs FOR EACH ROW EXECUTE FUNCTION guard_retention_run();
ALTER TABLE retention_runs ENABLE ALWAYS TRIGGER agreed;

-- Before when something of a class must have ended to be due at a moment; NULL while nothing is to go. Months are those of
-- the calendar, in UTC.
CREATE FUNCTION retention_cutoff(p_class text, p_at timestamptz) RETURNS timestamptz
    LANGUAGE sql STABLE SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
    SELECT CASE WHEN action <> 'keep' THEN p_at - make_interval(months => keep_months) END FROM retention_rules
     WHERE data_class = p_class AND starts_at <= p_at ORDER BY starts_at DESC LIMIT 1
$$;

-- What is due of a class at a moment, since when, and whether a legal hold of the customer it is about keeps it.
CREATE FUNCTION retention_due(p_class text, p_at timestamptz) RETURNS TABLE (id text, since timestamptz, held boolean)
    LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_before timestamptz := retention_cutoff(p_class, p_at);
    v_held text[] := ARRAY(SELECT DISTINCT customer_id FROM restrictions WHERE kind = 'legal_hold' AND state = 'placed');
    v_told bytea[];
    v_fraud text[] := '{forged,impostor,listed}';
BEGIN
    IF v_before IS NULL THEN
        RETURN;
    ELSIF p_class = 'sessions' THEN
        RETURN QUERY
        SELECT s.id, s.expires_at, coalesce(c.id = ANY (v_held), false)
          FROM sessions s LEFT JOIN customers c ON c.login_id = s.login_id
         WHERE s.expires_at <= v_before AND NOT EXISTS (SELECT FROM passkey_challenges p WHERE p.session_id = s.id);
    ELSIF p_class = 'reveals' THEN
        RETURN QUERY
        SELECT r.id, r.revealed_at, coalesce(c.id, b.customer_id, r.object_id) = ANY (v_held)
          FROM reveals r
          LEFT JOIN bank_accounts b ON b.id = r.object_id
          LEFT JOIN phones p ON p.id = r.object_id
          LEFT JOIN recoveries v ON v.id = r.object_id
          LEFT JOIN sessions s ON s.id = r.object_id
          LEFT JOIN customers c ON c.login_id = coalesce(p.login_id, v.login_id, s.login_id)
         WHERE r.revealed_at <= v_before;
    ELSIF p_class = 'document_views' THEN
        RETURN QUERY
        SELECT v.id, v.viewed_at, d.customer_id = ANY (v_held)
          FROM document_views v JOIN documents d ON d.id = v.document_id WHERE v.viewed_at <= v_before;
    ELSIF p_class = 'application_views' THEN
        RETURN QUERY
        SELECT v.id, v.viewed_at, a.customer_id = ANY (v_held)
          FROM application_views v JOIN applications a ON a.id = v.application_id WHERE v.viewed_at <= v_before;
    ELSIF p_class = 'viewings' THEN
        RETURN QUERY
        SELECT v.id, v.began_at, v.customer_id = ANY (v_held) FROM viewings v WHERE v.began_at <= v_before;
    ELSIF p_class = 'webhooks' THEN
        -- (a message says whom it is about by one of our references, or by an address)
        v_told := ARRAY(
            SELECT convert_to(told, 'UTF8') FROM (
                SELECT d.reference AS told FROM deposits d WHERE d.customer_id = ANY (v_held)
                UNION SELECT w.payout_id FROM withdrawals w WHERE w.customer_id = ANY (v_held)
                UNION SELECT l.email FROM logins l JOIN customers c ON c.login_id = l.id WHERE c.id = ANY (v_held)
            ) theirs WHERE told <> '');
        RETURN QUERY
        SELECT i.id::text, i.received_at, EXISTS (SELECT FROM unnest(v_told) told WHERE position(told IN i.body) > 0)
          FROM inbox i WHERE i.digest IS NULL AND i.received_at <= v_before;
    ELSIF p_class = 'messages' THEN
        RETURN QUERY
        SELECT m.id, m.created_at, coalesce(c.id = ANY (v_held), false)
          FROM mails m LEFT JOIN customers c ON c.login_id = m.login_id
         WHERE m.body_sealed IS NOT NULL AND m.created_at <= v_before
        UNION ALL
        SELECT t.id, t.created_at, coalesce(c.id = ANY (v_held), false)
          FROM text_messages t JOIN phones p ON p.id = t.phone_id LEFT JOIN customers c ON c.login_id = p.login_id
         WHERE t.body_sealed IS NOT NULL AND t.created_at <= v_before;
    ELSIF p_class IN ('applications', 'applications_fraud') THEN
        RETURN QUERY
        SELECT a.id, a.decided_at, a.customer_id = ANY (v_held)
          FROM applications a
         WHERE a.state IN ('abandoned', 'rejected') AND a.decided_at <= v_before
           AND (coalesce(a.reason_code, '') = ANY (v_fraud)) = (p_class = 'applications_fraud')
           AND (EXISTS (SELECT FROM application_steps s WHERE s.application_id = a.id AND s.answers_sealed IS NOT NULL)
                OR EXISTS (SELECT FROM application_files f JOIN documents d ON d.id = f.document_id
                            WHERE f.application_id = a.id AND d.state <> 'discarded'));
    ELSIF p_class = 'identities' THEN
        -- (of the customer: every application of theirs has ended without a tier, and its own time is over)
        RETURN QUERY
        SELECT a.customer_id, max(a.decided_at), a.customer_id = ANY (v_held)
          FROM applications a
         WHERE a.customer_id IN (SELECT customer_id FROM identity_checks
                                 UNION SELECT customer_id FROM screening_subjects WHERE names <> '{}')
           AND NOT EXISTS (SELECT FROM screening_hits h
                            WHERE h.customer_id = a.customer_id AND h.state IN ('open', 'match_asked'))
         GROUP BY a.customer_id
        HAVING bool_and(coalesce(a.state IN ('abandoned', 'rejected') AND a.decided_at <= CASE
            WHEN a.reason_code = ANY (v_fraud) THEN retention_cutoff('applications_fraud', p_at) ELSE v_before END, false));
    ELSIF p_class = 'files_unattached' THEN
        RETURN QUERY
        SELECT d.id, d.received_at, d.customer_id = ANY (v_held)
          FROM documents d
         WHERE d.received_at <= v_before AND d.state <> 'discarded'
           AND NOT EXISTS (SELECT FROM application_files f WHERE f.document_id = d.id);
    END IF;
END $$;

-- Forget some of what a run is to forget, what is due longest first: the ids. Files are discarded beside it by their room.
CREATE FUNCTION retention_forget(p_run text, p_class text, p_most integer) RETURNS TABLE (id text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_up_to timestamptz;
    v_ids text[];
BEGIN
    SELECT r.up_to INTO v_up_to FROM retention_runs r JOIN approval_requests q ON q.id = r.request_id
     WHERE r.id = p_run AND r.state = 'begun' AND q.state = 'executed' FOR UPDATE OF r;  -- one step at a time
    IF NOT FOUND THEN
        RAISE EXCEPTION 'retention run %: is not under way', p_run USING ERRCODE = 'restrict_violation';
    END IF;
    v_ids := ARRAY(SELECT d.id FROM retention_due(p_class, v_up_to) d WHERE NOT d.held ORDER BY d.since, d.id LIMIT p_most);
    PERFORM set_config('bursar.forgets', p_run, true);
    IF p_class = 'sessions' THEN
        DELETE FROM sessions WHERE id = ANY (v_ids);
    ELSIF p_class = 'reveals' THEN
        DELETE FROM reveals WHERE id = ANY (v_ids);
    ELSIF p_class = 'document_views' THEN
        DELETE FROM document_views WHERE id = ANY (v_ids);
    ELSIF p_class = 'application_views' THEN
        DELETE FROM application_views WHERE id = ANY (v_ids);
    ELSIF p_class = 'viewings' THEN
        DELETE FROM viewings WHERE id = ANY (v_ids);
    ELSIF p_class = 'webhooks' THEN
        UPDATE inbox SET digest = sha256(body), body = '' WHERE id = ANY (v_ids::bigint[]);
    ELSIF p_class = 'messages' THEN
        UPDATE mails SET body_sealed = NULL WHERE id = ANY (v_ids);
        UPDATE text_messages SET body_sealed = NULL WHERE id = ANY (v_ids);
    ELSIF p_class IN ('applications', 'applications_fraud') THEN
        UPDATE application_steps SET answers_sealed = NULL
         WHERE application_id = ANY (v_ids) AND answers_sealed IS NOT NULL;
        DELETE FROM application_rounds WHERE application_id = ANY (v_ids);
    ELSIF p_class = 'identities' THEN
        DELETE FROM identity_checks WHERE customer_id = ANY (v_ids);
        DELETE FROM screening_subject_keys
         WHERE subject_id IN (SELECT s.id FROM screening_subjects s WHERE s.customer_id = ANY (v_ids));
        UPDATE screening_subjects SET names = '{}', born = '', countries = '{}', id_hashes = '{}', hash = ''
         WHERE customer_id = ANY (v_ids);
        UPDATE screening_hits SET explanation = explanation - '{given,pairs}'::text[] WHERE customer_id = ANY (v_ids);
    END IF;
    PERFORM set_config('bursar.forgets', '', true);
    RETURN QUERY SELECT unnest(v_ids);
END $$;
REVOKE EXECUTE ON FUNCTION retention_forget FROM PUBLIC;
GRANT EXECUTE ON FUNCTION retention_forget TO bursar_app;

-- What was told of a row that is forgotten is not told once more.
CREATE FUNCTION audit.refuse_but_forgetting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND coalesce(current_setting('bursar.forgets', true), '') <> '' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% on %.% is forbidden: its rows are history', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;
REVOKE EXECUTE ON FUNCTION audit.refuse_but_forgetting FROM PUBLIC;
DROP TRIGGER append_only ON reveals;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON reveals FOR EACH ROW EXECUTE FUNCTION audit.refuse_but_forgetting();
ALTER TABLE reveals ENABLE ALWAYS TRIGGER append_only;
DROP TRIGGER append_only ON document_views;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON document_views
    FOR EACH ROW EXECUTE FUNCTION audit.refuse_but_forgetting();
ALTER TABLE document_views ENABLE ALWAYS TRIGGER append_only;
DROP TRIGGER append_only ON application_views;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON application_views
    FOR EACH ROW EXECUTE FUNCTION audit.refuse_but_forgetting();
ALTER TABLE application_views ENABLE ALWAYS TRIGGER append_only;
DROP TRIGGER append_only ON application_rounds;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON application_rounds
    FOR EACH ROW EXECUTE FUNCTION audit.refuse_but_forgetting();
ALTER TABLE application_rounds ENABLE ALWAYS TRIGGER append_only;

ALTER TABLE inbox ADD COLUMN digest bytea;  -- SHA-256 of a body whose time is over; the body is empty then
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_inbox_received_at ON inbox (received_at) WHERE digest IS NULL;

-- Who asks and who agrees are of two sides: administration and compliance.
SELECT set_config('bursar.actor', 'system:migration', true);
ALTER TABLE approval_policies DISABLE TRIGGER approved;
INSERT INTO approval_policies (id, kind, version, rules, created_at) VALUES
    ('pol_retention.run_1', 'retention.run', 1, '[
        {"target": "admin", "legs": [{"roles": ["compliance_manager"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0},
        {"target": "compliance", "legs": [{"roles": ["admin"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]', now());
ALTER TABLE approval_policies ENABLE ALWAYS TRIGGER approved;
SELECT set_config('bursar.actor', '', true);

SELECT audit.watch('retention_rules');
SELECT audit.watch('retention_runs');
SELECT audit.watch('retention_batches');
SELECT audit.protect('retention_batches');
SELECT audit.marks_stay('retention_runs', 'ended_at');
GRANT SELECT ON retention_rules TO bursar_app;
GRANT SELECT, INSERT ON retention_runs, retention_batches TO bursar_app;
GRANT UPDATE (state, ended_at) ON retention_runs TO bursar_app;
