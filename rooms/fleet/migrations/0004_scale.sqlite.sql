-- Devices on which it is not decided how they are kept; few, and looked for among all.
CREATE INDEX device_no_strategy ON device (org_id, id) WHERE strategy IS NULL;

-- Lists show what has not left. Old tags have mostly left, so a list by tag would pass all of them on the way to its
-- first page.
CREATE INDEX device_here ON device (org_id, tag_key, id) WHERE removed_at IS NULL AND state NOT IN ('retired', 'returned', 'cancelled');

CREATE INDEX device_here_by_site ON device (org_id, site_id, tag_key, id) WHERE removed_at IS NULL AND state NOT IN ('retired', 'returned', 'cancelled');

-- The longest in one state first: what is in repair has been there for weeks, what is in service for years, so it
-- would be looked for among all that is in service.
CREATE INDEX device_by_state_since ON device (org_id, state, state_since_at, id);

-- How many devices of each model have not left, by site and for the whole organisation.
INSERT INTO tally (org_id, name, site_id, department_id, word, part, n)
SELECT org_id, 'device.model/site', site_id, x'00000000000000000000000000000000', lower(hex(model_id)), x'00000000000000000000000000000000', COUNT(*) FROM device WHERE removed_at IS NULL AND state NOT IN ('retired', 'returned', 'cancelled') GROUP BY org_id, site_id, model_id;

INSERT INTO tally (org_id, name, site_id, department_id, word, part, n)
SELECT org_id, 'device.model/org', x'00000000000000000000000000000000', department_id, word, part, SUM(n) FROM tally WHERE name = 'device.model/site' GROUP BY org_id, department_id, word, part;

-- The words of all devices are written again, site by site, beside the word index.
INSERT INTO job (org_id, id, kind, payload, state, run_at, attempts)
SELECT org_id, id, 'fleet.device.reindex', '{"noun":"site","id":"' || lower(hex(id)) || '"}', 'waiting', 0, 0 FROM site;
