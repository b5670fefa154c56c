-- Accounts: opened, frozen in a direction, given another limit, closed. Each leaves an audit record.

CREATE FUNCTION ledger.open_account(p_code text, p_asset text, p_floor numeric, p_stripes integer DEFAULT 1) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE v_id bigint; BEGIN
    IF p_stripes > 1 AND p_floor IS NOT NULL THEN
        RAISE EXCEPTION 'account % cannot have both stripes and a floor', p_code USING ERRCODE = 'LG012';
    END IF;
    IF p_floor::units > 0 THEN
        RAISE EXCEPTION 'account % begins with less than that', p_code USING ERRCODE = 'LG004';
    END IF;
    INSERT INTO accounts (code, asset, stripes, opened_by) VALUES (p_code, p_asset, p_stripes, audit.actor())
        ON CONFLICT (code) DO NOTHING RETURNING id INTO v_id;
    IF v_id IS NULL THEN  -- opened before: the same account or a refusal
        SELECT b.account_id INTO v_id FROM balances b
         WHERE b.code = p_code AND b.stripe = 0 AND b.asset = p_asset AND b.floor IS NOT DISTINCT FROM p_floor
           AND b.stripes = p_stripes;
        IF v_id IS NULL THEN
            RAISE EXCEPTION 'account % exists with another asset, floor or number of stripes', p_code USING ERRCODE = 'LG014';
        END IF;
        RETURN v_id;
    END IF;
    INSERT INTO balances (account_id, stripe, stripes, code, asset, side, floor)
        SELECT a.id, s, a.stripes, a.code, a.asset, CASE WHEN a.class IN ('asset', 'expense') THEN 1 ELSE -1 END, p_floor::units
          FROM accounts a, generate_series(0, p_stripes - 1) s WHERE a.id = v_id;
    PERFORM ledger.note(p_code, NULL, jsonb_build_object('asset', p_asset, 'floor', p_floor::text, 'stripes', p_stripes));
    RETURN v_id;
END $$;

-- Lock an account's rows in the order every function keeps, and answer its id.
CREATE FUNCTION ledger.lock_account(p_code text) RETURNS bigint
    LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
DECLARE v_id bigint; BEGIN
    SELECT max(x.account_id) INTO v_id
      FROM (SELECT b.account_id FROM balances b WHERE b.code = p_code ORDER BY b.account_id, b.stripe FOR NO KEY UPDATE) x;
    IF v_id IS NULL THEN RAISE EXCEPTION 'there is no account %', p_code USING ERRCODE = 'LG003'; END IF;
    RETURN v_id;
END $$;

CREATE FUNCTION ledger.note(p_code text, p_before jsonb, p_after jsonb) RETURNS void
    LANGUAGE sql SET search_path = ledger, pg_temp AS $$
    INSERT INTO audit.records (actor, request_id, reason, table_name, row_id, action, before, after)
    VALUES (audit.actor(), coalesce(current_setting('bursar.request_id', true), ''),
            coalesce(current_setting('bursar.reason', true), ''), 'accounts', p_code,
            CASE WHEN p_before IS NULL THEN 'insert' ELSE 'update' END, p_before, p_after)
$$;

-- Freeze or thaw an account, each direction for itself. What is held stays held and can still be captured or released,
-- except that a capture books in the frozen direction like everything else.
CREATE FUNCTION ledger.restrict(p_code text, p_no_debits boolean, p_no_credits boolean) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    v_id bigint := ledger.lock_account(p_code);
    v_old record;
BEGIN
    SELECT b.no_debits, b.no_credits INTO v_old FROM balances b WHERE b.account_id = v_id AND b.stripe = 0;
    IF (v_old.no_debits, v_old.no_credits) = (p_no_debits, p_no_credits) THEN RETURN; END IF;
    UPDATE balances b SET no_debits = p_no_debits, no_credits = p_no_credits WHERE b.account_id = v_id;
    PERFORM ledger.note(p_code, to_jsonb(v_old), jsonb_build_object('no_debits', p_no_debits, 'no_credits', p_no_credits));
END $$;

-- Give an account another floor: 0 no overdraft, -x an overdraft limit, NULL none. It must not lie below its new floor.
CREATE FUNCTION ledger.set_floor(p_code text, p_floor numeric) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    v_id bigint := ledger.lock_account(p_code);
    v_old balances;
BEGIN
    SELECT * INTO v_old FROM balances b WHERE b.account_id = v_id AND b.stripe = 0;
    IF v_old.stripes > 1 AND p_floor IS NOT NULL THEN
        RAISE EXCEPTION 'account % has stripes and cannot have a floor', p_code USING ERRCODE = 'LG012';
    END IF;
    IF v_old.floor IS NOT DISTINCT FROM p_floor THEN RETURN; END IF;
    IF v_old.side * (v_old.debits - v_old.credits) - v_old.held < p_floor THEN
        RAISE EXCEPTION 'account % has less than that', p_code USING ERRCODE = 'LG004';
    END IF;
    UPDATE balances b SET floor = p_floor::units WHERE b.account_id = v_id;
    PERFORM ledger.note(p_code, jsonb_build_object('floor', v_old.floor::text), jsonb_build_object('floor', p_floor::text));
END $$;

-- Close an account for good. Only when nothing is in it and nothing is held.
CREATE FUNCTION ledger.close_account(p_code text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    v_id bigint := ledger.lock_account(p_code);
    v_sums record;
BEGIN
    SELECT sum(b.debits - b.credits) AS balance, sum(b.held) AS held, bool_and(b.closed) AS closed INTO v_sums
      FROM balances b WHERE b.account_id = v_id;
    IF v_sums.closed THEN RETURN; END IF;
    IF v_sums.balance <> 0 OR v_sums.held <> 0 THEN
        RAISE EXCEPTION 'account % is not empty', p_code USING ERRCODE = 'LG012';
    END IF;
    UPDATE balances b SET closed = true, no_debits = true, no_credits = true WHERE b.account_id = v_id;
    PERFORM ledger.note(p_code, '{"closed": false}', '{"closed": true}');
END $$;
