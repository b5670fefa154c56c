-- What the application may write again, and what it may not: whose a row is stays as it was written, and a mark that ends
-- something (revoked, used, replaced) stays once it is set.

CREATE FUNCTION audit.keep_marks() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE v_mark text;
BEGIN
    FOREACH v_mark IN ARRAY TG_ARGV LOOP
        IF to_jsonb(OLD) ->> v_mark IS NOT NULL AND to_jsonb(NEW) -> v_mark IS DISTINCT FROM to_jsonb(OLD) -> v_mark THEN
            RAISE EXCEPTION '%.% stays once it is set', TG_TABLE_NAME, v_mark USING ERRCODE = 'restrict_violation';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;

CREATE FUNCTION audit.marks_stay(p_table regclass, VARIADIC p_marks text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE v_marks text := (SELECT string_agg(quote_literal(m), ', ') FROM unnest(p_marks) m);
BEGIN
    EXECUTE format('CREATE TRIGGER marks_stay BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION audit.keep_marks(%s)', p_table, v_marks);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER marks_stay', p_table);
END $$;
REVOKE EXECUTE ON FUNCTION audit.keep_marks, audit.marks_stay FROM PUBLIC;

SELECT audit.marks_stay('logins', 'email_confirmed_at');
SELECT audit.marks_stay('sessions', 'revoked_at');
SELECT audit.marks_stay('codes', 'used_at');
SELECT audit.marks_stay('phones', 'confirmed_at', 'replaced_at');
SELECT audit.marks_stay('password_resets', 'login_id', 'token_hash', 'used_at');
SELECT audit.marks_stay('recoveries', 'login_id', 'stop_hash', 'ended_at');
SELECT audit.marks_stay('closure_requests', 'ended_at');
SELECT audit.marks_stay('viewings', 'opened_at', 'ended_at');
SELECT audit.marks_stay('api_keys', 'revoked_at');
SELECT audit.marks_stay('signing_keys', 'retired_at');
SELECT audit.marks_stay('totp_apps', 'confirmed_at', 'removed_at');
SELECT audit.marks_stay('passkeys', 'suspect_at', 'removed_at');
SELECT audit.marks_stay('passkey_challenges', 'used_at');
SELECT audit.marks_stay('recovery_codes', 'used_at', 'replaced_at');
SELECT audit.marks_stay('invitations', 'accepted_at', 'revoked_at');

-- The time step of an app only grows, so that no code counts twice.
CREATE FUNCTION keep_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.last_step < OLD.last_step THEN
        RAISE EXCEPTION 'totp_apps.last_step only grows' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER step BEFORE UPDATE ON totp_apps FOR EACH ROW EXECUTE FUNCTION keep_step();
ALTER TABLE totp_apps ENABLE ALWAYS TRIGGER step;

-- A recovery is told to the owner, who has 72 hours by the server's clock to stop it; what ended does not begin again.
CREATE FUNCTION guard_recovery() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_move text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'noted' OR NEW.possible_at < NEW.created_at + interval '72 h' THEN
            RAISE EXCEPTION 'recovery %: begins noted and cools for 72 hours', NEW.id USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    v_move := OLD.state || ' to ' || NEW.state;
    IF OLD.state <> NEW.state AND v_move NOT IN ('noted to asked', 'noted to moot', 'asked to moot', 'asked to stopped',
                                                 'asked to refused', 'asked to expired', 'asked to carried_out') THEN
        RAISE EXCEPTION 'recovery %: cannot go from %', OLD.id, v_move USING ERRCODE = 'restrict_violation';
    ELSIF v_move = 'asked to carried_out' AND clock_timestamp() < OLD.possible_at THEN
        RAISE EXCEPTION 'recovery %: its 72 hours are not over', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER moves BEFORE INSERT OR UPDATE ON recoveries FOR EACH ROW EXECUTE FUNCTION guard_recovery();
ALTER TABLE recoveries ENABLE ALWAYS TRIGGER moves;

REVOKE UPDATE ON logins, sessions, codes, customers, wallets, mails, factor_tries FROM bursar_app;
GRANT UPDATE (email, password_hash, email_confirmed_at, disabled_at) ON logins TO bursar_app;
GRANT UPDATE (token_hash, seen_at, factor_at, password_at, revoked_at) ON sessions TO bursar_app;
GRANT UPDATE (tries, used_at) ON codes TO bursar_app;
GRANT UPDATE (name, state, locked_until) ON customers TO bursar_app;
GRANT UPDATE (body_sealed, to_sealed, sent_at) ON mails TO bursar_app;
GRANT UPDATE (wrong, pauses, paused_until) ON factor_tries TO bursar_app;

-- What waits for somebody is looked for on every page of the console.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_approval_requests_expires_at ON approval_requests (expires_at, id) WHERE state = 'pending';
