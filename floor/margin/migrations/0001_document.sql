-- A file by its content: the same bytes are kept once for each organisation.
CREATE TABLE stored_file (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    media TEXT NOT NULL,
    blob_id UUID NOT NULL,
    -- A picture as it is shown: turned upright, with nothing hidden in it.
    shown_id UUID,
    shown_bytes BIGINT,
    shown_media TEXT,
    width BIGINT,
    height BIGINT,
    preview_id UUID,
    preview_bytes BIGINT,
    preview_width BIGINT,
    preview_height BIGINT,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX stored_file_sha256 ON stored_file (org_id, sha256);

-- How many bytes an organisation keeps, for its limit.
CREATE TABLE stored_sum (
    org_id UUID NOT NULL,
    bytes BIGINT NOT NULL,
    PRIMARY KEY (org_id)
);

CREATE TABLE document (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    noun TEXT NOT NULL,
    record_id UUID NOT NULL,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    file_id UUID NOT NULL,
    file_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    valid_from TEXT,
    valid_until TEXT,
    added_at BIGINT NOT NULL,
    added_by TEXT NOT NULL,
    removed_at BIGINT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, file_id) REFERENCES stored_file (org_id, id)
);
CREATE INDEX document_of ON document (org_id, noun, record_id, id);
CREATE INDEX document_file ON document (org_id, file_id);
