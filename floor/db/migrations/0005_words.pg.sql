-- Counts of a whole site and of the whole organisation, so that a page reads a few rows and not one for each
-- department.
INSERT INTO tally (org_id, name, site_id, department_id, word, part, n)
SELECT org_id, name || '/site', site_id, CAST('00000000-0000-0000-0000-000000000000' AS UUID), word, CAST('00000000-0000-0000-0000-000000000000' AS UUID), SUM(n) FROM tally GROUP BY org_id, name, site_id, word;

INSERT INTO tally (org_id, name, site_id, department_id, word, part, n)
SELECT org_id, replace(name, '/site', '/org'), CAST('00000000-0000-0000-0000-000000000000' AS UUID), department_id, word, part, SUM(n) FROM tally WHERE name LIKE '%/site' GROUP BY org_id, name, department_id, word, part;

CREATE INDEX tally_department ON tally (org_id, name, department_id);
