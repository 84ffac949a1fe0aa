-- Searches of the list of devices that people keep under a name, for themselves or for all.
CREATE TABLE saved_view (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    sort TEXT NOT NULL,
    by_id UUID NOT NULL,
    by_name TEXT NOT NULL,
    shared BOOLEAN NOT NULL,
    removed BOOLEAN NOT NULL,
    name_key TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE UNIQUE INDEX saved_view_name ON saved_view (org_id, by_id, name_key) WHERE NOT removed;

CREATE INDEX saved_view_shared ON saved_view (org_id, name_key) WHERE shared AND NOT removed;
