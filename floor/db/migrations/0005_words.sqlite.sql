-- The words of each record once more, in reach of its id: a list walked in its own order asks of each record whether
-- it holds the words looked for. A record without a row here was written by an earlier version, and is looked for in
-- the word index instead until its words are written again.
CREATE TABLE search_text (
    org_id UUID NOT NULL,
    kind TEXT NOT NULL,
    id UUID NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (org_id, kind, id)
) WITHOUT ROWID;

-- Counts of a whole site and of the whole organisation, so that a page reads a few rows and not one for each
-- department.
INSERT INTO tally (org_id, name, site_id, department_id, word, part, n)
SELECT org_id, name || '/site', site_id, x'00000000000000000000000000000000', word, x'00000000000000000000000000000000', SUM(n) FROM tally GROUP BY org_id, name, site_id, word;

INSERT INTO tally (org_id, name, site_id, department_id, word, part, n)
SELECT org_id, replace(name, '/site', '/org'), x'00000000000000000000000000000000', department_id, word, part, SUM(n) FROM tally WHERE name LIKE '%/site' GROUP BY org_id, name, department_id, word, part;

CREATE INDEX tally_department ON tally (org_id, name, department_id);
