-- Since when a place or department is closed: nothing is put there any more, what was there stays on record.
ALTER TABLE place ADD COLUMN closed_at BIGINT;

ALTER TABLE department ADD COLUMN closed_at BIGINT;
