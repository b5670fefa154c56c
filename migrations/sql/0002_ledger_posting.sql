-- Posting. Every function takes its locks in one order: balances by account; then the hold that is captured or the
-- journal that is reversed, which only sessions with that balance in hand want; then the key, by writing the header under
-- its unique index. Time is taken after the locks, and never before an account's last entry: booked_at does
-- not run backwards within a stripe, even when the machine's clock does.

-- The journal that a key stands for, or a refusal when it stands for another request.
CREATE FUNCTION ledger.replay(p_key text, p_hash bytea) RETURNS bigint
    LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
DECLARE v_old record; BEGIN
    SELECT j.id, j.hash INTO v_old FROM journals j WHERE j.key = p_key;
    IF v_old.hash <> p_hash THEN
        RAISE EXCEPTION 'key % was used for another request', p_key USING ERRCODE = 'LG002';
    END IF;
    RETURN v_old.id;
END $$;

-- Post one journal in one round trip. The usual journal names each account once and is written by one statement;
-- any other goes the way of a batch of one.
CREATE FUNCTION ledger.post(p_key text, p_kind text, p_ref text, p_codes text[], p_amounts numeric[],
                            p_effective timestamptz, p_memo jsonb, p_reverses bigint DEFAULT NULL,
                            p_corrects bigint DEFAULT NULL, OUT journal_id bigint, OUT replayed boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
    SET enable_mergejoin = off AS $$
DECLARE
    v_legs integer := cardinality(p_codes);
    v_session integer := pg_backend_pid();  -- chooses the stripe
    v_hash bytea := sha256(convert_to(ARRAY['post', p_kind, p_ref, p_codes::text, p_amounts::text,
        extract(epoch FROM p_effective)::text, p_memo::text, p_reverses::text, p_corrects::text]::text, 'UTF8'));
    v_locked integer;
    v_now timestamptz;
BEGIN
    IF v_legs < 2 OR v_legs <> cardinality(p_amounts) THEN
        RAISE EXCEPTION 'a journal has two legs or more' USING ERRCODE = 'LG001';
    END IF;
    SELECT count(*), greatest(max(x.booked_at), clock_timestamp()) INTO v_locked, v_now
      FROM (SELECT b.booked_at FROM balances b
             WHERE b.code = ANY (p_codes) AND b.stripe = v_session % b.stripes
             ORDER BY b.account_id FOR NO KEY UPDATE) x;
    IF p_corrects IS NOT NULL AND NOT EXISTS (SELECT FROM journals j WHERE j.id = p_corrects) THEN
        RAISE EXCEPTION 'there is no journal %', p_corrects USING ERRCODE = 'LG013';
    END IF;
    IF p_reverses IS NOT NULL THEN
        journal_id := ledger.check_reversal(p_key, p_reverses, p_codes, p_amounts, v_hash);
        replayed := journal_id IS NOT NULL;
        IF replayed THEN RETURN; END IF;
    END IF;
    IF v_locked <> v_legs THEN  -- an account twice, or one that is not there
        SELECT b.journal_id, b.replayed INTO journal_id, replayed
          FROM ledger.write_batch(ARRAY[p_key], ARRAY[v_hash], ARRAY[p_kind], ARRAY[p_ref], ARRAY[p_memo], ARRAY[p_effective],
                                  ARRAY[p_corrects], array_fill(1, ARRAY[v_legs]), p_codes, p_amounts, true, p_reverses) b;
        RETURN;
    END IF;
    journal_id := nextval('journals_id_seq');
    WITH header AS (
        INSERT INTO journals (id, key, hash, kind, ref, legs, memo, actor, request_id, reverses, corrects, effective_at,
                              booked_at) OVERRIDING SYSTEM VALUE
        VALUES (journal_id, p_key, v_hash, p_kind, p_ref, v_legs, p_memo, audit.actor(),
                coalesce(current_setting('bursar.request_id', true), ''), p_reverses, p_corrects,
                coalesce(p_effective, v_now), v_now)
        ON CONFLICT (key) DO NOTHING RETURNING id),
    moved AS (
        UPDATE balances b SET debits = b.debits + greatest(l.amount, 0), credits = b.credits + greatest(-l.amount, 0),
                              seq = b.seq + 1, booked_at = v_now
          FROM header, unnest(p_codes, p_amounts) WITH ORDINALITY l (code, amount, leg)
         WHERE b.code = l.code AND b.stripe = v_session % b.stripes
        RETURNING l.leg, b.account_id, b.stripe, b.asset, l.amount, b.seq, b.debits - b.credits AS balance)
    INSERT INTO entries (journal_id, leg, account_id, stripe, asset, amount, seq, balance_after, effective_at, booked_at)
    SELECT post.journal_id, m.leg, m.account_id, m.stripe, m.asset, m.amount, m.seq, m.balance,
           coalesce(p_effective, v_now), v_now FROM moved m;
    replayed := NOT FOUND;
    IF replayed THEN journal_id := ledger.replay(p_key, v_hash); END IF;
END $$;

-- A reversal mirrors its journal leg by leg, and there is one. Answers the journal of a key used before, or NULL.
CREATE FUNCTION ledger.check_reversal(p_key text, p_reverses bigint, p_codes text[], p_amounts numeric[], p_hash bytea)
    RETURNS bigint LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
BEGIN
    PERFORM 1 FROM journals j WHERE j.id = p_reverses FOR NO KEY UPDATE;  -- (stripes of hot accounts do not keep us apart)
    IF EXISTS (SELECT FROM journals j WHERE j.key = p_key) THEN RETURN ledger.replay(p_key, p_hash); END IF;
    IF EXISTS (SELECT FROM journals j WHERE j.reverses = p_reverses) THEN
        RAISE EXCEPTION 'journal % has been reversed', p_reverses USING ERRCODE = 'LG011';
    END IF;
    IF (SELECT (array_agg(a.code ORDER BY e.leg), array_agg(-e.amount::numeric ORDER BY e.leg))
          FROM entries e JOIN accounts a ON a.id = e.account_id WHERE e.journal_id = p_reverses)
       IS DISTINCT FROM (p_codes, p_amounts) THEN
        RAISE EXCEPTION 'that does not mirror journal %', p_reverses USING ERRCODE = 'LG001';
    END IF;
    RETURN NULL;
END $$;

-- Undo a journal by its mirror image, once. The accounts' locks are taken before it is looked at whether it was done.
CREATE FUNCTION ledger.reverse(p_journal bigint, p_key text, p_kind text, p_effective timestamptz, p_memo jsonb,
                               OUT journal_id bigint, OUT replayed boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE
    v_ref text;
    v_codes text[];
    v_amounts numeric[];
BEGIN
    SELECT j.ref, array_agg(a.code ORDER BY e.leg), array_agg(-e.amount::numeric ORDER BY e.leg) INTO v_ref, v_codes, v_amounts
      FROM journals j JOIN entries e ON e.journal_id = j.id JOIN accounts a ON a.id = e.account_id
     WHERE j.id = p_journal GROUP BY j.ref;
    IF NOT FOUND THEN RAISE EXCEPTION 'there is no journal %', p_journal USING ERRCODE = 'LG013'; END IF;
    SELECT p.journal_id, p.replayed INTO journal_id, replayed
      FROM ledger.post(p_key, p_kind, v_ref, v_codes, v_amounts, p_effective, p_memo, p_journal) p;
END $$;
