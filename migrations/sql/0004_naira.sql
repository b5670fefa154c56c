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
    created_at timestamptz NOT NULL,
    CONSTRAINT uq_bank_accounts_customer_id UNIQUE (customer_id, bank_code, account_number)
);
CREATE INDEX ix_bank_accounts_account_number ON bank_accounts (account_number, bank_code);  -- who else has it?

CREATE TABLE deposits (
    id text CONSTRAINT pk_deposits PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_deposits_customer_id REFERENCES customers,
    reference text NOT NULL CONSTRAINT uq_deposits_reference UNIQUE,
    amount_units numeric(38) NOT NULL CONSTRAINT ck_deposits_amount_positive CHECK (amount_units > 0),
    state text NOT NULL CONSTRAINT ck_deposits_state_known
        CHECK (state IN ('started', 'awaiting_payment', 'credited', 'failed', 'suspended')),
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
    fee_units numeric(38),
    created_at timestamptz NOT NULL,
    settled_at timestamptz,
    -- 'po_…' is the first attempt, 'po_…-2' the next: of one payment at most one may reach the bank.
    base_id text NOT NULL GENERATED ALWAYS AS (split_part(id, '-', 1)) STORED,
    CONSTRAINT ck_payouts_id_is_reference CHECK (id = reference)
);
CREATE UNIQUE INDEX ix_payouts_base_id ON payouts (base_id) WHERE state <> 'failed';
CREATE INDEX ix_payouts_created_at ON payouts (created_at);
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
    payout_id text NOT NULL CONSTRAINT uq_withdrawals_payout_id UNIQUE,
    amount_units numeric(38) NOT NULL CONSTRAINT ck_withdrawals_amount_positive CHECK (amount_units > 0),
    fee_units numeric(38) NOT NULL CONSTRAINT ck_withdrawals_fee_not_negative CHECK (fee_units >= 0),
    hold_id bigint NOT NULL,
    approvals_needed smallint NOT NULL CONSTRAINT ck_withdrawals_approvals_needed CHECK (approvals_needed BETWEEN 1 AND 2),
    content_hash text NOT NULL,
    state text NOT NULL CONSTRAINT ck_withdrawals_state_known
        CHECK (state IN ('requested', 'approved', 'sending', 'settled', 'failed', 'returned', 'rejected', 'cancelled')),
    created_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX ix_withdrawals_customer_id ON withdrawals (customer_id, id);
CREATE INDEX ix_withdrawals_state ON withdrawals (state, id);

CREATE TABLE withdrawal_approvals (
    id text CONSTRAINT pk_withdrawal_approvals PRIMARY KEY,
    withdrawal_id text NOT NULL CONSTRAINT fk_withdrawal_approvals_withdrawal_id REFERENCES withdrawals,
    operator_id text NOT NULL CONSTRAINT fk_withdrawal_approvals_operator_id REFERENCES operators,
    content_hash text NOT NULL,
    approved_at timestamptz NOT NULL,
    CONSTRAINT uq_withdrawal_approvals_withdrawal_id UNIQUE (withdrawal_id, operator_id)
);

-- Who may let this money out: by roles of their own, and money that is not, privately, theirs.
CREATE FUNCTION may_let_out(p_operator text, p_withdrawal text) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM withdrawals w
                     JOIN customers c ON c.id = w.customer_id JOIN logins theirs ON theirs.id = c.login_id
                     JOIN operators o ON o.id = p_operator JOIN logins l ON l.id = o.login_id
                    WHERE w.id = p_withdrawal AND l.email <> theirs.email AND l.disabled_at IS NULL
                      AND o.roles && '{treasury,compliance_officer,compliance_manager}')
$$;

-- One vote a person, in their own name, to what stands there while it waits. Voters come one after the other.
CREATE FUNCTION guard_withdrawal_vote() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    w withdrawals;
BEGIN
    SELECT * INTO w FROM withdrawals WHERE id = NEW.withdrawal_id FOR UPDATE;
    IF audit.actor() <> 'operator:' || NEW.operator_id OR w.state IS DISTINCT FROM 'requested'
       OR NEW.content_hash <> w.content_hash OR NOT may_let_out(NEW.operator_id, NEW.withdrawal_id) THEN
        RAISE EXCEPTION 'withdrawal %: this is nobody''s vote', NEW.withdrawal_id USING ERRCODE = 'BU002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER vote BEFORE INSERT ON withdrawal_approvals FOR EACH ROW EXECUTE FUNCTION guard_withdrawal_vote();
ALTER TABLE withdrawal_approvals ENABLE ALWAYS TRIGGER vote;

-- The database counts the votes itself: nothing is sent on fewer approvals of exactly this content than it needs, by
-- people who may still approve. (What is on its way is not called back when one of them leaves.)
CREATE FUNCTION refuse_unapproved() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF (SELECT count(*) FROM withdrawal_approvals a
         WHERE a.withdrawal_id = NEW.id AND a.content_hash = NEW.content_hash
           AND (NEW.state = 'settled' OR may_let_out(a.operator_id, NEW.id))) < NEW.approvals_needed THEN
        RAISE EXCEPTION 'withdrawal % lacks approvals', NEW.id USING ERRCODE = 'BU002';
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
GRANT UPDATE (state, transfer_code, vendor_status, vendor_words, fee_units, settled_at) ON payouts TO bursar_app;
GRANT UPDATE (state, note, journal_id, resolved_at) ON suspense_items TO bursar_app;
GRANT UPDATE (state, ended_at) ON withdrawals TO bursar_app;
