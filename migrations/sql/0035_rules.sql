-- Rules of matching, and from how far off somebody is told, are what two people agreed to; what other rules would find is
-- tried first.

-- Rules tried on a copy of an account: what they would put together that is not, and the other way round.
CREATE TABLE matching_trials (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text NOT NULL,
    rules jsonb NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    ended_at timestamptz,
    result jsonb
);
CREATE INDEX ix_matching_trials_account ON matching_trials (account, id);

-- Rules come by a request that was approved, each version after the one that it was written on.
CREATE FUNCTION guard_matching_rules() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'matching.rules'
                      AND r.payload ->> 'account' = NEW.account AND r.payload -> 'rules' = NEW.rules
                      AND (r.payload ->> 'version')::integer = NEW.version)
       OR NEW.version <> (SELECT coalesce(max(version), 0) + 1 FROM matching_rules WHERE account = NEW.account) THEN
        PERFORM refuse_request(NEW.request_id, 'does not set these rules');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT ON matching_rules FOR EACH ROW EXECUTE FUNCTION guard_matching_rules();
ALTER TABLE matching_rules ENABLE ALWAYS TRIGGER approved;

-- Of what is told more than before, one person alone decides; a larger difference that is called rounding needs two.
CREATE FUNCTION guard_tolerance() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.tolerance > coalesce((SELECT tolerance FROM statement_accounts
                                  WHERE source_id = NEW.source_id AND asset = NEW.asset), 0)
       AND NOT EXISTS (SELECT FROM approval_requests r
                        WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'statements.tolerance'
                          AND r.payload ->> 'source' = NEW.source_id AND r.payload ->> 'asset' = NEW.asset
                          AND (r.payload ->> 'tolerance')::numeric = NEW.tolerance) THEN
        PERFORM refuse_request(NEW.request_id, 'does not set this tolerance');
    END IF;
    RETURN NEW;
END $$;
-- What was told of an account explains its difference: lines that were held against it stay with it, and so does a
-- balance of a moment.
CREATE FUNCTION guard_stand_in() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM statement_lines l
                WHERE l.source_id = OLD.source_id AND l.asset = OLD.asset
                  AND (EXISTS (SELECT FROM matches m WHERE m.line_id = l.id AND m.ended_by IS NULL)
                       OR EXISTS (SELECT FROM breaks b WHERE b.line_id = l.id AND b.closed_by IS NULL)))
       OR EXISTS (SELECT FROM statement_imports i JOIN statement_parts p ON p.import_id = i.id
                   WHERE i.source_id = OLD.source_id AND p.asset = OLD.asset AND p.closes_at IS NOT NULL) THEN
        RAISE EXCEPTION 'what was told of % was held against %', OLD.asset, OLD.account USING ERRCODE = 'ST001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stays BEFORE UPDATE OF account ON statement_accounts FOR EACH ROW
    WHEN (NEW.account <> OLD.account) EXECUTE FUNCTION guard_stand_in();
-- What counts as held in a wallet of our own is what two people agreed to: which source tells of it, and of which address.
-- (The source stays as it is meanwhile.)
CREATE FUNCTION guard_wallet() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_address text;
BEGIN
    IF EXISTS (SELECT FROM statement_accounts a
                WHERE (a.source_id, a.asset, a.account) = (NEW.source_id, NEW.asset, NEW.account)) THEN
        RETURN NEW;
    END IF;
    SELECT coalesce(s.settings ->> 'account', '') INTO v_address
      FROM statement_sources s WHERE s.id = NEW.source_id FOR SHARE;
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'statements.wallet'
                      AND r.payload ->> 'source' = NEW.source_id AND r.payload ->> 'asset' = NEW.asset
                      AND r.payload ->> 'account' = NEW.account AND r.payload ->> 'address' = v_address) THEN
        PERFORM refuse_request(NEW.request_id, 'does not let this source tell of this wallet');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER of_wallet BEFORE INSERT OR UPDATE OF account ON statement_accounts FOR EACH ROW
    WHEN (NEW.account LIKE 'asset:wallet:%') EXECUTE FUNCTION guard_wallet();
ALTER TABLE statement_accounts ENABLE ALWAYS TRIGGER of_wallet;
CREATE FUNCTION guard_address() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM statement_accounts a WHERE a.source_id = NEW.id AND a.account LIKE 'asset:wallet:%') THEN
        RAISE EXCEPTION 'the address of % is what was agreed to', NEW.name USING ERRCODE = 'ST004';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER address_stays BEFORE UPDATE OF settings ON statement_sources FOR EACH ROW
    WHEN (coalesce(NEW.settings ->> 'account', '') <> coalesce(OLD.settings ->> 'account', ''))
    EXECUTE FUNCTION guard_address();
ALTER TABLE statement_sources ENABLE ALWAYS TRIGGER address_stays;

-- Whether a source ever told of an account itself: lines of it, or a balance of a moment.
CREATE FUNCTION was_told(p_account text) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
SELECT EXISTS (
    SELECT FROM statement_accounts a
     WHERE a.account = p_account
       AND (EXISTS (SELECT FROM statement_lines l WHERE l.source_id = a.source_id AND l.asset = a.asset)
            OR EXISTS (SELECT FROM statement_imports i JOIN statement_parts p ON p.import_id = i.id
                        WHERE i.source_id = a.source_id AND p.asset = a.asset AND p.closes_at IS NOT NULL)))
$$;
-- Which accounts are counted as one is what two people agreed to: we own both, in one asset. One that a source tells of,
-- or told of, stands for itself, and none joins one that joins another. (One after the other: a source may be given the
-- account at once.)
CREATE FUNCTION guard_joined() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_leaves boolean := TG_OP = 'UPDATE';
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('matching: joined', 0));
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = CASE WHEN v_leaves THEN NEW.left_request_id ELSE NEW.request_id END AND is_due(r)
                      AND r.kind = CASE WHEN v_leaves THEN 'matching.leave' ELSE 'matching.join' END
                      AND r.payload ->> 'account' = NEW.account AND r.payload ->> 'joins' = NEW.joins) THEN
        PERFORM refuse_request(CASE WHEN v_leaves THEN NEW.left_request_id ELSE NEW.request_id END,
                               'is not about these accounts');
    ELSIF NOT v_leaves AND (
            EXISTS (SELECT FROM statement_accounts a JOIN statement_sources s ON s.id = a.source_id
                     WHERE a.account = NEW.account AND s.retired_at IS NULL)
            OR was_told(NEW.account)
            OR EXISTS (SELECT FROM matching_joined j
                        WHERE j.left_at IS NULL AND (j.joins = NEW.account OR j.account = NEW.joins))
            OR NOT EXISTS (SELECT FROM ledger.accounts a JOIN ledger.accounts o USING (asset, class)
                            WHERE a.code = NEW.account AND o.code = NEW.joins AND a.class = 'asset'
                              AND a.code NOT LIKE 'asset:owed\_by\_customers:%')) THEN
        RAISE EXCEPTION '% cannot be counted with %', NEW.account, NEW.joins USING ERRCODE = 'ST002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT OR UPDATE ON matching_joined FOR EACH ROW EXECUTE FUNCTION guard_joined();
ALTER TABLE matching_joined ENABLE ALWAYS TRIGGER approved;

-- The other way round: no source is given an account that is counted with another, nor taken from one that others join
-- where no other source has it.
CREATE FUNCTION guard_told_alone() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('matching: joined', 0));
    IF EXISTS (SELECT FROM matching_joined j WHERE j.account = NEW.account AND j.left_at IS NULL) THEN
        RAISE EXCEPTION '% is counted with another account', NEW.account USING ERRCODE = 'ST002';
    ELSIF TG_OP = 'UPDATE' AND EXISTS (SELECT FROM matching_joined j WHERE j.joins = OLD.account AND j.left_at IS NULL)
          AND NOT EXISTS (SELECT FROM statement_accounts a
                           WHERE a.account = OLD.account AND (a.source_id, a.asset) <> (OLD.source_id, OLD.asset)) THEN
        RAISE EXCEPTION 'others are counted with %', OLD.account USING ERRCODE = 'ST003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER told_alone BEFORE INSERT ON statement_accounts FOR EACH ROW EXECUTE FUNCTION guard_told_alone();
CREATE TRIGGER told_alone_still BEFORE UPDATE OF account ON statement_accounts FOR EACH ROW
    WHEN (NEW.account <> OLD.account) EXECUTE FUNCTION guard_told_alone();
ALTER TABLE statement_accounts ENABLE ALWAYS TRIGGER told_alone;
ALTER TABLE statement_accounts ENABLE ALWAYS TRIGGER told_alone_still;

-- Accounts that a source told of.
CREATE FUNCTION told_accounts(p_source text) RETURNS SETOF text
    LANGUAGE sql STABLE ROWS 1 SET search_path = public, pg_temp AS $$
SELECT DISTINCT a.account FROM statement_accounts a
 WHERE a.source_id = p_source
   AND (EXISTS (SELECT FROM statement_lines l WHERE l.source_id = p_source)
        OR EXISTS (SELECT FROM statement_imports i JOIN statement_parts p ON p.import_id = i.id
                    WHERE i.source_id = p_source AND p.closes_at IS NOT NULL))
 ORDER BY 1
$$;
-- That it tells of them no more is what two people say, also where another one does: that one may be anybody's.
CREATE FUNCTION guard_retirement() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM told_accounts(NEW.id))
       AND NOT EXISTS (SELECT FROM approval_requests r
                        WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'statements.retire'
                          AND r.payload ->> 'source' = NEW.id) THEN
        PERFORM refuse_request(NEW.request_id, 'does not retire this source');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE UPDATE OF retired_at ON statement_sources FOR EACH ROW
    WHEN (NEW.retired_at IS NOT NULL) EXECUTE FUNCTION guard_retirement();
ALTER TABLE statement_sources ENABLE ALWAYS TRIGGER approved;
CREATE TRIGGER approved BEFORE INSERT OR UPDATE ON statement_accounts FOR EACH ROW EXECUTE FUNCTION guard_tolerance();
ALTER TABLE statement_accounts ENABLE ALWAYS TRIGGER approved;

SELECT set_config('bursar.actor', 'system:migration 0035', true);
ALTER TABLE approval_policies DISABLE TRIGGER approved;
INSERT INTO approval_policies (id, kind, version, rules, created_at)
SELECT 'pol_' || kind || '_1', kind, 1,
       jsonb_build_array(jsonb_build_object('legs', jsonb_build_array(jsonb_build_object('roles', '["treasury"]'::jsonb,
                                                                                         'count', 1)),
                                            'ttl_seconds', 604800, 'delay_seconds', 0)), now()
  FROM unnest(ARRAY['matching.rules', 'matching.join', 'matching.leave', 'statements.tolerance', 'statements.wallet',
                    'statements.retire']) AS beginning (kind);
ALTER TABLE approval_policies ENABLE ALWAYS TRIGGER approved;
SELECT set_config('bursar.actor', '', true);

SELECT audit.watch('matching_trials');
SELECT audit.marks_stay('matching_trials', 'ended_at');
GRANT SELECT, INSERT ON matching_trials TO bursar_app;
GRANT UPDATE (ended_at, result) ON matching_trials TO bursar_app;
