-- The words of devices lie together by site.
UPDATE search_doc SET area_id = (SELECT d.site_id FROM device d WHERE d.org_id = search_doc.org_id AND d.id = search_doc.id)
    WHERE kind = 'device' AND EXISTS (SELECT 1 FROM device d WHERE d.org_id = search_doc.org_id AND d.id = search_doc.id);
INSERT INTO search_text (org_id, kind, area_id, id, words)
    SELECT x.org_id, x.kind, d.site_id, x.id, x.words FROM search_text x
    JOIN device d ON d.org_id = x.org_id AND d.id = x.id
    WHERE x.kind = 'device' AND x.area_id = x'00000000000000000000000000000000';
DELETE FROM search_text WHERE kind = 'device' AND area_id = x'00000000000000000000000000000000';

-- With the site at its end a walk through all devices finds their words without looking the device up.
DROP INDEX device_here;
CREATE INDEX device_here ON device (org_id, tag_key, id, site_id)
    WHERE removed_at IS NULL AND state NOT IN ('retired', 'returned', 'cancelled');
