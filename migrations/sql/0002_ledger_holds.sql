-- Holds: they lower what is available and move nothing. Locks as everywhere, balances first.

CREATE FUNCTION ledger.hold(p_key text, p_ref text, p_code text, p_amount numeric, p_expires timestamptz DEFAULT NULL,
                            OUT hold_id bigint, OUT replayed boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    -- (without the expiry: it is counted from now, and a second try has another now)
    v_hash bytea := sha256(convert_to(ARRAY['hold', p_ref, p_code, p_amount::text]::text, 'UTF8'));
    v_account balances;
    v_old holds;
BEGIN
    IF NOT p_amount > 0 THEN RAISE EXCEPTION 'a hold is of more than nothing' USING ERRCODE = 'LG001'; END IF;
    SELECT * INTO v_account FROM balances b WHERE b.code = p_code AND b.stripe = 0 FOR NO KEY UPDATE;
    IF NOT FOUND THEN RAISE EXCEPTION 'there is no account %', p_code USING ERRCODE = 'LG003'; END IF;
    IF v_account.stripes > 1 THEN
        RAISE EXCEPTION 'account % has stripes: nothing can be held of it', p_code USING ERRCODE = 'LG012';
    END IF;
    INSERT INTO holds (key, hash, account_id, amount, remaining, ref, actor, held_at, expires_at)
    VALUES (p_key, v_hash, v_account.account_id, p_amount, p_amount, p_ref, audit.actor(), clock_timestamp(), p_expires)
        ON CONFLICT (key) DO NOTHING RETURNING id INTO hold_id;
    replayed := hold_id IS NULL;
    IF replayed THEN
        SELECT * INTO v_old FROM holds h WHERE h.key = p_key;
        IF v_old.hash <> v_hash THEN
            RAISE EXCEPTION 'key % was used for another hold', p_key USING ERRCODE = 'LG002';
        END IF;
        hold_id := v_old.id;
        RETURN;
    END IF;
    IF (v_account.side = 1 AND v_account.no_credits) OR (v_account.side = -1 AND v_account.no_debits) THEN
        RAISE EXCEPTION 'account % is frozen in the direction in which a hold would leave it', p_code USING ERRCODE = 'LG003';
    END IF;
    UPDATE balances b SET held = b.held + p_amount WHERE b.account_id = v_account.account_id AND b.stripe = 0;
END $$;

-- End an amount of a hold that is locked; the balance's row is locked too.
CREATE FUNCTION ledger.end_part(p_hold bigint, p_outcome text, p_amount numeric, p_journal bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
BEGIN
    IF p_amount = 0 THEN RETURN; END IF;
    INSERT INTO hold_parts (hold_id, part, outcome, amount, journal_id, actor, ended_at)
    VALUES (p_hold, 1 + (SELECT count(*) FROM hold_parts x WHERE x.hold_id = p_hold), p_outcome, p_amount, p_journal,
            audit.actor(), clock_timestamp());
    UPDATE holds h SET remaining = h.remaining - p_amount WHERE h.id = p_hold;
END $$;

-- Lock a hold's balance, then the hold, and answer it as it is then.
CREATE FUNCTION ledger.lock_hold(p_hold bigint) RETURNS ledger.holds
    LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
DECLARE v_hold holds; BEGIN
    SELECT * INTO v_hold FROM holds h WHERE h.id = p_hold;
    IF NOT FOUND THEN RAISE EXCEPTION 'there is no hold %', p_hold USING ERRCODE = 'LG006'; END IF;
    PERFORM 1 FROM balances b WHERE b.account_id = v_hold.account_id AND b.stripe = 0 FOR NO KEY UPDATE;
    SELECT * INTO v_hold FROM holds h WHERE h.id = p_hold FOR NO KEY UPDATE;
    RETURN v_hold;
END $$;

-- End what is left of a hold without moving anything. False when nothing was left because it was released or had
-- expired; refused when the last of it was captured.
CREATE FUNCTION ledger.release(p_hold bigint) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    v_hold holds := ledger.lock_hold(p_hold);
    v_outcome text;
BEGIN
    IF v_hold.remaining = 0 THEN
        SELECT p.outcome INTO v_outcome FROM hold_parts p WHERE p.hold_id = p_hold ORDER BY p.part DESC LIMIT 1;
        IF v_outcome = 'captured' THEN RAISE EXCEPTION 'hold % was captured', p_hold USING ERRCODE = 'LG007'; END IF;
        RETURN false;
    END IF;
    PERFORM ledger.end_part(p_hold, 'released', v_hold.remaining, NULL);
    UPDATE balances b SET held = b.held - v_hold.remaining WHERE b.account_id = v_hold.account_id AND b.stripe = 0;
    RETURN true;
END $$;

-- Turn a hold into a journal, which may take up to what remains from the held account. The rest becomes available, or
-- stays held when p_keep. A hold past its time cannot be captured, whether it was swept or not.
CREATE FUNCTION ledger.capture(p_hold bigint, p_keep boolean, p_key text, p_kind text, p_ref text, p_codes text[],
                               p_amounts numeric[], p_effective timestamptz, p_memo jsonb,
                               OUT journal_id bigint, OUT replayed boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    v_memo jsonb := p_memo || jsonb_build_object('hold', p_hold)  -- part of the request, and so of what the key stands for
                           || CASE WHEN p_keep THEN '{"rest": "kept"}' ELSE '{}' END::jsonb;
    v_hold holds;
    v_code text;
    v_side smallint;
    v_taken numeric;
BEGIN
    SELECT a.code INTO v_code FROM holds h JOIN accounts a ON a.id = h.account_id WHERE h.id = p_hold;
    IF NOT FOUND THEN RAISE EXCEPTION 'there is no hold %', p_hold USING ERRCODE = 'LG006'; END IF;
    PERFORM 1 FROM balances b WHERE b.code = ANY (p_codes || v_code) AND b.stripe = pg_backend_pid() % b.stripes
        ORDER BY b.account_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM journals j WHERE j.key = p_key) THEN  -- post() knows whether it is the same request
        SELECT p.journal_id, p.replayed INTO journal_id, replayed
          FROM ledger.post(p_key, p_kind, p_ref, p_codes, p_amounts, p_effective, v_memo) p;
        RETURN;
    END IF;
    v_hold := ledger.lock_hold(p_hold);
    IF v_hold.remaining = 0 OR v_hold.expires_at <= clock_timestamp() THEN
        RAISE EXCEPTION 'hold % has ended', p_hold USING ERRCODE = 'LG007';
    END IF;
    SELECT b.side INTO v_side FROM balances b WHERE b.account_id = v_hold.account_id AND b.stripe = 0;
    SELECT -v_side * coalesce(sum(l.amount), 0) INTO v_taken FROM unnest(p_codes, p_amounts) l (code, amount) WHERE l.code = v_code;
    IF v_taken <= 0 OR v_taken > v_hold.remaining THEN
        RAISE EXCEPTION 'capture of % from hold %, of which % remains', v_taken, p_hold, v_hold.remaining USING ERRCODE = 'LG008';
    END IF;
    UPDATE balances b SET held = b.held - CASE WHEN p_keep THEN v_taken ELSE v_hold.remaining END
     WHERE b.account_id = v_hold.account_id AND b.stripe = 0;
    SELECT p.journal_id, p.replayed INTO journal_id, replayed
      FROM ledger.post(p_key, p_kind, p_ref, p_codes, p_amounts, p_effective, v_memo) p;
    IF replayed THEN RAISE EXCEPTION 'key % was used meanwhile', p_key USING ERRCODE = 'serialization_failure'; END IF;
    PERFORM ledger.end_part(p_hold, 'captured', v_taken, journal_id);
    IF NOT p_keep THEN PERFORM ledger.end_part(p_hold, 'released', v_hold.remaining - v_taken, NULL); END IF;
END $$;

-- Release the holds whose time is over, those of the lowest accounts first: the order in which balances are locked.
CREATE FUNCTION ledger.expire_holds(p_limit integer) RETURNS SETOF bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    v_due record;
    v_hold holds;
BEGIN
    FOR v_due IN SELECT d.id FROM (SELECT h.id, h.account_id FROM holds h
                                    WHERE h.remaining > 0 AND h.expires_at <= clock_timestamp()
                                    ORDER BY h.expires_at LIMIT p_limit) d ORDER BY d.account_id, d.id LOOP
        v_hold := ledger.lock_hold(v_due.id);
        CONTINUE WHEN v_hold.remaining = 0;  -- somebody was quicker
        PERFORM ledger.end_part(v_hold.id, 'expired', v_hold.remaining, NULL);
        UPDATE balances b SET held = b.held - v_hold.remaining WHERE b.account_id = v_hold.account_id AND b.stripe = 0;
        RETURN NEXT v_hold.id;
    END LOOP;
END $$;
