-- The same table, its rows in its key: pages read thousands of counts in order, and every write finds its count by it.
CREATE TABLE tally_keyed (
    org_id UUID NOT NULL,
    name TEXT NOT NULL,
    site_id UUID NOT NULL,
    department_id UUID NOT NULL,
    word TEXT NOT NULL,
    part UUID NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (org_id, name, site_id, word, department_id, part)
) WITHOUT ROWID;
INSERT INTO tally_keyed (org_id, name, site_id, department_id, word, part, n)
    SELECT org_id, name, site_id, department_id, word, part, n FROM tally;
DROP TABLE tally;
ALTER TABLE tally_keyed RENAME TO tally;
CREATE INDEX tally_department ON tally (org_id, name, department_id);
