-- Events not sealed yet: a row for each transaction that recorded any, with their ids one after another.
CREATE TABLE event_unsealed (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    ids BYTEA NOT NULL,
    queued_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);

-- Sealed batches of events, each naming the root of the one before. leaves holds 64 bytes an event: its id, its
-- record, its hash.
CREATE TABLE event_seal (
    org_id UUID NOT NULL,
    number BIGINT NOT NULL,
    events BIGINT NOT NULL,
    tree BYTEA NOT NULL,
    previous BYTEA NOT NULL,
    sealed_at BIGINT NOT NULL,
    sealed_by BYTEA NOT NULL,
    next_by BYTEA NOT NULL,
    note TEXT,
    root BYTEA NOT NULL,
    signature BYTEA NOT NULL,
    leaves BYTEA NOT NULL,
    PRIMARY KEY (org_id, number)
);

CREATE INDEX event_seal_root ON event_seal (org_id, root);

-- What was recorded before there were seals waits for the first one.
INSERT INTO event_unsealed (org_id, id, ids, queued_at) SELECT org_id, id, id, recorded_at FROM event;
