CREATE TABLE search_doc (
    org_id UUID NOT NULL,
    kind TEXT NOT NULL,
    id UUID NOT NULL,
    words TSVECTOR NOT NULL,
    PRIMARY KEY (org_id, kind, id)
);

-- reference table: a GIN index holds words only; org_id is checked on the rows found.
CREATE INDEX search_doc_words ON search_doc USING gin (words);
