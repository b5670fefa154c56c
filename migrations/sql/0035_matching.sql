-- What others tell of an account of ours, held against what the books say of it. Amounts are in whole coins, exact, above
-- zero where we have more. No foreign keys on the tables that a run fills by the million: a run writes them in one
-- transaction with the rows that they name, and neither those nor these can be deleted.

-- Accounts of the books that are counted together with another: both stand for one outside account. All that was ever
-- booked on such a one counts; of it what took effect in months that were closed by then counts from their end on (since),
-- so that they stay as they were closed.
CREATE TABLE matching_joined (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_matching_joined PRIMARY KEY,
    account text NOT NULL,
    joins text NOT NULL CONSTRAINT ck_matching_joined_another CHECK (joins <> account),
    since timestamptz,
    reason text NOT NULL CONSTRAINT ck_matching_joined_reason_told CHECK (reason <> ''),
    joined_by text NOT NULL,
    joined_at timestamptz NOT NULL,
    request_id text NOT NULL,                          -- who agreed to it: guard_joined looks
    left_at timestamptz,
    left_by text,
    left_reason text,
    left_request_id text,
    CONSTRAINT ck_matching_joined_end_told CHECK (num_nonnulls(left_at, left_by, left_reason, left_request_id) IN (0, 4))
);
CREATE UNIQUE INDEX uq_matching_joined_account ON matching_joined (account) WHERE left_at IS NULL;
CREATE INDEX ix_matching_joined_joins ON matching_joined (joins);

-- The accounts of the books that are counted as one, and from when on what was booked before counts.
CREATE FUNCTION matching_books(p_account text)
    RETURNS TABLE (id bigint, code text, unit numeric, since timestamptz)
    LANGUAGE sql STABLE ROWS 2 SET search_path = public, pg_temp AS $$
SELECT a.id, a.code, ('1e-' || s.decimals)::numeric, o.since
  FROM (SELECT p_account AS code, NULL::timestamptz AS since
         UNION ALL
        SELECT j.account, j.since FROM matching_joined j WHERE j.joins = p_account AND j.left_at IS NULL) o
  JOIN ledger.accounts a ON a.code = o.code JOIN ledger.assets s ON s.code = a.asset
$$;

-- The rules of an account, or of all that have none of their own (''); the newest version counts.
CREATE TABLE matching_rules (
    account text NOT NULL,
    version integer NOT NULL,
    rules jsonb NOT NULL,
    reason text NOT NULL CONSTRAINT ck_matching_rules_reason_told CHECK (reason <> ''),
    set_by text NOT NULL,
    set_at timestamptz NOT NULL,
    request_id text NOT NULL,                          -- who agreed to them: guard_matching_rules looks
    PRIMARY KEY (account, version)
);

-- How far entries were copied, by stripe, and lines were looked at, by source: both in the order of their commits.
CREATE TABLE matching_marks (
    account text NOT NULL,
    side text NOT NULL CONSTRAINT ck_matching_marks_side_known CHECK (side IN ('books', 'statements')),
    part text NOT NULL,
    upto bigint NOT NULL,
    booked_at timestamptz,
    PRIMARY KEY (account, side, part)
);

-- Whoever made or ended matches, and when: the rules at some time, or somebody by hand.
CREATE TABLE matching_runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text NOT NULL,
    kind text NOT NULL CONSTRAINT ck_matching_runs_kind_known CHECK (kind IN ('whole', 'open', 'near', 'hand')),
    rules_version integer NOT NULL,
    as_of timestamptz NOT NULL,
    begun_at timestamptz NOT NULL,
    ended_at timestamptz,
    made_by text NOT NULL,
    why text NOT NULL,
    counts jsonb NOT NULL DEFAULT '{}',
    digest bytea
);
CREATE INDEX ix_matching_runs_account ON matching_runs (account, id);

-- Which line belongs to which entry. Rows of one group belong together: one row for one of each, else a row for each
-- line and each entry.
CREATE SEQUENCE match_groups CACHE 100;
CREATE TABLE matches (
    group_id bigint NOT NULL,
    run_id bigint NOT NULL,
    rule text NOT NULL,
    confidence smallint NOT NULL CONSTRAINT ck_matches_confidence_per_cent CHECK (confidence BETWEEN 0 AND 100),
    line_id bigint,
    journal_id bigint,
    leg integer,
    ended_by bigint,                                   -- the run that ended it
    CONSTRAINT ck_matches_of_something CHECK (num_nonnulls(line_id, journal_id) > 0
                                              AND (leg IS NULL) = (journal_id IS NULL))
);
CREATE INDEX ix_matches_group ON matches (group_id);
CREATE UNIQUE INDEX uq_matches_line ON matches (line_id) WHERE ended_by IS NULL;
CREATE UNIQUE INDEX uq_matches_entry ON matches (journal_id, leg) WHERE ended_by IS NULL;

-- What the two sides differ by, one by one: a line, an entry, or a group of both that does not add up. And what is wrong
-- with a statement itself, in a part of a file or a row of it: that moves nothing, since only lines are counted as told.
-- Whether an entry's day was told already is no part of its row (matching_coverage): each statement would change it of all.
CREATE TABLE breaks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text NOT NULL,
    reason text NOT NULL CONSTRAINT ck_breaks_reason_known CHECK (reason IN (
        'missing_in_ledger', 'missing_in_statement', 'amount_mismatch', 'fee_variance', 'fx_rounding',
        'duplicate_line', 'duplicate_entry', 'statement_does_not_tie', 'sequence_gap', 'restated', 'unknown_type',
        'another_account')),
    line_id bigint,
    journal_id bigint,
    leg integer,
    group_id bigint,
    import_id text,
    part integer,
    row_id bigint,                                     -- of statement_rows
    amount numeric NOT NULL,                           -- statement less books
    as_told numeric,                                   -- by how much a statement contradicts itself or the one before
    at timestamptz NOT NULL,                           -- when the money moved
    -- since when it is known to differ: what is about the same line or entry keeps the first; none while the day of an
    -- entry was not told of
    found_at timestamptz,
    opened_by bigint NOT NULL,
    closed_by bigint,
    CONSTRAINT ck_breaks_one_subject CHECK (num_nonnulls(line_id, journal_id, group_id, import_id) = 1
                                            AND (leg IS NULL) = (journal_id IS NULL)
                                            AND (import_id IS NULL) = (num_nonnulls(part, row_id) = 0)),
    CONSTRAINT ck_breaks_statement_moves_nothing CHECK (import_id IS NULL OR amount = 0)
);
CREATE UNIQUE INDEX uq_breaks_line ON breaks (line_id) WHERE closed_by IS NULL AND line_id IS NOT NULL;
CREATE UNIQUE INDEX uq_breaks_entry ON breaks (journal_id, leg) WHERE closed_by IS NULL AND journal_id IS NOT NULL;
CREATE UNIQUE INDEX uq_breaks_group ON breaks (group_id) WHERE closed_by IS NULL AND group_id IS NOT NULL;
CREATE UNIQUE INDEX uq_breaks_part ON breaks (import_id, part, reason) WHERE closed_by IS NULL AND part IS NOT NULL;
-- (a row of a file has one for good: what was mended stays so)
CREATE UNIQUE INDEX uq_breaks_row ON breaks (row_id) WHERE row_id IS NOT NULL;
CREATE INDEX ix_breaks_open ON breaks (account, at, id) WHERE closed_by IS NULL;
CREATE INDEX ix_breaks_reason ON breaks (account, reason, at, id) WHERE closed_by IS NULL;
CREATE INDEX ix_breaks_amount ON breaks (account, amount, at, id) WHERE closed_by IS NULL;
CREATE INDEX ix_breaks_found ON breaks (account, found_at, at, id) WHERE closed_by IS NULL AND found_at IS NOT NULL;
CREATE INDEX ix_breaks_waiting ON breaks (account, at, id) WHERE closed_by IS NULL AND found_at IS NULL;
CREATE INDEX ix_breaks_line_was ON breaks (line_id) WHERE closed_by IS NOT NULL AND line_id IS NOT NULL;
CREATE INDEX ix_breaks_entry_was ON breaks (journal_id, leg) WHERE closed_by IS NOT NULL AND journal_id IS NOT NULL;
-- Journals that know the teller's id of what they are about.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_journals_told ON ledger.journals ((memo->>'told')) WHERE memo ? 'told';

SELECT audit.watch('matching_joined');
SELECT audit.marks_stay('matching_joined', 'left_at', 'left_by', 'left_reason', 'left_request_id');
SELECT audit.watch('matching_rules', '=account');
SELECT audit.watch('matching_runs');
SELECT audit.marks_stay('matching_runs', 'ended_at');
GRANT SELECT, INSERT ON matching_joined, matching_rules, matching_marks, matching_runs, matches, breaks TO bursar_app;
GRANT USAGE ON SEQUENCE match_groups TO bursar_app;
GRANT UPDATE (left_at, left_by, left_reason, left_request_id) ON matching_joined TO bursar_app;
GRANT UPDATE (upto, booked_at) ON matching_marks TO bursar_app;
GRANT UPDATE (counts, digest, ended_at) ON matching_runs TO bursar_app;
GRANT UPDATE (ended_by) ON matches TO bursar_app;
GRANT UPDATE (reason, found_at, closed_by) ON breaks TO bursar_app;
