-- Lists of one state at one site: its few in repair are found among its thousands without looking at each.
CREATE INDEX device_by_site_state ON device (org_id, site_id, state, tag_key, id) WHERE removed_at IS NULL;
