-- One import of a file of devices. layout, setup, reading, seen and counts are JSON, read whole.
CREATE TABLE import_run (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    file_name TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    blob_id UUID NOT NULL,
    by_id UUID,
    by_name TEXT NOT NULL,
    reach TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    as_at BIGINT NOT NULL,
    layout TEXT NOT NULL,
    setup TEXT NOT NULL,
    reading TEXT,
    seen TEXT NOT NULL,
    counts TEXT NOT NULL,
    error TEXT,
    PRIMARY KEY (org_id, id)
);

-- Where the work on an import stands. step counts the batches kept, so that no batch is kept twice.
CREATE TABLE import_progress (
    org_id UUID NOT NULL,
    import_id UUID NOT NULL,
    step BIGINT NOT NULL,
    phase TEXT NOT NULL,
    wave BIGINT NOT NULL,
    waves BIGINT NOT NULL,
    position TEXT NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (org_id, import_id),
    FOREIGN KEY (org_id, import_id) REFERENCES import_run (org_id, id)
);

-- The verdict on each row of the file. A new row already knows the id its device will have.
CREATE TABLE import_row (
    org_id UUID NOT NULL,
    import_id UUID NOT NULL,
    line BIGINT NOT NULL,
    tag TEXT,
    tag_key TEXT,
    parent_key TEXT,
    site_key TEXT,
    wave BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    kind TEXT,
    problems TEXT,
    device_id UUID,
    PRIMARY KEY (org_id, import_id, line),
    FOREIGN KEY (org_id, import_id) REFERENCES import_run (org_id, id)
);

CREATE INDEX import_row_parent ON import_row (org_id, import_id, line) WHERE parent_key IS NOT NULL;
