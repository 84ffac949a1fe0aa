-- What the names of a file are read as, where that is not the text itself or a person must say it. scope is the maker
-- of a model, else empty; candidates is JSON.
CREATE TABLE import_name (
    org_id UUID NOT NULL,
    import_id UUID NOT NULL,
    field TEXT NOT NULL,
    scope TEXT NOT NULL,
    written TEXT NOT NULL,
    rows_of BIGINT NOT NULL,
    becomes TEXT NOT NULL,
    how TEXT NOT NULL,
    reason TEXT,
    candidates TEXT,
    PRIMARY KEY (org_id, import_id, field, scope, written),
    FOREIGN KEY (org_id, import_id) REFERENCES import_run (org_id, id)
);
