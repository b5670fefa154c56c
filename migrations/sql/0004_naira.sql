-- The naira rail (payments) and withdrawals over it.

CREATE TABLE banks (
    code text CONSTRAINT pk_banks PRIMARY KEY,
    name text NOT NULL,
    fetched_at timestamptz NOT NULL
);

CREATE TABLE bank_accounts (
    id text CONSTRAINT pk_bank_accounts PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_bank_accounts_customer_id REFERENCES customers,
    bank_code text NOT NULL,
    bank_name text NOT NULL,
    account_number text NOT NULL CONSTRAINT ck_bank_accounts_account_number_nuban CHECK (account_number ~ '^[0-9]{10}$'),
    account_name text NOT NULL,
    recipient_code text NOT NULL,
    name_score smallint CONSTRAINT ck_bank_accounts_name_score_percent CHECK (name_score BETWEEN 0 AND 100),
    created_at timestamptz NOT NULL,
    removed_at timestamptz
);
-- (one that was removed may be added again: it is new then)
CREATE UNIQUE INDEX uq_bank_accounts_customer_id ON bank_accounts (customer_id, bank_code, account_number)
    WHERE removed_at IS NULL;
CREATE INDEX ix_bank_accounts_account_number ON bank_accounts (account_number, bank_code);  -- who else has it?

CREATE TABLE deposits (
    id text CONSTRAINT pk_deposits PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_deposits_customer_id REFERENCES customers,
    reference text NOT NULL CONSTRAINT uq_deposits_reference UNIQUE,
    amount_units numeric(38) NOT NULL CONSTRAINT ck_deposits_amount_positive CHECK (amount_units > 0),
    state text NOT NULL CONSTRAINT ck_deposits_state_known
        CHECK (state IN ('started', 'awaiting_payment', 'credited', 'failed', 'suspended', 'closed')),
    checkout_url text NOT NULL,
    fee_units numeric(38),
    channel text NOT NULL,
    created_at timestamptz NOT NULL,
    settled_at timestamptz
);
CREATE INDEX ix_deposits_customer_id ON deposits (customer_id, id);
CREATE INDEX ix_deposits_state ON deposits (state) WHERE state IN ('started', 'awaiting_payment');

CREATE TABLE payouts (
    id text CONSTRAINT pk_payouts PRIMARY KEY,
    reference text NOT NULL CONSTRAINT uq_payouts_reference UNIQUE,
    amount_units numeric(38) NOT NULL CONSTRAINT ck_payouts_amount_positive CHECK (amount_units > 0),
    recipient_code text NOT NULL,
    state text NOT NULL CONSTRAINT ck_payouts_state_known CHECK (state IN
        ('sending', 'sent', 'awaiting_otp', 'awaiting_float', 'paid', 'failed', 'reversed')),
    transfer_code text NOT NULL,
    vendor_status text NOT NULL,                       -- Paystack's own word, as it was told last
    vendor_words text NOT NULL,                        -- and why, when it said
    session_id text NOT NULL DEFAULT '',               -- the banks' own number of it, by which a bank finds it
    vendor_id text NOT NULL DEFAULT '',                -- Paystack's, by which its balance names it
    fee_units numeric(38),
    kept_units numeric(38),                            -- of one that ended unpaid: what it cost, by Paystack's ledger
    created_at timestamptz NOT NULL,
    taken_up_at timestamptz,                           -- when it was last sent again, after it had waited for a float
    settled_at timestamptz,
    -- 'po_…' is the first attempt, 'po_…-2' the next: of one payment at most one may reach the bank.
    base_id text NOT NULL GENERATED ALWAYS AS (split_part(id, '-', 1)) STORED,
    CONSTRAINT ck_payouts_id_is_reference CHECK (id = reference),
    CONSTRAINT ck_payouts_kept_of_unpaid CHECK (kept_units IS NULL OR state IN ('failed', 'reversed'))
);
CREATE UNIQUE INDEX ix_payouts_one_lives ON payouts (base_id) WHERE state <> 'failed';
CREATE INDEX ix_payouts_base_id ON payouts (base_id, created_at);
CREATE INDEX ix_payouts_created_at ON payouts (created_at);
CREATE INDEX ix_payouts_transfer_code ON payouts (transfer_code);
CREATE INDEX ix_payouts_taken_up_at ON payouts (taken_up_at) WHERE taken_up_at IS NOT NULL;
CREATE INDEX ix_payouts_ended ON payouts (id) WHERE state IN ('failed', 'reversed');
-- No payout begins while the books do not prove, whoever asks.
CREATE FUNCTION refuse_while_halted() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger.halts h WHERE h.lifted_at IS NULL) THEN
        RAISE EXCEPTION 'payouts are halted' USING ERRCODE = 'BU004';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER not_while_halted BEFORE INSERT ON payouts FOR EACH ROW EXECUTE FUNCTION refuse_while_halted();
ALTER TABLE payouts ENABLE ALWAYS TRIGGER not_while_halted;
CREATE INDEX ix_payouts_state ON payouts (state, id) WHERE state NOT IN ('paid', 'failed', 'reversed');

CREATE TABLE suspense_items (
    id text CONSTRAINT pk_suspense_items PRIMARY KEY,
    cause text NOT NULL CONSTRAINT uq_suspense_items_cause UNIQUE,
    inbox_id bigint CONSTRAINT fk_suspense_items_inbox_id REFERENCES inbox,
    event text NOT NULL,
    reference text NOT NULL,
    amount_units numeric(38),
    reason text NOT NULL,
    journal_id bigint,
    state text NOT NULL CONSTRAINT ck_suspense_items_state_known CHECK (state IN ('open', 'resolved')),
    note text NOT NULL,
    created_at timestamptz NOT NULL,
    resolved_at timestamptz
);
CREATE INDEX ix_suspense_items_state ON suspense_items (state, id);

CREATE TABLE withdrawals (
    id text CONSTRAINT pk_withdrawals PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_withdrawals_customer_id REFERENCES customers,
    bank_account_id text NOT NULL CONSTRAINT fk_withdrawals_bank_account_id REFERENCES bank_accounts,
    payout_id text NOT NULL CONSTRAINT uq_withdrawals_payout_id UNIQUE,  -- of the first attempt: later ones end in -2, -3 …
    attempts smallint NOT NULL CONSTRAINT ck_withdrawals_attempts_not_negative CHECK (attempts >= 0),
    amount_units numeric(38) NOT NULL CONSTRAINT ck_withdrawals_amount_positive CHECK (amount_units > 0),
    fee_units numeric(38) NOT NULL CONSTRAINT ck_withdrawals_fee_not_negative CHECK (fee_units >= 0),
    hold_id bigint NOT NULL,
    -- What the newest round of checks came to, and whose yes that takes. Round 0: nothing was checked yet.
    round smallint NOT NULL CONSTRAINT ck_withdrawals_round_not_negative CHECK (round >= 0),
    score smallint NOT NULL CONSTRAINT ck_withdrawals_score_percent CHECK (score BETWEEN 0 AND 100),
    band text NOT NULL CONSTRAINT ck_withdrawals_band_known CHECK (band IN ('low', 'medium', 'high')),
    target text NOT NULL CONSTRAINT ck_withdrawals_target_known CHECK (target IN ('known', 'new')),
    large boolean NOT NULL,                            -- more of the payout float than counts as an amount of its own
    policy_id text,
    legs jsonb NOT NULL,                               -- [{"roles": ["treasury"], "count": 1}], as the policy said
    delay_seconds integer NOT NULL CONSTRAINT ck_withdrawals_delay_forward CHECK (delay_seconds >= 0),
    content_hash text NOT NULL,
    state text NOT NULL CONSTRAINT ck_withdrawals_state_known
        CHECK (state IN ('requested', 'held', 'cooling_off', 'approved', 'sending', 'unpaid', 'settled', 'failed',
                         'returned', 'rejected', 'cancelled')),
    created_at timestamptz NOT NULL,
    held_until timestamptz,                            -- while it cools off
    -- whose duty is theirs who stopped it, as it was then; nobody's where only a check does
    stopped_by text CONSTRAINT ck_withdrawals_stopped_by_known CHECK (stopped_by IN ('compliance', 'treasury')),
    not_before timestamptz,                            -- when it may be sent: approval plus the policy's delay
    unpaid_at timestamptz,                             -- when its last attempt ended without payment
    ended_at timestamptz,
    CONSTRAINT ck_withdrawals_routed CHECK ((round = 0) = (policy_id IS NULL)),
    CONSTRAINT ck_withdrawals_cooling_has_end CHECK (state <> 'cooling_off' OR held_until IS NOT NULL),
    CONSTRAINT ck_withdrawals_unpaid_since CHECK (state <> 'unpaid' OR unpaid_at IS NOT NULL)
);
CREATE INDEX ix_withdrawals_customer_id ON withdrawals (customer_id, id);
CREATE INDEX ix_withdrawals_state ON withdrawals (state, id);
-- (what is open is counted, added up and searched on every page of the queue: from the index alone)
CREATE INDEX ix_withdrawals_open ON withdrawals (id)
    INCLUDE (state, customer_id, amount_units, created_at, band, target, round)
    WHERE state IN ('requested', 'held', 'cooling_off', 'approved', 'sending', 'unpaid');
-- (whose yes is missing is looked for in what waits, on every page of the console)
CREATE INDEX ix_withdrawals_waiting ON withdrawals (id)
    INCLUDE (customer_id, amount_units, created_at, band, target, round, legs, content_hash) WHERE state = 'requested';
-- (what has ended is searched by everything that a queue is narrowed by: from the index alone, too)
CREATE INDEX ix_withdrawals_ended ON withdrawals (id)
    INCLUDE (customer_id, state, band, target, amount_units, round) WHERE ended_at IS NOT NULL;
CREATE INDEX ix_withdrawals_bank_account_id ON withdrawals (bank_account_id) WHERE state = 'settled';
CREATE INDEX ix_withdrawals_held_until ON withdrawals (held_until) WHERE state = 'cooling_off';
CREATE INDEX ix_withdrawals_unpaid_at ON withdrawals (unpaid_at) WHERE state = 'unpaid';

CREATE TABLE withdrawal_approvals (
    id text CONSTRAINT pk_withdrawal_approvals PRIMARY KEY,
    withdrawal_id text NOT NULL CONSTRAINT fk_withdrawal_approvals_withdrawal_id REFERENCES withdrawals,
    operator_id text NOT NULL CONSTRAINT fk_withdrawal_approvals_operator_id REFERENCES operators,
    leg smallint NOT NULL,
    content_hash text NOT NULL,
    approved_at timestamptz NOT NULL,
    voted_at timestamptz NOT NULL DEFAULT clock_timestamp(),  -- by the clock of the database: what a delay is counted from
    CONSTRAINT uq_withdrawal_approvals_withdrawal_id UNIQUE (withdrawal_id, operator_id, content_hash)
);

-- Who may fill this leg of this withdrawal: by roles of their own, and money that is not, privately, theirs.
CREATE FUNCTION may_let_out(p_operator text, p_withdrawal text, p_leg integer) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM withdrawals w
                     JOIN customers c ON c.id = w.customer_id JOIN logins theirs ON theirs.id = c.login_id
                     JOIN operators o ON o.id = p_operator JOIN logins l ON l.id = o.login_id
                    WHERE w.id = p_withdrawal AND l.email <> theirs.email AND l.disabled_at IS NULL
                      AND (w.legs -> p_leg -> 'roles') ?| o.roles)
$$;

-- How many count for a leg: yes to exactly this content, by people who may still fill it. (What is on its way is not
-- called back when one of them leaves.)
CREATE FUNCTION let_out_votes(p_withdrawal withdrawals, p_leg integer) RETURNS bigint
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT count(*) FROM withdrawal_approvals a
     WHERE a.withdrawal_id = p_withdrawal.id AND a.leg = p_leg AND a.content_hash = p_withdrawal.content_hash
       AND (p_withdrawal.state = 'settled' OR may_let_out(a.operator_id, p_withdrawal.id, p_leg))
$$;

-- One vote a person, in their own name, to what stands there while it waits, for a leg that is open to them. Voters come
-- one after the other.
CREATE FUNCTION guard_withdrawal_vote() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    w withdrawals;
BEGIN
    SELECT * INTO w FROM withdrawals WHERE id = NEW.withdrawal_id FOR UPDATE;
    NEW.voted_at := clock_timestamp();
    IF audit.actor() <> 'operator:' || NEW.operator_id OR w.state IS DISTINCT FROM 'requested' OR w.round = 0
       OR NEW.content_hash <> w.content_hash OR NEW.leg < 0
       OR NOT may_let_out(NEW.operator_id, NEW.withdrawal_id, NEW.leg)
       OR let_out_votes(w, NEW.leg) >= (w.legs -> NEW.leg ->> 'count')::integer THEN
        RAISE EXCEPTION 'withdrawal %: this is nobody''s vote', NEW.withdrawal_id USING ERRCODE = 'BU002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER vote BEFORE INSERT ON withdrawal_approvals FOR EACH ROW EXECUTE FUNCTION guard_withdrawal_vote();
ALTER TABLE withdrawal_approvals ENABLE ALWAYS TRIGGER vote;

-- The database counts the votes itself, leg by leg: nothing is sent on fewer than its legs ask for, none before it was
-- checked, and none before its delay is over.
CREATE FUNCTION refuse_unapproved() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_agreed_at timestamptz;
BEGIN
    -- (what the bank has paid, by the word of two people, is settled whatever was agreed to since)
    IF TG_OP = 'UPDATE' AND NEW.state = 'settled' AND EXISTS (
        SELECT FROM payouts p WHERE p.base_id = NEW.payout_id AND p.state = 'paid' AND p.request_id IS NOT NULL
    ) THEN
        RETURN NEW;
    END IF;
    IF NEW.round = 0 OR EXISTS (
        SELECT FROM jsonb_array_elements(NEW.legs) WITH ORDINALITY AS l (leg, place)
         WHERE let_out_votes(NEW, place::integer - 1) < (leg ->> 'count')::integer
    ) THEN
        RAISE EXCEPTION 'withdrawal % lacks approvals', NEW.id USING ERRCODE = 'BU002';
    END IF;
    IF NEW.delay_seconds > 0 AND NEW.state IN ('approved', 'sending') THEN
        SELECT max(a.voted_at) INTO v_agreed_at FROM withdrawal_approvals a
         WHERE a.withdrawal_id = NEW.id AND a.content_hash = NEW.content_hash;
        IF NEW.not_before IS NULL
           OR NEW.not_before < coalesce(v_agreed_at, NEW.created_at) + make_interval(secs => NEW.delay_seconds)
           OR (NEW.state = 'sending' AND NEW.not_before > clock_timestamp()) THEN
            RAISE EXCEPTION 'withdrawal %: its delay is not cut short', NEW.id USING ERRCODE = 'BU002';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_counted BEFORE INSERT OR UPDATE ON withdrawals FOR EACH ROW
    WHEN (NEW.state IN ('approved', 'sending', 'settled'))
    EXECUTE FUNCTION refuse_unapproved();
ALTER TABLE withdrawals ENABLE ALWAYS TRIGGER approvals_counted;

SELECT audit.protect('withdrawal_approvals');
SELECT audit.watch('bank_accounts', 'account_number', 'account_name');
SELECT audit.watch('deposits');
SELECT audit.watch('payouts');
SELECT audit.watch('suspense_items');
SELECT audit.watch('withdrawals');
SELECT audit.watch('withdrawal_approvals');

-- What a customer asked for, and where money goes, is written once: the app can only say how it went on.
GRANT SELECT, INSERT ON bank_accounts, deposits, payouts, suspense_items, withdrawals, withdrawal_approvals TO bursar_app;
GRANT SELECT, INSERT, UPDATE ON banks TO bursar_app;
GRANT UPDATE (state, checkout_url, fee_units, channel, settled_at) ON deposits TO bursar_app;
GRANT UPDATE (state, transfer_code, vendor_status, vendor_words, session_id, vendor_id, fee_units, kept_units, taken_up_at, settled_at)
    ON payouts TO bursar_app;
GRANT UPDATE (state, note, journal_id, resolved_at) ON suspense_items TO bursar_app;
GRANT UPDATE (state, attempts, round, score, band, target, large, policy_id, legs, delay_seconds, content_hash, held_until,
              stopped_by, not_before, unpaid_at, ended_at) ON withdrawals TO bursar_app;
GRANT UPDATE (removed_at) ON bank_accounts TO bursar_app;
