-- What the vendor settles to our bank, what it charges by its list, and the float that transfers are paid from. In kobo.

CREATE TABLE settlements (
    id text CONSTRAINT pk_settlements PRIMARY KEY,
    vendor_id text NOT NULL CONSTRAINT uq_settlements_vendor_id UNIQUE,
    vendor_status text NOT NULL,                       -- as told last
    settled_on date NOT NULL,
    gross_units numeric(38) NOT NULL,                  -- what payers paid
    fees_units numeric(38) NOT NULL,
    total_units numeric(38) NOT NULL,                  -- gross less fees
    deducted_units numeric(38) NOT NULL,               -- kept for refunds and disputes
    effective_units numeric(38) NOT NULL,              -- what our bank was paid
    state text NOT NULL CONSTRAINT ck_settlements_state_known
        CHECK (state IN ('announced', 'differs', 'failed', 'posted', 'closed')),
    trouble text NOT NULL,                             -- why it cannot be booked as it was told
    note text NOT NULL,                                -- of whoever closed it by hand
    journal_id bigint,
    booked_by bigint CONSTRAINT uq_settlements_booked_by UNIQUE,  -- the manual journal that stands for it, and no other
    seen_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT ck_settlements_posted_when CHECK ((state = 'posted') = (journal_id IS NOT NULL)),
    CONSTRAINT ck_settlements_by_hand_when CHECK (booked_by IS NULL OR state = 'closed')
);
CREATE INDEX ix_settlements_state ON settlements (state, id);
CREATE INDEX ix_settlements_settled_on ON settlements (settled_on);

-- What was booked stays as it was booked.
CREATE FUNCTION guard_settlement() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF OLD.state IN ('posted', 'closed') OR NEW.id <> OLD.id OR NEW.vendor_id <> OLD.vendor_id
       OR NEW.seen_at <> OLD.seen_at THEN
        RAISE EXCEPTION 'settlement %: is booked, or another one', OLD.id USING ERRCODE = 'BU005';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stays BEFORE UPDATE ON settlements FOR EACH ROW EXECUTE FUNCTION guard_settlement();
ALTER TABLE settlements ENABLE ALWAYS TRIGGER stays;

-- A charge is settled once: its reference is the key.
CREATE TABLE settled_charges (
    reference text CONSTRAINT pk_settled_charges PRIMARY KEY,
    settlement_id text NOT NULL CONSTRAINT fk_settled_charges_settlement_id REFERENCES settlements,
    amount_units numeric(38) NOT NULL,
    fees_units numeric(38) NOT NULL,
    booked_units numeric(38),                          -- what we had booked to clearing; NULL: we did not know the charge
    service text NOT NULL,                             -- what it was billed as
    paid_at timestamptz NOT NULL
);
CREATE INDEX ix_settled_charges_settlement_id ON settled_charges (settlement_id, reference);
CREATE INDEX ix_settled_charges_paid_at ON settled_charges (paid_at);

CREATE TABLE late_settlements (
    due_on date CONSTRAINT pk_late_settlements PRIMARY KEY,
    owed_units numeric(38) NOT NULL,                   -- when it was noted
    noted_at timestamptz NOT NULL,
    ended_at timestamptz
);

-- The vendor's price list, in bands: above `over_units` a service costs a flat part and a part of the amount rounded up.
CREATE TABLE partner_fees (
    id text CONSTRAINT pk_partner_fees PRIMARY KEY,
    service text NOT NULL CONSTRAINT ck_partner_fees_service_known
        CHECK (service IN ('card', 'foreign_card', 'dedicated', 'direct_debit', 'transfer')),
    over_units numeric(38) NOT NULL,
    flat_units numeric(38) NOT NULL,
    bps integer NOT NULL CONSTRAINT ck_partner_fees_bps CHECK (bps BETWEEN 0 AND 9999),
    cap_units numeric(38),                             -- NULL is no cap
    starts_at timestamptz NOT NULL,
    request_id text CONSTRAINT fk_partner_fees_request_id REFERENCES approval_requests,  -- NULL for those of the beginning
    CONSTRAINT ck_partner_fees_not_negative CHECK (over_units >= 0 AND flat_units >= 0 AND cap_units >= 0),
    CONSTRAINT uq_partner_fees_service UNIQUE (service, starts_at, over_units)
);

-- As Paystack prints it; the flat part is waived below NGN 2,500.
INSERT INTO partner_fees (id, service, over_units, flat_units, bps, cap_units, starts_at)
SELECT format('pfe_%s_%s', service, over), service, over, flat, bps, cap, '2026-01-01 00:00:00+01'
  FROM (VALUES
    ('card', 0, 0, 150, 200000), ('card', 249999, 10000, 150, 200000),
    ('foreign_card', 0, 0, 390, NULL), ('foreign_card', 249999, 10000, 390, NULL),
    ('dedicated', 0, 0, 100, 30000),
    ('direct_debit', 0, 0, 50, 100000),
    ('transfer', 0, 1000, 0, NULL), ('transfer', 500000, 2500, 0, NULL), ('transfer', 5000000, 5000, 0, NULL)
  ) AS beginning (service, over, flat, bps, cap);

-- What the list of that moment asks for an amount; NULL where it has none.
CREATE FUNCTION partner_fee(p_service text, p_amount numeric, p_at timestamptz) RETURNS numeric
    LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$
    SELECT least(f.flat_units + ceil(p_amount * f.bps / 10000), f.cap_units)
      FROM partner_fees f
     WHERE f.service = p_service AND f.over_units < p_amount
       AND f.starts_at = (SELECT max(l.starts_at) FROM partner_fees l WHERE l.service = p_service AND l.starts_at <= p_at)
     ORDER BY f.over_units DESC LIMIT 1
$$;

CREATE FUNCTION guard_partner_fee() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'settlement.partner_fees'
                      AND r.payload ->> 'service' = NEW.service
                      AND r.payload -> 'bands' @> jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
                              'over', NEW.over_units::text, 'flat', NEW.flat_units::text, 'bps', NEW.bps,
                              'cap', NEW.cap_units::text)))
                      AND NEW.starts_at = midnight(r.payload ->> 'starts_on')) THEN
        PERFORM refuse_request(NEW.request_id, 'does not set this partner''s fee');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT ON partner_fees FOR EACH ROW EXECUTE FUNCTION guard_partner_fee();
ALTER TABLE partner_fees ENABLE ALWAYS TRIGGER approved;

-- What the vendor's balance should not fall below, and what it is topped up to.
CREATE TABLE float_floors (
    starts_at timestamptz CONSTRAINT pk_float_floors PRIMARY KEY,
    floor_units numeric(38) NOT NULL,
    target_units numeric(38) NOT NULL,
    request_id text CONSTRAINT fk_float_floors_request_id REFERENCES approval_requests,  -- NULL for that of the beginning
    CONSTRAINT ck_float_floors_in_order CHECK (floor_units > 0 AND target_units >= floor_units)
);
INSERT INTO float_floors (starts_at, floor_units, target_units) VALUES ('2026-01-01 00:00:00+01', 100000000, 1000000000);

CREATE FUNCTION guard_float_floor() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'settlement.float_floor'
                      AND r.payload ->> 'floor' = NEW.floor_units::text AND r.payload ->> 'target' = NEW.target_units::text
                      AND NEW.starts_at = midnight(r.payload ->> 'starts_on')) THEN
        PERFORM refuse_request(NEW.request_id, 'does not set this floor');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT ON float_floors FOR EACH ROW EXECUTE FUNCTION guard_float_floor();
ALTER TABLE float_floors ENABLE ALWAYS TRIGGER approved;

CREATE TABLE float_readings (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_float_readings PRIMARY KEY,
    theirs_units numeric(38) NOT NULL,
    ours_units numeric(38) NOT NULL,
    in_flight_units numeric(38) NOT NULL,              -- taken there by transfers under way, not yet here
    floor_units numeric(38) NOT NULL,
    low boolean NOT NULL,
    differs boolean NOT NULL,
    read_at timestamptz NOT NULL
);
CREATE INDEX ix_float_readings_read_at ON float_readings (read_at);

-- Money from our bank into that balance: agreed to by two, sent at the bank, booked when the vendor shows it.
CREATE TABLE top_ups (
    id text CONSTRAINT pk_top_ups PRIMARY KEY,
    amount_units numeric(38) NOT NULL CONSTRAINT ck_top_ups_amount_positive CHECK (amount_units > 0),
    request_id text NOT NULL CONSTRAINT fk_top_ups_request_id REFERENCES approval_requests
        CONSTRAINT uq_top_ups_request_id UNIQUE,
    state text NOT NULL CONSTRAINT ck_top_ups_state_known CHECK (state IN ('agreed', 'arrived', 'abandoned')),
    vendor_line text CONSTRAINT uq_top_ups_vendor_line UNIQUE,  -- of the vendor's balance, which shows it once
    journal_id bigint,
    note text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT ck_top_ups_arrived_when
        CHECK ((state = 'arrived') = (journal_id IS NOT NULL) AND (journal_id IS NULL) = (vendor_line IS NULL))
);
-- Two of one amount could not be told apart when one arrives.
CREATE UNIQUE INDEX uq_top_ups_agreed ON top_ups (amount_units) WHERE state = 'agreed';

CREATE FUNCTION guard_top_up() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.state <> 'agreed' THEN
            RAISE EXCEPTION 'top-up %: has ended', OLD.id USING ERRCODE = 'BU005';
        END IF;
    ELSIF NEW.state <> 'agreed' OR NOT EXISTS (SELECT FROM approval_requests r
                    WHERE r.id = NEW.request_id AND is_due(r) AND r.kind = 'settlement.top_up'
                      AND r.payload ->> 'units' = NEW.amount_units::text) THEN
        PERFORM refuse_request(NEW.request_id, 'does not agree to this top-up');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approved BEFORE INSERT OR UPDATE ON top_ups FOR EACH ROW EXECUTE FUNCTION guard_top_up();
ALTER TABLE top_ups ENABLE ALWAYS TRIGGER approved;

SELECT set_config('bursar.actor', 'system:migration', true);
ALTER TABLE approval_policies DISABLE TRIGGER approved;
INSERT INTO approval_policies (id, kind, version, rules, created_at)
SELECT 'pol_' || kind || '_1', kind, 1, rules::jsonb, now() FROM (VALUES
    ('settlement.top_up', '[
        {"amount_over": 10000000000, "legs": [{"roles": ["treasury"], "count": 2}], "ttl_seconds": 259200, "delay_seconds": 0},
        {"legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 259200, "delay_seconds": 0}]'),
    ('settlement.float_floor', '[
        {"legs": [{"roles": ["treasury"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]'),
    ('settlement.partner_fees', '[
        {"legs": [{"roles": ["admin"], "count": 1}], "ttl_seconds": 604800, "delay_seconds": 0}]')
) AS beginning (kind, rules);
ALTER TABLE approval_policies ENABLE ALWAYS TRIGGER approved;
SELECT set_config('bursar.actor', '', true);

SELECT audit.watch('settlements');
SELECT audit.protect('settled_charges');
SELECT audit.watch('late_settlements', '=due_on');
SELECT audit.marks_stay('late_settlements', 'ended_at');
SELECT audit.watch('partner_fees');
SELECT audit.protect('partner_fees');
SELECT audit.watch('float_floors', '=starts_at');
SELECT audit.protect('float_floors');
SELECT audit.protect('float_readings');
SELECT audit.watch('top_ups');
SELECT audit.marks_stay('top_ups', 'ended_at');
SELECT audit.marks_stay('settlements', 'ended_at');
GRANT SELECT, INSERT ON settlements, settled_charges, late_settlements, partner_fees, float_floors, float_readings, top_ups
    TO bursar_app;
GRANT UPDATE (vendor_status, settled_on, gross_units, fees_units, total_units, deducted_units, effective_units, state,
              trouble, note, journal_id, booked_by, ended_at) ON settlements TO bursar_app;
GRANT UPDATE (ended_at) ON late_settlements TO bursar_app;
GRANT UPDATE (state, vendor_line, journal_id, note, ended_at) ON top_ups TO bursar_app;
