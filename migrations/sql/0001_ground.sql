-- The ground: the audit record and the tables of app/core.

CREATE SCHEMA audit;
GRANT USAGE ON SCHEMA audit TO bursar_app;

CREATE TABLE audit.records (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    request_id text NOT NULL,
    ip text NOT NULL DEFAULT '',                       -- where the request came from; a job has none
    session_id text NOT NULL DEFAULT '',               -- the signed-in device; a job has none
    reason text NOT NULL,
    table_name text NOT NULL,
    row_id text NOT NULL,
    action text NOT NULL CHECK (action IN ('insert', 'update', 'delete')),
    before jsonb,
    after jsonb
);
CREATE INDEX ix_records_row ON audit.records (row_id, table_name, id DESC);
CREATE INDEX ix_records_request ON audit.records (request_id) WHERE request_id <> '';
CREATE INDEX ix_records_actor ON audit.records (actor, id DESC);
CREATE INDEX ix_records_table ON audit.records (table_name, id DESC);
CREATE INDEX ix_records_session ON audit.records (session_id, id DESC) WHERE session_id <> '';
CREATE INDEX ix_records_ip ON audit.records (ip, id DESC) WHERE ip <> '';
CREATE INDEX ix_records_time ON audit.records (recorded_at);

-- For tables whose rows are history: nobody changes them, psql and replication roles included.
CREATE FUNCTION audit.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is forbidden: its rows are history', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION audit.protect(p_table regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION audit.refuse_change()', p_table);
    EXECUTE format('CREATE TRIGGER never_emptied BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()', p_table);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only', p_table);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER never_emptied', p_table);
END $$;

-- Who acts, or a refusal: no table with the audit trigger and no journal is written in nobody's name.
CREATE FUNCTION audit.actor() RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF coalesce(current_setting('bursar.actor', true), '') = '' THEN
        RAISE EXCEPTION 'a write needs an actor' USING ERRCODE = 'BU001',
            HINT = 'Write through app.core.db.transaction(), or SET LOCAL bursar.actor first.';
    END IF;
    RETURN current_setting('bursar.actor', true);
END $$;

-- One record per changed row. The trigger's arguments name columns whose values are masked (secrets, personal data);
-- one with a minus before it is not recorded at all (a time that every request touches); one with an equals sign names
-- the row where it has no id. What is forgotten because its time is over is recorded by the batch that it went with.
CREATE FUNCTION audit.record_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = audit, pg_temp AS $$
DECLARE
    v_actor text := audit.actor();
    v_old jsonb := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) END;
    v_new jsonb := CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) END;
    v_special text[] := coalesce(TG_ARGV, '{}');  -- (NULL when the trigger has no arguments)
    v_id text := coalesce(v_new, v_old) ->> coalesce((SELECT substr(s, 2) FROM unnest(v_special) s WHERE s LIKE '=%'), 'id');
    v_column text;
BEGIN
    IF TG_OP = 'DELETE' AND coalesce(current_setting('bursar.forgets', true), '') <> '' THEN RETURN NULL; END IF;
    IF TG_OP = 'UPDATE' THEN  -- keep what differs
        SELECT jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, v_new -> o.key) INTO v_old, v_new
          FROM jsonb_each(v_old) o
         WHERE v_new -> o.key IS DISTINCT FROM o.value AND NOT ('-' || o.key) = ANY (v_special);
        IF v_old IS NULL THEN RETURN NULL; END IF;
    END IF;
    FOREACH v_column IN ARRAY v_special LOOP
        IF v_old ? v_column THEN v_old := v_old || jsonb_build_object(v_column, '[masked]'); END IF;
        IF v_new ? v_column THEN v_new := v_new || jsonb_build_object(v_column, '[masked]'); END IF;
    END LOOP;
    INSERT INTO records (actor, request_id, ip, session_id, reason, table_name, row_id, action, before, after)
    VALUES (v_actor, coalesce(current_setting('bursar.request_id', true), ''),
            coalesce(current_setting('bursar.ip', true), ''), coalesce(current_setting('bursar.session', true), ''),
            coalesce(current_setting('bursar.reason', true), ''),
            TG_TABLE_NAME, coalesce(v_id, ''), lower(TG_OP), v_old, v_new);
    RETURN NULL;
END $$;

CREATE FUNCTION audit.watch(p_table regclass, VARIADIC p_masked text[] DEFAULT '{}') RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_arguments text := (SELECT coalesce(string_agg(quote_literal(m), ', '), '') FROM unnest(p_masked) m);
BEGIN
    EXECUTE format('CREATE TRIGGER audit_row AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION audit.record_row(%s)', p_table, v_arguments);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER audit_row', p_table);
END $$;

-- For tables that name who wrote their row: it is who acts, whatever was written.
CREATE FUNCTION audit.sign_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.actor := audit.actor();
    RETURN NEW;
END $$;

SELECT audit.protect('audit.records');
GRANT SELECT ON audit.records TO bursar_app;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.actor TO bursar_app;

CREATE TABLE moves (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_moves PRIMARY KEY,
    machine text NOT NULL,
    subject text NOT NULL,
    old_state text,
    new_state text NOT NULL,
    actor text NOT NULL,
    reason text NOT NULL,
    moved_at timestamptz NOT NULL
);
CREATE INDEX ix_moves_subject ON moves (subject, id);
SELECT audit.protect('moves');
CREATE TRIGGER signed BEFORE INSERT ON moves FOR EACH ROW EXECUTE FUNCTION audit.sign_row();
ALTER TABLE moves ENABLE ALWAYS TRIGGER signed;

CREATE TABLE tasks (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_tasks PRIMARY KEY,
    kind text NOT NULL,
    ref text NOT NULL,
    queue text NOT NULL,
    status text NOT NULL CONSTRAINT ck_tasks_status_known CHECK (status IN ('due', 'leased', 'done', 'dead')),
    due_at timestamptz NOT NULL,
    attempt integer NOT NULL,
    lease_until timestamptz,
    woken_at timestamptz,
    last_error text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT uq_tasks_kind UNIQUE (kind, ref)
);
CREATE INDEX ix_tasks_due_at ON tasks (due_at) WHERE status IN ('due', 'leased');
CREATE INDEX ix_tasks_dead ON tasks (id) WHERE status = 'dead';

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_outbox PRIMARY KEY,
    name text NOT NULL,
    subject text NOT NULL,
    facts jsonb NOT NULL,
    emitted_at timestamptz NOT NULL,
    relayed_at timestamptz
);
CREATE INDEX ix_outbox_id ON outbox (id) WHERE relayed_at IS NULL;

CREATE TABLE inbox (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_inbox PRIMARY KEY,
    source text NOT NULL,
    external_id text NOT NULL,
    body bytea NOT NULL,
    outcome text NOT NULL,
    received_at timestamptz NOT NULL,
    handled_at timestamptz,
    CONSTRAINT uq_inbox_source UNIQUE (source, external_id)
);

CREATE TABLE idempotency (
    actor text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    answer jsonb,
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_idempotency PRIMARY KEY (actor, key)
);

-- One row per slot of a periodic job: whoever inserts it runs it, on any number of nodes.
CREATE TABLE slots (
    name text NOT NULL,
    slot timestamptz NOT NULL,
    taken_at timestamptz NOT NULL,
    CONSTRAINT pk_slots PRIMARY KEY (name, slot)
);

GRANT SELECT ON alembic_version TO bursar_app;  -- readiness compares it with the code
GRANT SELECT, INSERT ON moves, slots TO bursar_app;
GRANT SELECT, INSERT ON outbox, inbox TO bursar_app;
GRANT UPDATE (relayed_at) ON outbox TO bursar_app;
GRANT UPDATE (outcome, handled_at) ON inbox TO bursar_app;
GRANT SELECT, INSERT, UPDATE ON tasks, idempotency TO bursar_app;
