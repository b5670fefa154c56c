-- What others tell of the accounts that they keep for us, line by line as they told it. Nothing here is changed: what is
-- told again adds nothing, what is told otherwise stands beside what was told first.

CREATE TABLE statement_sources (
    id text PRIMARY KEY,
    name text NOT NULL CONSTRAINT uq_statement_sources_name UNIQUE
        CONSTRAINT ck_statement_sources_name_plain CHECK (name ~ '^[a-z][a-z0-9-]{1,39}$'),
    title text NOT NULL CONSTRAINT ck_statement_sources_titled CHECK (title <> ''),
    format text NOT NULL,
    settings jsonb NOT NULL DEFAULT '{}',
    -- A day's statement is there so many days later, at this time where the account is kept (its zone is a setting).
    lag_days integer NOT NULL CONSTRAINT ck_statement_sources_lag_bounded CHECK (lag_days BETWEEN 0 AND 31),
    cut_off time NOT NULL,
    -- Where the teller has an API we ask it ourselves, each so many seconds: nothing of before, and where to go on.
    pull_every integer CONSTRAINT ck_statement_sources_pull_every_bounded CHECK (pull_every BETWEEN 900 AND 604800),
    pull_from timestamptz,
    pulled_until timestamptz,
    continues text REFERENCES statement_sources CONSTRAINT uq_statement_sources_continues UNIQUE,  -- whose account it goes on with
    created_at timestamptz NOT NULL,
    retired_at timestamptz,
    request_id text,                                   -- who agreed that it is the last: guard_retirement looks
    CONSTRAINT ck_statement_sources_pull_begins CHECK (pull_every IS NULL OR pull_from IS NOT NULL),
    CONSTRAINT ck_statement_sources_pull_goes_on CHECK (pulled_until IS NULL OR pulled_until >= pull_from)
);
-- The account of the books that stands for what a source tells of an asset. What is told of an asset that has none is
-- kept, too: it is nobody's until somebody says whose.
CREATE TABLE statement_accounts (
    source_id text NOT NULL REFERENCES statement_sources,
    asset text NOT NULL,
    account text NOT NULL,
    -- In whole coins: from how far off somebody is to be told. It explains nothing: each unit of a difference is a break.
    tolerance numeric NOT NULL CONSTRAINT ck_statement_accounts_tolerance_counted CHECK (tolerance >= 0),
    created_at timestamptz NOT NULL,
    request_id text,                                   -- who let it be more: guard_tolerance looks
    PRIMARY KEY (source_id, asset)
);

-- A file that was read. Rows are lines (of one or several legs), ignored or rejected; lines were added, or known, or tell
-- something else than before (restated).
CREATE TABLE statement_imports (
    id text PRIMARY KEY,
    source_id text NOT NULL REFERENCES statement_sources,
    name text NOT NULL,
    sha256 bytea NOT NULL CONSTRAINT ck_statement_imports_sha256_whole CHECK (length(sha256) = 32),
    format text NOT NULL,
    format_version integer NOT NULL,
    rows_total integer NOT NULL,
    rows_lines integer NOT NULL,
    rows_ignored integer NOT NULL,
    rows_rejected integer NOT NULL,
    lines_total integer NOT NULL,
    lines_added integer NOT NULL,
    lines_known integer NOT NULL,
    lines_restated integer NOT NULL,
    notes text[] NOT NULL DEFAULT '{}',
    tells_all boolean NOT NULL DEFAULT true,           -- of every asset of its source: of what is not in it nothing happened
    reads_again text REFERENCES statement_imports,     -- the first reading of the file whose rejected rows it reads
    imported_at timestamptz NOT NULL,
    CONSTRAINT ck_statement_imports_rows_told CHECK (rows_total = rows_lines + rows_ignored + rows_rejected),
    CONSTRAINT ck_statement_imports_lines_told
        CHECK (lines_total = lines_added + lines_known + lines_restated)
);
CREATE UNIQUE INDEX uq_statement_imports_file ON statement_imports (source_id, sha256) WHERE reads_again IS NULL;
CREATE INDEX ix_statement_imports_reads_again ON statement_imports (reads_again) WHERE reads_again IS NOT NULL;
CREATE INDEX ix_statement_imports_source ON statement_imports (source_id, imported_at);

-- A file that somebody brought, as it came, whatever became of it. Of a source no file is there twice, but for those that
-- were refused: they may be brought again when the source is set up otherwise.
CREATE TABLE statement_files (
    id text PRIMARY KEY,
    source_id text NOT NULL REFERENCES statement_sources,
    name text NOT NULL,
    sha256 bytea NOT NULL CONSTRAINT ck_statement_files_sha256_whole CHECK (length(sha256) = 32),
    size bigint NOT NULL,                              -- bytes
    rows_about integer NOT NULL,                       -- ends of lines in it
    state text NOT NULL CONSTRAINT ck_statement_files_state_known CHECK (state IN ('waiting', 'kept', 'refused')),
    trouble text NOT NULL DEFAULT '',                  -- why it was refused; where in it
    trouble_row integer NOT NULL DEFAULT 0,
    trouble_column text NOT NULL DEFAULT '',
    import_id text REFERENCES statement_imports,
    -- The file whose rejected rows are read once more, since its source is set up otherwise: it has the bytes.
    reads_again text REFERENCES statement_files,
    -- Days of which it tells everything, where whoever brought it knows: also those on which nothing happened.
    covers_from date,
    covers_to date CONSTRAINT ck_statement_files_covers_forward CHECK (covers_to >= covers_from),
    brought_by text NOT NULL,
    brought_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT ck_statement_files_covers_whole CHECK ((covers_from IS NULL) = (covers_to IS NULL)),
    CONSTRAINT ck_statement_files_kept_told CHECK ((state = 'kept') = (import_id IS NOT NULL)),
    CONSTRAINT ck_statement_files_refusal_told CHECK ((state = 'refused') = (trouble <> '')),
    CONSTRAINT ck_statement_files_end_told CHECK ((state = 'waiting') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX uq_statement_files_file ON statement_files (source_id, sha256)
    WHERE state <> 'refused' AND reads_again IS NULL;
CREATE UNIQUE INDEX uq_statement_files_reads_again ON statement_files (reads_again) WHERE state = 'waiting';
CREATE INDEX ix_statement_files_again ON statement_files (reads_again, id) WHERE reads_again IS NOT NULL;
CREATE INDEX ix_statement_files_source ON statement_files (source_id, id);

-- Days of which somebody says that a file tells everything, also of those on which nothing happened. Of a file the newest
-- counts, beside the days that it says itself.
CREATE TABLE statement_said_days (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file_id text NOT NULL REFERENCES statement_files,
    first date NOT NULL,
    last date NOT NULL CONSTRAINT ck_statement_said_days_forward CHECK (last >= first),
    reason text NOT NULL CONSTRAINT ck_statement_said_days_reasoned CHECK (reason <> ''),
    said_by text NOT NULL,
    said_at timestamptz NOT NULL
);
CREATE INDEX ix_statement_said_days_file ON statement_said_days (file_id, id);

-- What we asked a teller for ourselves: it comes as files, like any other.
CREATE TABLE statement_pulls (
    id text PRIMARY KEY,
    source_id text NOT NULL REFERENCES statement_sources,
    state text NOT NULL CONSTRAINT ck_statement_pulls_state_known CHECK (state IN ('asked', 'done', 'failed')),
    since timestamptz NOT NULL,
    until timestamptz NOT NULL CONSTRAINT ck_statement_pulls_until_forward CHECK (until > since),
    rows_told integer NOT NULL DEFAULT 0,
    files integer NOT NULL DEFAULT 0,
    trouble text NOT NULL DEFAULT '',
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT ck_statement_pulls_failure_told CHECK ((state = 'failed') = (trouble <> '')),
    CONSTRAINT ck_statement_pulls_end_told CHECK ((state = 'asked') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX uq_statement_pulls_asked ON statement_pulls (source_id) WHERE state = 'asked';
CREATE INDEX ix_statement_pulls_source ON statement_pulls (source_id, id);

-- Its bytes, compressed already, in pieces that neither side must hold all of.
CREATE TABLE statement_pieces (
    file_id text NOT NULL REFERENCES statement_files,
    nth integer NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (file_id, nth)
);
ALTER TABLE statement_pieces ALTER COLUMN body SET STORAGE EXTERNAL;

-- Who took a file out: it holds what customers paid, and their names.
CREATE TABLE statement_downloads (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file_id text NOT NULL REFERENCES statement_files,
    downloaded_by text NOT NULL,
    downloaded_at timestamptz NOT NULL
);
CREATE INDEX ix_statement_downloads_file ON statement_downloads (file_id, id);

-- One account and asset over a period, as the file has it; amounts in whole coins, exactly as told.
CREATE TABLE statement_parts (
    import_id text NOT NULL REFERENCES statement_imports,
    part integer NOT NULL,
    ref text NOT NULL,
    account text NOT NULL,
    asset text NOT NULL,
    opening numeric,
    closing numeric,
    moved numeric NOT NULL,
    period_from date,
    period_to date,
    closes_on date,                                    -- of its last line: a file of whole days may end within the next
    gaps integer[] NOT NULL,
    untied text NOT NULL,
    PRIMARY KEY (import_id, part)
);

-- The days that each file tells of, an asset at a time: as it says, else from its first line to its last (a file whose ends
-- are told the wrong way round tells of them all the same); and as somebody said.
CREATE VIEW statement_days AS
    SELECT i.source_id, i.tells_all, p.asset,
           daterange(least(p.period_from, p.period_to), greatest(p.period_from, p.period_to), '[]') AS days
      FROM statement_imports i JOIN statement_parts p ON p.import_id = i.id
     WHERE p.period_from IS NOT NULL AND p.period_to IS NOT NULL
     UNION ALL
    SELECT i.source_id, i.tells_all, p.asset, daterange(d.first, d.last, '[]')
      FROM statement_said_days d
      JOIN statement_files f ON f.id = d.file_id
      JOIN statement_imports i ON i.id = f.import_id
      LEFT JOIN statement_parts p ON p.import_id = i.id
     WHERE NOT EXISTS (SELECT FROM statement_said_days x WHERE x.file_id = d.file_id AND x.id > d.id);

-- Source and import are no foreign keys: a check per row takes longer than writing it. They are written from one value
-- per file, in the transaction that writes the import, and nobody may delete any of them.
CREATE TABLE statement_lines (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id text NOT NULL,
    import_id text NOT NULL,
    part integer NOT NULL,
    row_no integer NOT NULL,
    external_id text CONSTRAINT ck_statement_lines_external_id_told CHECK (external_id <> ''),
    identity bytea NOT NULL,                           -- of the teller's id and the asset; without an id, of what it says
    occurrence integer NOT NULL,                       -- the how manieth of its file with this identity
    at timestamptz NOT NULL,
    booked_on date NOT NULL,
    account text NOT NULL,                             -- the teller's
    asset text NOT NULL,
    delta numeric NOT NULL,                            -- above zero: we have more
    fee numeric NOT NULL,
    fee_asset text NOT NULL,
    balance_after numeric,
    kind text NOT NULL,
    group_key text,
    refs text[] NOT NULL,
    counterparty text NOT NULL,
    narration text NOT NULL,
    raw json NOT NULL,                                 -- its cells in the order of the file
    -- What it is told by: a row of the file; the balance that its statements began with; or a line that was told
    -- otherwise later, which is taken back and told anew.
    basis text NOT NULL DEFAULT 'row' CONSTRAINT ck_statement_lines_basis_known
        CHECK (basis IN ('row', 'opening', 'taken_back', 'restated')),
    restates bigint,                                   -- the line in place of which it stands
    CONSTRAINT ck_statement_lines_restates_told CHECK ((restates IS NULL) = (basis IN ('row', 'opening'))),
    CONSTRAINT uq_statement_lines_identity UNIQUE (source_id, identity, occurrence)
);
CREATE INDEX ix_statement_lines_source ON statement_lines (source_id, asset, at, id);
CREATE INDEX ix_statement_lines_opening ON statement_lines (source_id, asset) WHERE basis = 'opening';
CREATE UNIQUE INDEX uq_statement_lines_restates ON statement_lines (restates, basis, occurrence) WHERE restates IS NOT NULL;

-- Rows that are no line, with the reason; and lines that were told before, otherwise.
CREATE TABLE statement_rows (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    import_id text NOT NULL,                           -- (as for lines)
    row_no integer NOT NULL,
    outcome text NOT NULL CONSTRAINT ck_statement_rows_outcome_known
        CHECK (outcome IN ('ignored', 'rejected', 'restated')),
    reason text NOT NULL,
    column_name text NOT NULL,
    line_id bigint,                                    -- what was told before; and what is told now
    delta numeric,
    fee numeric,
    at timestamptz,
    booked_on date,
    raw json NOT NULL,
    CONSTRAINT ck_statement_rows_restated_told CHECK ((outcome = 'restated')
        = (num_nonnulls(line_id, delta, fee, at, booked_on) = 5))
);
CREATE INDEX ix_statement_rows_import ON statement_rows (import_id, outcome, id);
CREATE INDEX ix_statement_rows_restated ON statement_rows (line_id) WHERE line_id IS NOT NULL;

-- Lines of an account that their teller tells otherwise now than they count: the first row that tells it so, and by how
-- much. (Of several that tell otherwise the newest holds; told as it counts, none.)
CREATE FUNCTION restated_lines(p_account text)
    RETURNS TABLE (row_id bigint, import_id text, as_told numeric, at timestamptz, source_id text, account text, asset text,
                   booked_on date)
    LANGUAGE sql STABLE ROWS 10 SET search_path = public, pg_temp AS $$
WITH newest AS (
    SELECT DISTINCT ON (r.line_id) r.line_id, r.delta, r.booked_on, l.at, l.source_id, l.account, l.asset,
           l.booked_on AS told_on
      FROM statement_accounts a JOIN statement_imports i ON i.source_id = a.source_id AND i.lines_restated > 0
      JOIN statement_rows r ON r.import_id = i.id AND r.outcome = 'restated'
      JOIN statement_lines l ON l.id = r.line_id AND l.asset = a.asset
     WHERE a.account = p_account ORDER BY r.line_id, r.id DESC)
SELECT s.id, s.import_id, n.delta - c.delta, n.at, n.source_id, n.account, n.asset, n.told_on
  FROM newest n
 CROSS JOIN LATERAL (
       SELECT v.delta, v.booked_on
         FROM (SELECT l.id, l.delta, l.booked_on FROM statement_lines l WHERE l.id = n.line_id
                UNION ALL
               SELECT l.id, l.delta, l.booked_on FROM statement_lines l
                WHERE l.restates = n.line_id AND l.basis = 'restated') v ORDER BY v.id DESC LIMIT 1) c
 CROSS JOIN LATERAL (
       SELECT r.id, r.import_id FROM statement_rows r
        WHERE r.line_id = n.line_id AND (r.delta, r.booked_on) = (n.delta, n.booked_on)
          AND r.id > coalesce((SELECT max(o.id) FROM statement_rows o
                                WHERE o.line_id = n.line_id AND (o.delta, o.booked_on) IS DISTINCT FROM (n.delta, n.booked_on)), 0)
        ORDER BY r.id LIMIT 1) s
 WHERE (n.delta, n.booked_on) IS DISTINCT FROM (c.delta, c.booked_on)
$$;

-- What accounts that a teller keeps had before the first statement that says their balance, and the part that says so: its
-- opening balance, less what other files told of before it and what the source told that this one goes on with. Of one
-- import's accounts, or of those that wait: another account of the same asset was told of before, so that it may be that
-- one under another name, and nobody said that it is not (there would be an opening line).
-- A statement that does not tie begins nothing once a sound one mends it. Of several of one day, that which tells the
-- earliest line.
CREATE FUNCTION statement_beginnings(p_source text, p_import text)
    RETURNS TABLE (account text, asset text, import_id text, part integer, day date, at timestamptz, amount numeric,
                   waits boolean)
    LANGUAGE sql STABLE ROWS 10 SET search_path = public, pg_temp
    SET enable_nestloop = off SET enable_seqscan = off AS $$  -- (of very many lines only the first days are read)
WITH RECURSIVE chain AS (
    SELECT s.continues AS id FROM statement_sources s WHERE s.id = p_source
     UNION SELECT s.continues FROM chain c JOIN statement_sources s ON s.id = c.id
), kept AS (
    SELECT coalesce(nullif(s.settings->>'zone', ''), 'UTC') AS zone FROM statement_sources s WHERE s.id = p_source
), every AS (
    SELECT p.account, p.asset, min(p.import_id) AS since,
           min(p.import_id) FILTER (WHERE p.opening IS NOT NULL AND p.closing IS NOT NULL) AS said,
           bool_or(p.import_id = p_import) AS own
      FROM statement_imports i JOIN statement_parts p ON p.import_id = i.id
     WHERE i.source_id = p_source AND (p.opening IS NOT NULL OR p.closing IS NOT NULL OR p.moved <> 0)
     GROUP BY 1, 2
), ranked AS (
    SELECT e.*, row_number() OVER (PARTITION BY e.asset ORDER BY e.said NULLS LAST, e.account) AS nth,
           e.since > min(e.since) OVER (PARTITION BY e.asset)
               AND NOT EXISTS (SELECT FROM statement_lines l WHERE l.source_id = p_source AND l.basis = 'opening'
                                  AND (l.account, l.asset) = (e.account, e.asset)) AS waits
      FROM every e
), parts AS (
    SELECT p.*, o.nth, o.waits, least(p.period_from, p.period_to) AS day, greatest(p.period_from, p.period_to) AS last,
           p.closing - p.opening = p.moved AND p.gaps = '{}' AS sound
      FROM ranked o JOIN statement_imports i ON i.source_id = p_source
      JOIN statement_parts p ON p.import_id = i.id AND (p.account, p.asset) = (o.account, o.asset)
     WHERE CASE WHEN p_import IS NULL THEN o.waits ELSE o.own END
       AND p.opening IS NOT NULL AND p.closing IS NOT NULL AND p.untied = '' AND p.period_from IS NOT NULL
       AND p.period_to IS NOT NULL
), mended AS (  -- (a sound sheet that came later tells of all the same days)
    SELECT p.import_id, p.part
      FROM parts p JOIN parts x ON (x.account, x.asset) = (p.account, p.asset)
     WHERE NOT p.sound AND x.sound AND x.import_id > p.import_id AND x.day <= p.day AND x.last >= p.last
), beginnings AS (
    SELECT p.*, min(p.day) OVER (PARTITION BY p.account, p.asset) AS first
      FROM parts p WHERE p.sound OR (p.import_id, p.part) NOT IN (SELECT m.import_id, m.part FROM mended m)
), first_days AS (  -- (which of a day is first is asked only where there are several)
    SELECT b.*, count(*) OVER (PARTITION BY b.account, b.asset) > 1 AS several FROM beginnings b WHERE b.day = b.first
), firsts AS (
    SELECT DISTINCT ON (b.account, b.asset) b.*, k.zone, (b.day + 2)::timestamp AT TIME ZONE k.zone AS until
      FROM first_days b CROSS JOIN kept k
      LEFT JOIN LATERAL (
           SELECT min(l.at) AS at FROM statement_lines l
            WHERE b.several AND l.source_id = p_source AND l.asset = b.asset
              AND l.at < (b.day + 2)::timestamp AT TIME ZONE k.zone
              AND (l.import_id, l.part, l.basis) = (b.import_id, b.part, 'row')) l ON true
     ORDER BY b.account, b.asset, l.at NULLS LAST, b.sound DESC, b.import_id, b.part
), early AS MATERIALIZED (  -- (read once, however many accounts begin)
    SELECT l.account, l.asset, l.booked_on, sum(l.delta) AS delta
      FROM (SELECT f.asset, max(f.until) AS until FROM firsts f GROUP BY 1) m
     CROSS JOIN LATERAL (SELECT e.account, e.asset, e.booked_on, e.delta FROM statement_lines e
                          WHERE e.source_id = p_source AND e.asset = m.asset AND e.at < m.until
                            AND e.basis <> 'opening' OFFSET 0) l
     GROUP BY 1, 2, 3
)
SELECT f.account, f.asset, f.import_id, f.part, f.day, f.day::timestamp AT TIME ZONE f.zone,
       f.opening - coalesce((SELECT sum(e.delta) FROM early e
                              WHERE (e.account, e.asset) = (f.account, f.asset) AND e.booked_on < f.day), 0)
       - CASE WHEN f.nth > 1 THEN 0
              ELSE coalesce((SELECT sum(l.delta) FROM chain c
                               JOIN statement_lines l ON l.source_id = c.id AND l.asset = f.asset
                                AND l.booked_on < f.day), 0) END, f.waits
  FROM firsts f
$$;

SELECT audit.watch('statement_sources');
SELECT audit.watch('statement_accounts', '=source_id');
SELECT audit.watch('statement_imports');
SELECT audit.watch('statement_files');
SELECT audit.watch('statement_pulls');
SELECT audit.watch('statement_downloads', '=file_id');
SELECT audit.watch('statement_said_days', '=file_id');
SELECT audit.marks_stay('statement_sources', 'retired_at');
SELECT audit.marks_stay('statement_files', 'import_id', 'ended_at');
SELECT audit.marks_stay('statement_pulls', 'ended_at');
GRANT SELECT, INSERT ON statement_sources, statement_accounts, statement_imports, statement_files, statement_pieces,
    statement_pulls, statement_downloads, statement_said_days, statement_parts, statement_lines, statement_rows TO bursar_app;
GRANT SELECT ON statement_days TO bursar_app;
GRANT UPDATE (title, settings, lag_days, cut_off, pull_every, pull_from, pulled_until, retired_at, request_id)
    ON statement_sources TO bursar_app;
GRANT UPDATE (account, tolerance, request_id) ON statement_accounts TO bursar_app;
GRANT UPDATE (state, trouble, trouble_row, trouble_column, import_id, ended_at) ON statement_files TO bursar_app;
GRANT UPDATE (state, rows_told, files, trouble, ended_at) ON statement_pulls TO bursar_app;
