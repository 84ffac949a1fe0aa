-- reference table: the number by which the word index knows a record; org_id leads the index below.
CREATE TABLE search_doc (
    doc INTEGER PRIMARY KEY,
    org_id UUID NOT NULL,
    kind TEXT NOT NULL,
    id UUID NOT NULL
);

CREATE UNIQUE INDEX search_doc_id ON search_doc (org_id, kind, id);

CREATE VIRTUAL TABLE search_words USING fts5(words, content='', contentless_delete=1, tokenize='ascii', detail='none');
