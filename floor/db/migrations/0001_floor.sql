-- One row a duty: who does it until when. Leader work and migrations take turns through it.
-- reference table: a duty belongs to the installation, not to one organisation.
CREATE TABLE IF NOT EXISTS lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until_at BIGINT NOT NULL
);

-- The record of changes. Each row is also the version of its record as known from recorded_at on.
CREATE TABLE event (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    entity TEXT NOT NULL,
    entity_id UUID NOT NULL,
    version BIGINT NOT NULL,
    action TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    valid_at BIGINT NOT NULL,
    actor_id UUID,
    actor_name TEXT NOT NULL,
    via TEXT NOT NULL,
    request_id TEXT NOT NULL,
    reason TEXT,
    before TEXT,
    after TEXT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE UNIQUE INDEX event_version ON event (org_id, entity, entity_id, version);

CREATE INDEX event_recorded ON event (org_id, recorded_at, id);

-- Commands already carried out, by the id their sender gave them.
CREATE TABLE command (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    action TEXT NOT NULL,
    actor_id UUID,
    fingerprint BYTEA NOT NULL,
    result TEXT,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE INDEX command_age ON command (recorded_at);

-- Human numbers, one row a series, taken last in a transaction.
CREATE TABLE counter (
    org_id UUID NOT NULL,
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (org_id, name)
);

-- Kept counts of records by site, department and a word such as their state. The part with the nil id is the
-- sum; others are added to it from time to time. No department is the nil id, since a key holds no NULL.
CREATE TABLE tally (
    org_id UUID NOT NULL,
    name TEXT NOT NULL,
    site_id UUID NOT NULL,
    department_id UUID NOT NULL,
    word TEXT NOT NULL,
    part UUID NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (org_id, name, site_id, word, department_id, part)
);

-- Work for later, enqueued in the transaction that wants it.
CREATE TABLE job (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    holder TEXT,
    held_until_at BIGINT,
    error TEXT,
    PRIMARY KEY (org_id, id)
);

CREATE INDEX job_due ON job (org_id, state, run_at);

-- Files in pieces, so that a server without a shared disk can hold them.
CREATE TABLE blob_piece (
    org_id UUID NOT NULL,
    blob_id UUID NOT NULL,
    piece BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (org_id, blob_id, piece)
);

-- Files that no record names yet: on their way in, or left behind by a server that was killed meanwhile.
CREATE TABLE blob_loose (
    org_id UUID NOT NULL,
    blob_id UUID NOT NULL,
    begun_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, blob_id)
);
