-- One change of many devices, carried out and undone as a whole. wanted, change and counts are JSON, read whole.
CREATE TABLE act (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    by_id UUID,
    by_name TEXT NOT NULL,
    begun_at BIGINT NOT NULL,
    query TEXT NOT NULL,
    change TEXT NOT NULL,
    reason TEXT NOT NULL,
    within TEXT NOT NULL,
    counts TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
);

-- What somebody is about to do and has not done: the choice so far.
CREATE TABLE act_draft (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    by_id UUID,
    made_at BIGINT NOT NULL,
    query TEXT NOT NULL,
    change TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
);

CREATE INDEX act_draft_made ON act_draft (org_id, made_at);

-- The devices of an act, as they were when it was prepared; and what it made of each: the fields it changed, as they were
-- and as they became.
CREATE TABLE act_item (
    org_id UUID NOT NULL,
    act_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    device_id UUID NOT NULL,
    seen BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    before TEXT,
    after TEXT,
    words TEXT,
    PRIMARY KEY (org_id, act_id, seq)
);

-- What is still to be done of an act, and to be undone.
CREATE INDEX act_item_outcome ON act_item (org_id, act_id, outcome, seq);
