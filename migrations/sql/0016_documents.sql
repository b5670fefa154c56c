-- Customers' documents. A row stays for ever; what it is about lies sealed in a store, and goes when its time is over.

CREATE TABLE documents (
    id text CONSTRAINT pk_documents PRIMARY KEY,
    customer_id text NOT NULL CONSTRAINT fk_documents_customer_id REFERENCES customers,
    purpose text NOT NULL CONSTRAINT ck_documents_purpose_known CHECK (purpose IN (
        'id_front', 'id_back', 'selfie', 'proof_of_address', 'source_of_funds', 'company_registration', 'other')),
    name text NOT NULL CONSTRAINT ck_documents_name_short CHECK (length(name) BETWEEN 1 AND 120),  -- to show, no more
    kind text NOT NULL CONSTRAINT ck_documents_kind_known CHECK (kind IN ('jpeg', 'png', 'pdf')),  -- by its content
    size_bytes integer NOT NULL CONSTRAINT ck_documents_size_positive CHECK (size_bytes > 0),
    state text NOT NULL CONSTRAINT ck_documents_state_known
        CHECK (state IN ('received', 'ready', 'refused', 'discarded')),
    refusal text NOT NULL,                             -- why it was refused; empty otherwise
    waits_for text NOT NULL,                           -- what does not answer, while it waits: scanner, storage, key, room
    tries integer NOT NULL,                            -- of the check, those that ended with it included
    tried_at timestamptz,
    pages integer NOT NULL,
    received_at timestamptz NOT NULL,
    checked_at timestamptz,
    discarded_at timestamptz,
    CONSTRAINT ck_documents_ready_with_pages CHECK (state <> 'ready' OR (checked_at IS NOT NULL AND pages > 0)),
    CONSTRAINT ck_documents_refused_with_reason
        CHECK (state <> 'refused' OR (checked_at IS NOT NULL AND refusal <> '')),
    CONSTRAINT ck_documents_discarded_in_time CHECK ((state = 'discarded') = (discarded_at IS NOT NULL))
);
CREATE INDEX ix_documents_customer_id ON documents (customer_id, received_at);
CREATE INDEX ix_documents_received_at ON documents (received_at) WHERE state = 'received';

-- Page 0 is the file as it was sent, the others are its pages made anew. What is thrown away keeps its digest.
CREATE TABLE document_files (
    document_id text NOT NULL CONSTRAINT fk_document_files_document_id REFERENCES documents,
    page integer NOT NULL CONSTRAINT ck_document_files_page_counted CHECK (page >= 0),
    customer_id text NOT NULL CONSTRAINT fk_document_files_customer_id REFERENCES customers,
    media_type text NOT NULL,
    width integer NOT NULL,                            -- 0 for page 0: nobody has looked at it yet
    height integer NOT NULL,
    digest bytea NOT NULL,                             -- SHA-256 of the file (page 0), of the picture's pixels (others)
    likeness bigint,                                   -- 64 bits that are nearly the same for nearly the same picture
    likeness_bands integer[],                          -- its four quarters, each with its place: what it is found by
    storage_name text CONSTRAINT uq_document_files_storage_name UNIQUE,
    key_id text,                                       -- which key of DOCUMENT_KEYS seals the data key
    data_key bytea,                                    -- of this file alone, sealed
    CONSTRAINT pk_document_files PRIMARY KEY (document_id, page),
    CONSTRAINT ck_document_files_whole
        CHECK ((storage_name IS NULL) = (data_key IS NULL) AND (key_id IS NULL) = (data_key IS NULL))
);
CREATE INDEX ix_document_files_digest ON document_files (digest);
CREATE INDEX ix_document_files_likeness_bands ON document_files USING gin (likeness_bands);
CREATE INDEX ix_document_files_key_id ON document_files (key_id) WHERE key_id IS NOT NULL;

-- Staff who looked at one, or took it out of the house.
CREATE TABLE document_views (
    id text CONSTRAINT pk_document_views PRIMARY KEY,
    document_id text NOT NULL CONSTRAINT fk_document_views_document_id REFERENCES documents,
    operator_id text NOT NULL CONSTRAINT fk_document_views_operator_id REFERENCES operators,
    what text NOT NULL CONSTRAINT ck_document_views_what_known CHECK (what IN ('preview', 'file')),
    page integer NOT NULL,
    session_id text NOT NULL,                          -- (it is forgotten before this row)
    request_id text NOT NULL,
    refused boolean NOT NULL,                          -- they had seen as much as anybody may in an hour
    told boolean NOT NULL,                             -- with this one it was told that they look at many
    viewed_at timestamptz NOT NULL
);
CREATE INDEX ix_document_views_operator_id ON document_views (operator_id, viewed_at);
CREATE INDEX ix_document_views_document_id ON document_views (document_id, viewed_at);

ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON documents USING (current_setting('bursar.owner', true) IN ('*', customer_id));
ALTER TABLE document_files ENABLE ROW LEVEL SECURITY;
ALTER TABLE document_files FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON document_files USING (current_setting('bursar.owner', true) IN ('*', customer_id));

SELECT audit.watch('documents', 'name', '-tries', '-tried_at');
SELECT audit.watch('document_files', '=document_id', 'data_key');
SELECT audit.watch('document_views');
SELECT audit.protect('document_views');
GRANT SELECT, INSERT ON documents, document_files, document_views TO bursar_app;
GRANT UPDATE (state, refusal, waits_for, tries, tried_at, pages, checked_at, discarded_at) ON documents TO bursar_app;
GRANT UPDATE (storage_name, key_id, data_key) ON document_files TO bursar_app;
SELECT audit.marks_stay('documents', 'checked_at', 'discarded_at');
