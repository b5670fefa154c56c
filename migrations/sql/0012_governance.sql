-- Approval requests: what needs more than one person, asked for by one, agreed to by others, carried out once.

-- Manual journals were the only thing of this kind. Their requests are approval requests from here on.
DO $$ BEGIN
    IF EXISTS (SELECT FROM journal_requests) THEN
        RAISE EXCEPTION 'there are journal requests of before version 0012' USING HINT = 'make reset: nothing is released.';
    END IF;
END $$;
-- squawk-ignore ban-drop-table
DROP TABLE journal_requests;
-- squawk-ignore ban-drop-function
DROP FUNCTION refuse_borrowed_name();

-- What a vote is bound to. The text of a jsonb value is the same however its keys were ordered when it was written.
CREATE FUNCTION payload_hash(p_payload jsonb) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN encode(sha256(convert_to(p_payload::text, 'UTF8')), 'hex');

-- Which people a kind of request needs, in numbered versions. The newest counts; the first of its rules that fits counts.
CREATE TABLE approval_policies (
    id text CONSTRAINT pk_approval_policies PRIMARY KEY,
    kind text NOT NULL,
    version integer NOT NULL CONSTRAINT ck_approval_policies_version_positive CHECK (version > 0),
    rules jsonb NOT NULL CONSTRAINT ck_approval_policies_rules_listed CHECK (jsonb_typeof(rules) = 'array'),
    request_id text,                                   -- the request that made it; NULL for those of the beginning
    created_at timestamptz NOT NULL,
    CONSTRAINT uq_approval_policies_kind UNIQUE (kind, version)
);

CREATE TABLE approval_requests (
    id text CONSTRAINT pk_approval_requests PRIMARY KEY,
    kind text NOT NULL,
    target text NOT NULL,                              -- 'operator:op_…', 'policy:staff.roles'; '' for something new
    payload jsonb NOT NULL,
    payload_hash text NOT NULL,
    reason text NOT NULL CONSTRAINT ck_approval_requests_reason_given CHECK (reason <> ''),
    maker text NOT NULL CONSTRAINT fk_approval_requests_maker REFERENCES operators,
    policy_id text NOT NULL CONSTRAINT fk_approval_requests_policy_id REFERENCES approval_policies,
    legs jsonb NOT NULL,                               -- [{"roles": ["treasury"], "count": 1}], as the policy said
    delay_seconds integer NOT NULL CONSTRAINT ck_approval_requests_delay_forward CHECK (delay_seconds >= 0),
    state text NOT NULL CONSTRAINT ck_approval_requests_state_known
        CHECK (state IN ('pending', 'approved', 'denied', 'expired', 'cancelled', 'executed', 'failed')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    not_before timestamptz,                            -- when it may be carried out: approval plus the cooling-off
    ended_at timestamptz,
    executed_at timestamptz,
    result text NOT NULL DEFAULT '',                   -- what came of it, or why it could not be carried out
    CONSTRAINT uq_approval_requests_id UNIQUE (id, maker),
    CONSTRAINT ck_approval_requests_hash_of_payload CHECK (payload_hash = payload_hash(payload)),
    CONSTRAINT ck_approval_requests_expires_later CHECK (expires_at > created_at),
    CONSTRAINT ck_approval_requests_executed_when CHECK ((state = 'executed') = (executed_at IS NOT NULL)),
    CONSTRAINT ck_approval_requests_approved_when
        CHECK (state NOT IN ('approved', 'executed', 'failed') OR not_before IS NOT NULL)
);
CREATE INDEX ix_approval_requests_state ON approval_requests (state, id);
CREATE INDEX ix_approval_requests_target ON approval_requests (target, id);
CREATE INDEX ix_approval_requests_maker ON approval_requests (maker, id);

CREATE TABLE approval_votes (
    id text CONSTRAINT pk_approval_votes PRIMARY KEY,
    request_id text NOT NULL,
    maker text NOT NULL,
    voter text NOT NULL CONSTRAINT fk_approval_votes_voter REFERENCES operators,
    leg integer NOT NULL,
    answer text NOT NULL CONSTRAINT ck_approval_votes_answer_known CHECK (answer IN ('yes', 'no')),
    reason text NOT NULL,
    hash_seen text NOT NULL,
    voted_at timestamptz NOT NULL,
    CONSTRAINT fk_approval_votes_request_id FOREIGN KEY (request_id, maker) REFERENCES approval_requests (id, maker),
    CONSTRAINT uq_approval_votes_request_id UNIQUE (request_id, voter),
    CONSTRAINT ck_approval_votes_voter_is_another CHECK (voter <> maker),
    CONSTRAINT ck_approval_votes_no_has_reason CHECK (answer = 'yes' OR reason <> '')
);

-- A vote that counts no more, because its voter lost the role. The vote itself stays.
CREATE TABLE approval_voids (
    vote_id text CONSTRAINT pk_approval_voids PRIMARY KEY CONSTRAINT fk_approval_voids_vote_id REFERENCES approval_votes,
    reason text NOT NULL,
    voided_at timestamptz NOT NULL
);

-- Whether somebody may fill this leg, by the roles they have now.
CREATE FUNCTION fits_leg(p_operator text, p_leg jsonb) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM operators o JOIN logins l ON l.id = o.login_id
                    WHERE o.id = p_operator AND l.disabled_at IS NULL AND (p_leg -> 'roles') ?| o.roles)
$$;

-- How many count for a leg: yes to the present content, not voided, by people who may still fill it.
CREATE FUNCTION leg_votes(p_request approval_requests, p_leg integer) RETURNS bigint
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT count(*) FROM approval_votes v
     WHERE v.request_id = p_request.id AND v.leg = p_leg AND v.answer = 'yes'
       AND v.hash_seen = p_request.payload_hash AND v.voter <> p_request.maker
       AND NOT EXISTS (SELECT FROM approval_voids x WHERE x.vote_id = v.id)
       AND fits_leg(v.voter, p_request.legs -> p_leg)
$$;

CREATE FUNCTION legs_filled(p_request approval_requests) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT count(*) > 0 AND bool_and(leg_votes(p_request, place::integer - 1) >= (leg ->> 'count')::integer)
      FROM jsonb_array_elements(p_request.legs) WITH ORDINALITY AS l (leg, place)
$$;

-- What somebody must decide, however long it takes: its maker does not take it back, and its time is never over.
CREATE FUNCTION must_be_decided(p_kind text) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN p_kind = 'staff.review';

-- Until when it is open to votes; and, once it failed, until when it can be tried again: as long after its approval.
CREATE FUNCTION open_until(p_request approval_requests) RETURNS timestamptz LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN must_be_decided(p_request.kind) THEN 'infinity'::timestamptz
                WHEN p_request.state = 'failed'
                THEN p_request.not_before + (p_request.expires_at - p_request.created_at)
                ELSE p_request.expires_at END;

-- Whether it may be carried out now, by the clock of the database. Where nothing cools off, there is nothing to wait for.
CREATE FUNCTION is_due(p_request approval_requests) RETURNS boolean LANGUAGE sql STABLE
    RETURN p_request.state = 'approved'
           AND (p_request.delay_seconds = 0 OR p_request.not_before <= clock_timestamp());

CREATE FUNCTION refuse_request(p_id text, p_why text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'approval request %: %', p_id, p_why USING ERRCODE = 'BU005';
END $$;

-- A request is born pending, in its maker's own name, with the legs that the newest policy of its kind has.
CREATE FUNCTION guard_request_born() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    NEW.payload_hash := payload_hash(NEW.payload);
    IF NEW.state <> 'pending' OR NEW.result <> '' OR NEW.ended_at IS NOT NULL THEN
        PERFORM refuse_request(NEW.id, 'is born pending');
    ELSIF audit.actor() <> 'operator:' || NEW.maker THEN
        PERFORM refuse_request(NEW.id, 'is asked for in one''s own name');
    ELSIF NOT EXISTS (SELECT FROM approval_policies p, jsonb_array_elements(p.rules) rule
                       WHERE p.id = NEW.policy_id AND p.kind = NEW.kind AND rule -> 'legs' = NEW.legs
                         AND (rule ->> 'delay_seconds')::integer = NEW.delay_seconds
                         AND make_interval(secs => (rule ->> 'ttl_seconds')::integer) = NEW.expires_at - NEW.created_at
                         AND p.version = (SELECT max(version) FROM approval_policies WHERE kind = NEW.kind)) THEN
        PERFORM refuse_request(NEW.id, 'its legs and times are not those of the policy');
    ELSIF coalesce((SELECT sum((leg ->> 'count')::integer) FROM jsonb_array_elements(NEW.legs) leg), 0) < 1 THEN
        PERFORM refuse_request(NEW.id, 'asks nobody');
    END IF;
    RETURN NEW;
END $$;

-- What was asked never changes; it moves only where it may, and is approved only by votes that are there.
CREATE FUNCTION guard_request_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_moving text[] := ARRAY['state', 'not_before', 'ended_at', 'executed_at', 'result'];
    v_move text := OLD.state || ' to ' || NEW.state;
BEGIN
    IF to_jsonb(OLD) - v_moving IS DISTINCT FROM to_jsonb(NEW) - v_moving THEN
        PERFORM refuse_request(OLD.id, 'what was asked does not change');
    ELSIF v_move NOT IN ('pending to approved', 'pending to denied', 'pending to expired', 'pending to cancelled',
                         'approved to executed', 'approved to failed', 'approved to pending', 'approved to denied',
                         'approved to cancelled', 'failed to approved', 'failed to denied', 'failed to expired',
                         'failed to cancelled') THEN
        PERFORM refuse_request(OLD.id, 'cannot go from ' || v_move);
    ELSIF NEW.state IN ('approved', 'executed') AND NOT legs_filled(OLD) THEN
        PERFORM refuse_request(OLD.id, 'not everybody who must has agreed');
    ELSIF NEW.state = 'approved' AND clock_timestamp() >= open_until(OLD) THEN
        PERFORM refuse_request(OLD.id, 'its time is over');
    ELSIF v_move = 'pending to approved' AND OLD.delay_seconds > 0
          AND NEW.not_before < (SELECT max(voted_at) FROM approval_votes WHERE request_id = OLD.id)
                               + make_interval(secs => OLD.delay_seconds) THEN
        PERFORM refuse_request(OLD.id, 'its cooling-off is not cut short');
    ELSIF v_move <> 'pending to approved' AND NEW.not_before IS DISTINCT FROM OLD.not_before
          AND NOT (v_move = 'approved to pending' AND NEW.not_before IS NULL) THEN
        PERFORM refuse_request(OLD.id, 'its cooling-off is not cut short');
    ELSIF NEW.state = 'executed' AND NOT is_due(OLD) THEN
        PERFORM refuse_request(OLD.id, 'its cooling-off is not over');
    ELSIF NEW.state = 'denied'
          AND NOT EXISTS (SELECT FROM approval_votes WHERE request_id = OLD.id AND answer = 'no') THEN
        PERFORM refuse_request(OLD.id, 'nobody said no');
    ELSIF NEW.state = 'cancelled' AND must_be_decided(OLD.kind) THEN
        PERFORM refuse_request(OLD.id, 'is decided, not taken back');
    ELSIF NEW.state = 'cancelled' AND audit.actor() <> 'operator:' || OLD.maker THEN
        PERFORM refuse_request(OLD.id, 'only its maker takes it back');
    ELSIF NEW.state = 'expired' AND (NEW.ended_at IS NULL OR NEW.ended_at < open_until(OLD)) THEN
        PERFORM refuse_request(OLD.id, 'its time is not over');
    END IF;
    RETURN NEW;
END $$;

-- One vote a person, in their own name, to the content as it stands, for a leg that is open to them. Voters of one
-- request come one after the other: each waits for the request's row.
CREATE FUNCTION guard_vote() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    r approval_requests;
BEGIN
    SELECT * INTO r FROM approval_requests WHERE id = NEW.request_id FOR UPDATE;
    NEW.voted_at := clock_timestamp();  -- what a cooling-off is counted from
    IF audit.actor() <> 'operator:' || NEW.voter THEN
        PERFORM refuse_request(NEW.request_id, 'is voted on in one''s own name');
    ELSIF NEW.voter = r.maker OR r.target = 'operator:' || NEW.voter THEN
        PERFORM refuse_request(NEW.request_id, 'is not decided by whom it is from or about');
    ELSIF NOT (r.state = 'pending' OR (r.state IN ('approved', 'failed') AND NEW.answer = 'no')) THEN
        PERFORM refuse_request(NEW.request_id, 'is not open to votes');
    ELSIF NEW.answer = 'yes' AND NEW.voted_at >= open_until(r) THEN
        PERFORM refuse_request(NEW.request_id, 'is voted on too late');
    ELSIF NEW.hash_seen <> r.payload_hash THEN
        PERFORM refuse_request(NEW.request_id, 'is not what the voter saw');
    ELSIF r.legs -> NEW.leg IS NULL OR NOT fits_leg(NEW.voter, r.legs -> NEW.leg) THEN
        PERFORM refuse_request(NEW.request_id, 'has no leg for this voter');
    ELSIF NEW.answer = 'yes' AND leg_votes(r, NEW.leg) >= (r.legs -> NEW.leg ->> 'count')::integer THEN
        PERFORM refuse_request(NEW.request_id, 'has that leg filled');
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER born BEFORE INSERT ON approval_requests FOR EACH ROW EXECUTE FUNCTION guard_request_born();
CREATE TRIGGER moves BEFORE UPDATE ON approval_requests FOR EACH ROW EXECUTE FUNCTION guard_request_moves();
CREATE TRIGGER kept BEFORE DELETE ON approval_requests FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON approval_requests
    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER vote BEFORE INSERT ON approval_votes FOR EACH ROW EXECUTE FUNCTION guard_vote();
ALTER TABLE approval_requests ENABLE ALWAYS TRIGGER born, ENABLE ALWAYS TRIGGER moves, ENABLE ALWAYS TRIGGER kept,
    ENABLE ALWAYS TRIGGER never_emptied;
ALTER TABLE approval_votes ENABLE ALWAYS TRIGGER vote;
SELECT audit.protect('approval_votes');
SELECT audit.protect('approval_voids');

-- The policies of the beginning. A condition that is not there fits everything; no rule that fits: it cannot be asked.
INSERT INTO approval_policies (id, kind, version, rules, created_at)
SELECT 'pol_' || kind || '_1', kind, 1, rules::jsonb, now() FROM (VALUES
    ('adjustments.journal', '[
        {"amount_over": 5000000000, "legs": [{"roles": ["treasury"], "count": 2}], "ttl_seconds": 604800, "delay_seconds": 0},
        {"legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]'),
    ('applications.tier', '[
        {"legs": [{"roles": ["compliance_manager"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]'),
    ('applications.refusal', '[
        {"legs": [{"roles": ["compliance_manager"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]'),
    ('applications.lift', '[
        {"legs": [{"roles": ["compliance_manager"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]'),
    ('staff.roles', '[
        {"target": "both", "legs": [{"roles": ["compliance_manager"], "count": 1}, {"roles": ["admin"], "count": 1}], "ttl_seconds": 259200, "delay_seconds": 0},
        {"target": "compliance", "legs": [{"roles": ["compliance_manager"], "count": 1}], "ttl_seconds": 259200, "delay_seconds": 0},
        {"target": "other", "legs": [{"roles": ["admin"], "count": 1}], "ttl_seconds": 259200, "delay_seconds": 0}]'),
    ('staff.invitation', '[
        {"target": "both", "legs": [{"roles": ["compliance_manager"], "count": 1}, {"roles": ["admin"], "count": 1}], "ttl_seconds": 259200, "delay_seconds": 0},
        {"target": "compliance", "legs": [{"roles": ["compliance_manager"], "count": 1}], "ttl_seconds": 259200, "delay_seconds": 0},
        {"target": "other", "legs": [{"roles": ["admin"], "count": 1}], "ttl_seconds": 259200, "delay_seconds": 0}]'),
    ('customer.unfreeze', '[
        {"legs": [{"roles": ["compliance_manager"], "count": 1}], "ttl_seconds": 259200, "delay_seconds": 0}]'),
    ('customer.recovery', '[
        {"legs": [{"roles": ["compliance_officer", "compliance_manager"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]'),
    ('risk.limits', '[
        {"legs": [{"roles": ["admin"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]'),
    ('risk.fees', '[
        {"legs": [{"roles": ["admin"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]'),
    ('payments.override_name', '[
        {"legs": [{"roles": ["compliance_manager"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]'),
    ('risk.thresholds', '[
        {"legs": [{"roles": ["compliance_manager"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]'),
    ('staff.review', '[
        {"legs": [{"roles": ["compliance_manager"], "count": 1}], "ttl_seconds": 2592000, "delay_seconds": 0}]'),
    ('withdrawals.send', '[
        {"amount_over": 1000000000, "risk": "high", "denies": true, "legs": [], "ttl_seconds": 604800, "delay_seconds": 0},
        {"amount_over": 1000000000, "risk": "high", "legs": [{"roles": ["compliance_manager"], "count": 1}, {"roles": ["treasury"], "count": 1}, {"roles": ["admin"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 14400},
        {"amount_over": 1000000000, "risk": "medium", "legs": [{"roles": ["compliance_manager"], "count": 1}, {"roles": ["treasury"], "count": 1}, {"roles": ["admin"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 14400},
        {"amount_over": 1000000000, "legs": [{"roles": ["compliance_manager"], "count": 1}, {"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 3600},
        {"amount_over": 200000000, "risk": "high", "legs": [{"roles": ["compliance_manager"], "count": 1}, {"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 14400},
        {"amount_over": 200000000, "risk": "medium", "legs": [{"roles": ["compliance_manager"], "count": 1}, {"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0},
        {"amount_over": 200000000, "legs": [{"roles": ["compliance_officer", "compliance_manager"], "count": 1}, {"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0},
        {"amount_over": 50000000, "risk": "high", "legs": [{"roles": ["compliance_manager"], "count": 1}, {"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0},
        {"risk": "high", "target": "new", "legs": [{"roles": ["compliance_manager"], "count": 1}, {"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0},
        {"risk": "high", "legs": [{"roles": ["compliance_officer", "compliance_manager"], "count": 1}, {"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0},
        {"amount_over": 50000000, "risk": "medium", "legs": [{"roles": ["compliance_officer", "compliance_manager"], "count": 1}, {"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0},
        {"risk": "medium", "target": "new", "legs": [{"roles": ["compliance_officer", "compliance_manager"], "count": 1}, {"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0},
        {"risk": "medium", "legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0},
        {"amount_over": 50000000, "legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0},
        {"target": "new", "legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0},
        {"legs": [], "ttl_seconds": 604800, "delay_seconds": 0}]'),
    ('governance.policy', '[
        {"legs": [{"roles": ["admin"], "count": 1}, {"roles": ["compliance_manager"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 3600}]')
) AS beginning (kind, rules);

-- Later versions come by a request that was approved, for this kind and with these rules; none is ever changed.
CREATE FUNCTION guard_policy() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'governance.policy'
                      AND r.target = 'policy:' || NEW.kind AND r.payload -> 'rules' = NEW.rules)
       OR NEW.version <> (SELECT coalesce(max(version), 0) + 1 FROM approval_policies WHERE kind = NEW.kind) THEN
        PERFORM refuse_request(NEW.request_id, 'does not make this policy');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT ON approval_policies FOR EACH ROW EXECUTE FUNCTION guard_policy();
ALTER TABLE approval_policies ENABLE ALWAYS TRIGGER approved;
SELECT audit.protect('approval_policies');
ALTER TABLE approval_policies ADD CONSTRAINT fk_approval_policies_request_id
    -- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
    FOREIGN KEY (request_id) REFERENCES approval_requests;

-- Roles that may not meet, or that are none, are refused for whoever writes them.
CREATE FUNCTION guard_roles() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.roles @> '{finance,treasury}' OR NEW.roles @> '{compliance_officer,treasury}'
       OR (NEW.roles @> '{admin}' AND NEW.roles && '{compliance_officer,compliance_manager,finance,treasury}')
       OR (NEW.roles @> '{auditor}' AND NOT NEW.roles <@ '{auditor}')
       OR NOT NEW.roles <@ '{support,compliance_officer,compliance_manager,finance,treasury,admin,auditor}' THEN
        RAISE EXCEPTION 'operator %: these roles may not meet', NEW.id USING ERRCODE = 'BU006';
    ELSIF TG_OP = 'UPDATE' AND NEW.roles IS DISTINCT FROM OLD.roles
          AND NOT EXISTS (SELECT FROM approval_requests r
                           WHERE is_due(r) AND r.kind = 'staff.roles' AND r.target = 'operator:' || NEW.id
                             AND r.payload -> 'roles' = to_jsonb(NEW.roles)
                             AND r.payload -> 'was' @> to_jsonb(OLD.roles)
                             AND r.payload -> 'was' <@ to_jsonb(OLD.roles)) THEN
        RAISE EXCEPTION 'operator %: roles change by an approved request', NEW.id USING ERRCODE = 'BU005';
    ELSIF TG_OP = 'INSERT' AND audit.actor() <> 'system:command:operators create'
          AND NOT EXISTS (SELECT FROM invitations i
                           WHERE i.login_id = NEW.login_id AND i.roles = NEW.roles
                             AND i.accepted_at IS NULL AND i.revoked_at IS NULL) THEN
        -- (the first operators come by that command)
        RAISE EXCEPTION 'operator %: joins by an invitation', NEW.id USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER roles BEFORE INSERT OR UPDATE ON operators FOR EACH ROW EXECUTE FUNCTION guard_roles();
ALTER TABLE operators ENABLE ALWAYS TRIGGER roles;

-- Somebody who is to join. The link's token is known to their mail alone; here is its hash, and until it is mailed itself.
CREATE TABLE invitations (
    id text CONSTRAINT pk_invitations PRIMARY KEY,
    request_id text NOT NULL CONSTRAINT fk_invitations_request_id REFERENCES approval_requests
        CONSTRAINT uq_invitations_request_id UNIQUE,
    login_id text NOT NULL CONSTRAINT fk_invitations_login_id REFERENCES logins,
    name text NOT NULL,
    roles text[] NOT NULL,
    token_hash bytea NOT NULL CONSTRAINT uq_invitations_token_hash UNIQUE,
    token_sealed bytea,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT ck_invitations_one_end CHECK (accepted_at IS NULL OR revoked_at IS NULL)
);
CREATE INDEX ix_invitations_login_id ON invitations (login_id);

CREATE FUNCTION guard_invitation() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'staff.invitation'
                      AND r.payload -> 'roles' = to_jsonb(NEW.roles)) THEN
        PERFORM refuse_request(NEW.request_id, 'does not invite anybody with these roles');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT ON invitations FOR EACH ROW EXECUTE FUNCTION guard_invitation();
ALTER TABLE invitations ENABLE ALWAYS TRIGGER approved;

-- Break-glass: an administrator takes another role alone, for an hour at most, and a review is open from the beginning.
-- A borrowed role opens doors and fills no leg: who votes is looked up in operators.
CREATE TABLE borrowed_roles (
    id text CONSTRAINT pk_borrowed_roles PRIMARY KEY,
    operator_id text NOT NULL CONSTRAINT fk_borrowed_roles_operator_id REFERENCES operators,
    role text NOT NULL CONSTRAINT ck_borrowed_roles_role_lent
        CHECK (role IN ('support', 'compliance_officer', 'finance', 'treasury')),
    reason text NOT NULL CONSTRAINT ck_borrowed_roles_reason_given CHECK (reason <> ''),
    review_id text NOT NULL CONSTRAINT fk_borrowed_roles_review_id REFERENCES approval_requests
        CONSTRAINT uq_borrowed_roles_review_id UNIQUE,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    returned_at timestamptz,
    CONSTRAINT ck_borrowed_roles_an_hour CHECK (until > since AND until <= since + interval '60 min')
);
CREATE INDEX ix_borrowed_roles_operator_id ON borrowed_roles (operator_id, until);

CREATE FUNCTION guard_borrowing() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM operators WHERE id = NEW.operator_id FOR UPDATE;  -- one at a time
    IF audit.actor() <> 'operator:' || NEW.operator_id
       OR NOT EXISTS (SELECT FROM operators WHERE id = NEW.operator_id AND roles @> '{admin}')
       OR NOT EXISTS (SELECT FROM approval_requests WHERE id = NEW.review_id AND kind = 'staff.review'
                         AND state = 'pending' AND payload ->> 'borrowed_id' = NEW.id AND maker = NEW.operator_id)
       OR EXISTS (SELECT FROM borrowed_roles WHERE operator_id = NEW.operator_id AND until > NEW.since
                     AND returned_at IS NULL)
       -- (whose last one nobody has looked at takes no next one)
       OR EXISTS (SELECT FROM approval_requests WHERE kind = 'staff.review' AND maker = NEW.operator_id
                     AND id <> NEW.review_id AND state IN ('pending', 'approved', 'failed')) THEN
        RAISE EXCEPTION 'operator %: cannot borrow a role', NEW.operator_id USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER borrowing BEFORE INSERT ON borrowed_roles FOR EACH ROW EXECUTE FUNCTION guard_borrowing();
CREATE FUNCTION guard_return() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.returned_at IS NOT NULL OR to_jsonb(OLD) - 'returned_at' <> to_jsonb(NEW) - 'returned_at' THEN
        RAISE EXCEPTION 'operator %: a borrowed role is given back, not changed', OLD.operator_id USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER return BEFORE UPDATE ON borrowed_roles FOR EACH ROW EXECUTE FUNCTION guard_return();
CREATE TRIGGER kept BEFORE DELETE ON borrowed_roles FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
ALTER TABLE borrowed_roles ENABLE ALWAYS TRIGGER borrowing, ENABLE ALWAYS TRIGGER return, ENABLE ALWAYS TRIGGER kept;

SELECT audit.watch('borrowed_roles');
SELECT audit.watch('approval_policies');
SELECT audit.watch('approval_requests', 'payload');
SELECT audit.watch('approval_votes');
SELECT audit.watch('approval_voids', '=vote_id');
SELECT audit.watch('invitations', 'name', 'token_hash', 'token_sealed');

GRANT SELECT, INSERT ON approval_policies, approval_requests, approval_votes, approval_voids, invitations, borrowed_roles
    TO bursar_app;
GRANT UPDATE (state, not_before, ended_at, executed_at, result) ON approval_requests TO bursar_app;
GRANT UPDATE (returned_at) ON borrowed_roles TO bursar_app;
GRANT UPDATE (token_sealed, accepted_at, revoked_at) ON invitations TO bursar_app;
-- Who an operator is, is written once.
REVOKE UPDATE ON operators FROM bursar_app;
GRANT UPDATE (name, roles) ON operators TO bursar_app;
