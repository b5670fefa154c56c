-- Many journals in one round trip, written set by set. Items are taken in their order: each sees what those before it
-- left, so a running minimum counts. An item that must be refused is refused alone and the next one goes on; with
-- p_all the first refusal refuses the batch. One long function, because its arrays are not handed over: PostgreSQL would
-- copy them at every call.

CREATE FUNCTION ledger.write_batch(
    p_keys text[], p_hashes bytea[], p_kinds text[], p_refs text[], p_memos jsonb[], p_effectives timestamptz[],
    p_corrects bigint[], p_items integer[], p_codes text[], p_amounts numeric[],  -- one per leg, legs of an item together, items in order
    p_all boolean, p_reverses bigint)
    RETURNS TABLE (item integer, journal_id bigint, replayed boolean, refusal text)
    LANGUAGE plpgsql SET search_path = ledger, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    n_items integer := cardinality(p_keys);
    n_legs integer := cardinality(p_items);
    v_session integer := pg_backend_pid();
    v_actor text := audit.actor();
    v_request text := coalesce(current_setting('bursar.request_id', true), '');
    v_now timestamptz;
    -- the locked accounts, and each leg's place among them
    v_account bigint[]; v_stripe smallint[]; v_asset text[]; v_side smallint[]; v_floor numeric[]; v_held numeric[];
    v_no_debits boolean[]; v_no_credits boolean[]; v_debits numeric[]; v_credits numeric[]; v_seq bigint[];
    v_place integer[];
    -- what comes of each item and leg
    v_refusal text[] := array_fill(NULL::text, ARRAY[n_items]);
    v_journal bigint[] := array_fill(NULL::bigint, ARRAY[n_items]);
    v_replayed boolean[] := array_fill(false, ARRAY[n_items]);
    v_written boolean[] := array_fill(false, ARRAY[n_items]);  -- neither refused nor replayed
    v_before_item integer[] := array_fill(0, ARRAY[n_items]);  -- the number of legs before it
    v_legs integer[] := array_fill(0, ARRAY[n_items]);
    v_leg_seq bigint[] := array_fill(NULL::bigint, ARRAY[n_legs]);
    v_leg_balance numeric[] := array_fill(NULL::numeric, ARRAY[n_legs]);
    v_first integer; v_last integer := 0; v_item integer; v_leg integer; p integer; v_why text; v_before numeric[];
    v_left numeric; v_total numeric; v_mixed boolean; v_count integer; r record;
BEGIN
    IF n_items = 0 OR n_items <> ANY (ARRAY[cardinality(p_hashes), cardinality(p_kinds), cardinality(p_refs), cardinality(p_memos),
                                            cardinality(p_effectives), cardinality(p_corrects)])
       OR n_legs <> ANY (ARRAY[cardinality(p_codes), cardinality(p_amounts)])
       OR p_items IS DISTINCT FROM (SELECT array_agg(i ORDER BY i) FROM unnest(p_items) i WHERE i BETWEEN 1 AND n_items) THEN
        RAISE EXCEPTION 'each leg of a batch is of one of its items, and stands with the others of that item' USING ERRCODE = 'LG001';
    END IF;
    SELECT array_agg(x.account_id), array_agg(x.stripe), array_agg(x.asset), array_agg(x.side), array_agg(x.floor),
           array_agg(x.held), array_agg(x.no_debits), array_agg(x.no_credits), array_agg(x.debits), array_agg(x.credits),
           array_agg(x.seq), greatest(max(x.booked_at), clock_timestamp())
      INTO v_account, v_stripe, v_asset, v_side, v_floor, v_held, v_no_debits, v_no_credits, v_debits, v_credits, v_seq, v_now
      FROM (SELECT b.* FROM balances b
             WHERE b.code IN (SELECT unnest(p_codes)) AND b.stripe = v_session % b.stripes
             ORDER BY b.account_id FOR NO KEY UPDATE) x;
    SELECT array_agg(k.place ORDER BY l.o) INTO v_place
      FROM unnest(p_codes) WITH ORDINALITY l (code, o)
      LEFT JOIN (SELECT b.code, u.place FROM unnest(v_account, v_stripe) WITH ORDINALITY u (account_id, stripe, place)
                   JOIN balances b ON b.account_id = u.account_id AND b.stripe = u.stripe) k ON k.code = l.code;

    FOR r IN SELECT k.* FROM (SELECT u.o, j.id, j.hash = u.hash AS same, row_number() OVER (PARTITION BY u.key ORDER BY u.o) AS nth
                                FROM unnest(p_keys, p_hashes) WITH ORDINALITY u (key, hash, o)
                                LEFT JOIN journals j ON j.key = u.key) k
              WHERE k.nth > 1 OR k.id IS NOT NULL LOOP
        IF r.nth > 1 THEN
            v_refusal[r.o] := 'LG010';
        ELSIF r.same THEN
            v_journal[r.o] := r.id;
            v_replayed[r.o] := true;
        ELSE
            v_refusal[r.o] := 'LG002';
        END IF;
    END LOOP;
    FOR r IN SELECT u.o FROM unnest(p_corrects) WITH ORDINALITY u (id, o)
              WHERE u.id IS NOT NULL AND NOT EXISTS (SELECT FROM journals j WHERE j.id = u.id) LOOP
        v_refusal[r.o] := coalesce(v_refusal[r.o], 'LG013');
    END LOOP;
    FOR r IN SELECT DISTINCT u.item FROM unnest(p_items, p_amounts) u (item, amount)
              WHERE (u.amount = trunc(u.amount) AND abs(u.amount) < 1e38) IS NOT TRUE LOOP
        v_refusal[r.item] := coalesce(v_refusal[r.item], 'LG001');
    END LOOP;
    FOR r IN SELECT * FROM (
                 SELECT u.o, CASE WHEN NOT (u.effective >= '1900-01-01' AND u.effective < '2200-01-01') THEN 'LG015'
                                  WHEN EXISTS (SELECT FROM periods p WHERE p.ends_at > u.effective AND (p.state <> 'closing'
                                                 OR (u.corrects IS NULL AND p_reverses IS NULL
                                                     AND u.kind <> 'adjustments.booked'))) THEN 'LG009' END AS why
                   FROM unnest(p_effectives, p_corrects, p_kinds) WITH ORDINALITY u (effective, corrects, kind, o)
                  WHERE u.effective IS NOT NULL) d
              WHERE d.why IS NOT NULL AND NOT v_replayed[d.o] LOOP
        v_refusal[r.o] := coalesce(v_refusal[r.o], r.why);
    END LOOP;

    WHILE v_last < n_legs LOOP
        v_first := v_last + 1;
        v_item := p_items[v_first];
        v_last := v_first;
        WHILE v_last < n_legs AND p_items[v_last + 1] = v_item LOOP v_last := v_last + 1; END LOOP;
        v_before_item[v_item] := v_first - 1;
        v_legs[v_item] := v_last - v_first + 1;
        CONTINUE WHEN v_refusal[v_item] IS NOT NULL OR v_replayed[v_item];
        v_why := CASE WHEN v_first = v_last THEN 'LG001' END;
        v_total := 0;
        v_mixed := false;
        FOR v_leg IN v_first..v_last LOOP  -- it has accounts and amounts, and balances in every asset
            IF v_place[v_leg] IS NULL THEN
                v_why := coalesce(v_why, 'LG003');
            ELSIF p_amounts[v_leg] = 0 THEN
                v_why := coalesce(v_why, 'LG001');
            ELSE
                v_total := v_total + p_amounts[v_leg];
                v_mixed := v_mixed OR v_asset[v_place[v_leg]] <> v_asset[v_place[v_first]];
            END IF;
        END LOOP;
        IF v_why IS NULL AND (v_total <> 0 OR (v_mixed AND EXISTS (
                SELECT FROM unnest(v_place[v_first:v_last], p_amounts[v_first:v_last]) l (place, amount)
                 GROUP BY v_asset[l.place] HAVING sum(l.amount) <> 0))) THEN
            v_why := 'LG005';
        END IF;
        IF v_why IS NOT NULL THEN
            v_refusal[v_item] := v_why;
            CONTINUE;
        END IF;
        v_written[v_item] := true;
        v_before := NULL;
        FOR v_leg IN v_first..v_last LOOP  -- as if it were posted
            p := v_place[v_leg];
            v_before[v_leg - v_first + 1] := v_side[p] * (v_debits[p] - v_credits[p]) - v_held[p];
            IF p_amounts[v_leg] > 0 THEN
                v_debits[p] := v_debits[p] + p_amounts[v_leg];
                IF v_no_debits[p] THEN v_why := 'LG003'; END IF;
            ELSE
                v_credits[p] := v_credits[p] - p_amounts[v_leg];
                IF v_no_credits[p] THEN v_why := 'LG003'; END IF;
            END IF;
            v_seq[p] := v_seq[p] + 1;
            v_leg_seq[v_leg] := v_seq[p];
            v_leg_balance[v_leg] := v_debits[p] - v_credits[p];
        END LOOP;
        FOR v_leg IN v_first..v_last LOOP  -- what is left in each account that has a floor
            p := v_place[v_leg];
            CONTINUE WHEN v_floor[p] IS NULL;
            v_left := v_side[p] * (v_debits[p] - v_credits[p]) - v_held[p];
            IF v_left < v_floor[p] AND v_left < v_before[1 + array_position(v_place[v_first:v_last], p) - 1] THEN
                v_why := coalesce(v_why, 'LG004');
            END IF;
        END LOOP;
        IF v_why IS NOT NULL THEN  -- as if it had not been
            v_refusal[v_item] := v_why;
            v_written[v_item] := false;
            FOR v_leg IN v_first..v_last LOOP
                p := v_place[v_leg];
                IF p_amounts[v_leg] > 0 THEN
                    v_debits[p] := v_debits[p] - p_amounts[v_leg];
                ELSE
                    v_credits[p] := v_credits[p] + p_amounts[v_leg];
                END IF;
                v_seq[p] := v_seq[p] - 1;
            END LOOP;
        END IF;
    END LOOP;
    FOR v_item IN 1..n_items LOOP
        IF v_legs[v_item] = 0 THEN v_refusal[v_item] := coalesce(v_refusal[v_item], 'LG001'); END IF;
    END LOOP;
    IF p_all THEN
        SELECT u.why, p_keys[u.o] AS key, u.o INTO r FROM unnest(v_refusal) WITH ORDINALITY u (why, o) WHERE u.why IS NOT NULL ORDER BY u.o LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'item % of the batch, key %, is refused (%)', r.o, r.key, r.why USING ERRCODE = r.why;
        END IF;
    END IF;

    SELECT array_agg(CASE WHEN u.written THEN nextval('journals_id_seq') ELSE u.id END ORDER BY u.o)
      INTO v_journal FROM unnest(v_written, v_journal) WITH ORDINALITY u (written, id, o);
    INSERT INTO journals (id, key, hash, kind, ref, legs, memo, actor, request_id, reverses, corrects, effective_at, booked_at)
        OVERRIDING SYSTEM VALUE
    SELECT u.id, u.key, u.hash, u.kind, u.ref, u.legs, u.memo, v_actor, v_request, p_reverses, u.corrects,
           coalesce(u.effective, v_now), v_now
      FROM unnest(v_journal, p_keys, p_hashes, p_kinds, p_refs, v_legs, p_memos, p_effectives, p_corrects, v_written)
           u (id, key, hash, kind, ref, legs, memo, effective, corrects, written)
     WHERE u.written
    ON CONFLICT (key) DO NOTHING;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count <> cardinality(array_positions(v_written, true)) THEN
        RAISE EXCEPTION 'a key of the batch was used meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    UPDATE balances b SET debits = u.debits, credits = u.credits, seq = u.seq, booked_at = v_now
      FROM unnest(v_account, v_stripe, v_debits, v_credits, v_seq) u (account_id, stripe, debits, credits, seq)
     WHERE b.account_id = u.account_id AND b.stripe = u.stripe AND b.seq <> u.seq;
    INSERT INTO entries (journal_id, leg, account_id, stripe, asset, amount, seq, balance_after, effective_at, booked_at)
    SELECT i.id, l.o - i.before, a.account_id, a.stripe, a.asset, l.amount, l.seq, l.balance, coalesce(i.effective, v_now), v_now
      FROM unnest(p_items, v_place, p_amounts, v_leg_seq, v_leg_balance) WITH ORDINALITY l (item, place, amount, seq, balance, o)
      JOIN unnest(v_journal, v_written, v_before_item, p_effectives) WITH ORDINALITY i (id, written, before, effective, item) ON i.item = l.item
      JOIN unnest(v_account, v_stripe, v_asset) WITH ORDINALITY a (account_id, stripe, asset, place) ON a.place = l.place
     WHERE i.written ORDER BY l.o;
    RETURN QUERY SELECT u.o::integer, u.id, u.replayed, u.why
      FROM unnest(v_journal, v_replayed, v_refusal) WITH ORDINALITY u (id, replayed, why, o) ORDER BY u.o;
END $$;

CREATE FUNCTION ledger.post_batch(
    p_keys text[], p_kinds text[], p_refs text[], p_memos jsonb[], p_effectives timestamptz[], p_corrects bigint[],
    p_items integer[], p_codes text[], p_amounts numeric[], p_all boolean)
    RETURNS TABLE (item integer, journal_id bigint, replayed boolean, refusal text)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp SET plan_cache_mode = force_custom_plan AS $$
DECLARE v_hashes bytea[]; BEGIN
    SELECT array_agg(sha256(convert_to(ARRAY['post', u.kind, u.ref, l.codes::text, l.amounts::text,  -- as in post()
                                             extract(epoch FROM u.effective)::text, u.memo::text, NULL, u.corrects::text]::text, 'UTF8')) ORDER BY u.o)
      INTO v_hashes
      FROM unnest(p_kinds, p_refs, p_memos, p_effectives, p_corrects) WITH ORDINALITY u (kind, ref, memo, effective, corrects, o)
      LEFT JOIN (SELECT x.item, array_agg(x.code ORDER BY x.o) AS codes, array_agg(x.amount ORDER BY x.o) AS amounts
                   FROM unnest(p_items, p_codes, p_amounts) WITH ORDINALITY x (item, code, amount, o) GROUP BY x.item) l ON l.item = u.o;
    RETURN QUERY SELECT * FROM ledger.write_batch(p_keys, v_hashes, p_kinds, p_refs, p_memos, p_effectives, p_corrects,
                                                  p_items, p_codes, p_amounts, p_all, NULL);
END $$;
