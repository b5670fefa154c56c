-- What staff do to a customer's account alone: freeze it for a day, and look at what is masked.

-- A freeze by those who may not freeze: it ends by itself unless compliance makes it one that does not.
ALTER TABLE customers
    ADD COLUMN locked_until timestamptz
        CONSTRAINT ck_customers_locked_until_while_locked CHECK (locked_until IS NULL OR state = 'locked');

-- One row each time that somebody looked at, or was refused, what is masked. The value itself is nowhere in it.
CREATE TABLE reveals (
    id text CONSTRAINT pk_reveals PRIMARY KEY,
    operator_id text NOT NULL CONSTRAINT fk_reveals_operator_id REFERENCES operators,
    field text NOT NULL,
    object_id text NOT NULL,
    reason text NOT NULL CONSTRAINT ck_reveals_reason_given CHECK (reason <> ''),
    refused boolean NOT NULL,                          -- they had looked at too much that day
    revealed_at timestamptz NOT NULL
);
CREATE INDEX ix_reveals_operator_id ON reveals (operator_id, revealed_at);
SELECT audit.protect('reveals');
-- The record is about the object that was looked at, so that it stands in that object's history.
SELECT audit.watch('reveals', '=object_id');
GRANT SELECT, INSERT ON reveals TO bursar_app;
