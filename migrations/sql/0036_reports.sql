-- Files made of reports: who asked for which, who took it out; their bytes, sealed, for a while; and when one is made by
-- itself.

CREATE TABLE report_schedules (
    id text CONSTRAINT pk_report_schedules PRIMARY KEY,
    report text NOT NULL,
    options jsonb NOT NULL DEFAULT '{}',
    format text NOT NULL CONSTRAINT ck_report_schedules_format_known CHECK (format IN ('csv', 'xlsx', 'pdf')),
    rhythm text NOT NULL CONSTRAINT ck_report_schedules_rhythm_known CHECK (rhythm IN ('daily', 'weekly', 'monthly')),
    next_on date NOT NULL,
    made_by text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX ix_report_schedules_next_on ON report_schedules (next_on);

CREATE TABLE report_readers (
    schedule_id text NOT NULL CONSTRAINT fk_report_readers_schedule_id REFERENCES report_schedules,
    operator_id text NOT NULL CONSTRAINT fk_report_readers_operator_id REFERENCES operators,
    CONSTRAINT pk_report_readers PRIMARY KEY (schedule_id, operator_id)
);

CREATE TABLE report_files (
    id text CONSTRAINT pk_report_files PRIMARY KEY,
    report text NOT NULL,
    parameters jsonb NOT NULL,
    format text NOT NULL CONSTRAINT ck_report_files_format_known CHECK (format IN ('csv', 'xlsx', 'pdf')),
    state text NOT NULL CONSTRAINT ck_report_files_state_known CHECK (state IN ('asked', 'ready', 'failed', 'swept')),
    asked_by text NOT NULL,
    asked_at timestamptz NOT NULL,
    schedule_id text CONSTRAINT fk_report_files_schedule_id REFERENCES report_schedules,
    slot date,
    lines bigint,
    ties jsonb NOT NULL DEFAULT '[]',
    size_bytes bigint,
    sha256 bytea,
    read_at timestamptz,
    ready_at timestamptz,
    expires_at timestamptz,
    error text NOT NULL DEFAULT '',
    CONSTRAINT uq_report_files_slot UNIQUE (schedule_id, slot),
    CONSTRAINT ck_report_files_made_when CHECK ((state IN ('ready', 'swept')) = (sha256 IS NOT NULL))
);
CREATE INDEX ix_report_files_state ON report_files (state, id);
CREATE INDEX ix_report_files_asked_by ON report_files (asked_by, id);

CREATE TABLE report_pieces (
    file_id text NOT NULL CONSTRAINT fk_report_pieces_file_id REFERENCES report_files,
    number integer NOT NULL,
    sealed bytea NOT NULL,
    key_id text NOT NULL,
    data_key bytea NOT NULL,
    CONSTRAINT pk_report_pieces PRIMARY KEY (file_id, number)
);
ALTER TABLE report_pieces ALTER COLUMN sealed SET STORAGE EXTERNAL; -- (what is sealed cannot be pressed any more)

CREATE TABLE report_progress (
    file_id text CONSTRAINT pk_report_progress PRIMARY KEY CONSTRAINT fk_report_progress_file_id REFERENCES report_files,
    lines bigint NOT NULL,
    lines_expected bigint,
    told_at timestamptz NOT NULL
);

CREATE TABLE report_downloads (
    id text CONSTRAINT pk_report_downloads PRIMARY KEY,
    file_id text NOT NULL CONSTRAINT fk_report_downloads_file_id REFERENCES report_files,
    operator_id text NOT NULL CONSTRAINT fk_report_downloads_operator_id REFERENCES operators,
    session_id text NOT NULL,
    downloaded_at timestamptz NOT NULL
);
CREATE INDEX ix_report_downloads_file_id ON report_downloads (file_id, id);

SELECT audit.watch('report_schedules');
SELECT audit.watch('report_readers', '=schedule_id');
SELECT audit.watch('report_files');
SELECT audit.watch('report_downloads');
SELECT audit.protect('report_downloads');
SELECT audit.marks_stay('report_schedules', 'ended_at');
GRANT SELECT, INSERT ON report_schedules, report_readers, report_files, report_pieces, report_progress, report_downloads
    TO bursar_app;
GRANT UPDATE (next_on, ended_at) ON report_schedules TO bursar_app;
-- What was asked for stays as it was asked; only how it stands and what came of it is written.
GRANT UPDATE (state, lines, ties, size_bytes, sha256, read_at, ready_at, expires_at, error) ON report_files TO bursar_app;
GRANT UPDATE (lines, lines_expected, told_at) ON report_progress TO bursar_app;
GRANT DELETE ON report_pieces, report_progress TO bursar_app;
