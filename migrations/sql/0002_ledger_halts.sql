-- How the books were proved, and what happens when they do not prove: payouts halt until a person lifts it.

CREATE TABLE ledger.checks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    checked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    findings jsonb NOT NULL,                           -- invariant: rows that break it; {} when all hold
    actor text NOT NULL
);
CREATE TABLE ledger.halts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    raised_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    findings jsonb NOT NULL,
    lifted_at timestamptz,
    lifted_by text,
    reason text,
    CONSTRAINT ck_halts_lifted_by_somebody CHECK (
        (lifted_at IS NULL AND lifted_by IS NULL AND reason IS NULL)
        OR (lifted_at IS NOT NULL AND lifted_by LIKE 'operator:%' AND reason <> ''))
);
CREATE INDEX ix_halts_standing ON ledger.halts (id) WHERE lifted_at IS NULL;
SELECT audit.protect('ledger.checks');

CREATE FUNCTION ledger.guard_halt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.lifted_at IS NOT NULL OR (NEW.id, NEW.raised_at, NEW.findings) IS DISTINCT FROM (OLD.id, OLD.raised_at, OLD.findings) THEN
        RAISE EXCEPTION 'halt % can only be lifted, once', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE UPDATE ON ledger.halts FOR EACH ROW EXECUTE FUNCTION ledger.guard_halt();
CREATE TRIGGER never_deleted BEFORE DELETE ON ledger.halts FOR EACH ROW EXECUTE FUNCTION audit.refuse_change();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON ledger.halts FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change();
ALTER TABLE ledger.halts ENABLE ALWAYS TRIGGER guard, ENABLE ALWAYS TRIGGER never_deleted, ENABLE ALWAYS TRIGGER never_emptied;

-- Write down what a check found. Findings raise a halt, but for what one stands for already: who lifts that one does not
-- lift what was found since.
CREATE FUNCTION ledger.record_check(p_findings jsonb) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE v_new jsonb;
BEGIN
    INSERT INTO checks (findings, actor) VALUES (p_findings, audit.actor());
    IF p_findings <> '{}' THEN
        LOCK TABLE halts IN SHARE ROW EXCLUSIVE MODE;  -- of two checks at once one sees what the other wrote
        v_new := p_findings - ARRAY(SELECT jsonb_object_keys(h.findings) FROM halts h WHERE h.lifted_at IS NULL);
        IF v_new <> '{}' THEN
            INSERT INTO halts (findings) VALUES (v_new);
        END IF;
    END IF;
END $$;

-- Let payouts go on, in the name of a person and with a reason. True when it stood.
CREATE FUNCTION ledger.lift_halt(p_halt bigint, p_reason text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
    UPDATE halts h SET lifted_at = clock_timestamp(), lifted_by = audit.actor(), reason = p_reason
     WHERE h.id = p_halt AND h.lifted_at IS NULL;
    RETURN FOUND;
END $$;
SELECT audit.watch('ledger.halts');
