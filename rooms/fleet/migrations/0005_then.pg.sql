-- Lists of devices as they were known at a past instant. All of it follows from the record of changes, and is filed from
-- there: nothing here is written when a device changes.

-- What a device was and where it stood, for as long as we knew it to be so: [from_at, until_at). It is one row while
-- nothing of this changes, in most devices' lives one or two. until_quarter is the quarter in which until_at lies, so that
-- a list need not pass what had ended before its time.
CREATE TABLE then_device (
    org_id UUID NOT NULL,
    device_id UUID NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    until_quarter BIGINT NOT NULL,
    here BOOLEAN NOT NULL,
    tag TEXT NOT NULL,
    tag_key TEXT NOT NULL,
    serial TEXT,
    udi TEXT,
    model_id UUID NOT NULL,
    site_id UUID NOT NULL,
    place_id UUID,
    department_id UUID,
    import_id UUID,
    PRIMARY KEY (org_id, device_id, from_at)
);

CREATE INDEX then_device_walk ON then_device (org_id, here, until_quarter, tag_key, device_id);

CREATE INDEX then_device_site ON then_device (org_id, here, site_id, tag_key, device_id);

CREATE INDEX then_device_department ON then_device (org_id, department_id);

CREATE INDEX then_device_model ON then_device (org_id, model_id);

CREATE INDEX then_device_place ON then_device (org_id, place_id) WHERE place_id IS NOT NULL;

CREATE INDEX then_device_import ON then_device (org_id, import_id) WHERE import_id IS NOT NULL;

-- What changes often: in which state it was, and what was not decided.
CREATE TABLE then_state (
    org_id UUID NOT NULL,
    device_id UUID NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    held BOOLEAN NOT NULL,
    no_risk BOOLEAN NOT NULL,
    no_strategy BOOLEAN NOT NULL,
    PRIMARY KEY (org_id, device_id, from_at)
);

-- The rarer states: most time is spent in service, and what left stays so.
CREATE INDEX then_state_rare ON then_state (org_id, state, until_at, device_id) WHERE state NOT IN ('in_service', 'retired', 'returned', 'cancelled');

CREATE INDEX then_state_held ON then_state (org_id, until_at, device_id) WHERE held;

-- What sites, places, departments, makers, types and models were called. words begin with a space each. type_id and
-- company_id are a model's.
CREATE TABLE then_name (
    org_id UUID NOT NULL,
    kind TEXT NOT NULL,
    id UUID NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    words TEXT NOT NULL,
    type_id UUID,
    company_id UUID,
    no_risk BOOLEAN NOT NULL,
    PRIMARY KEY (org_id, kind, id, from_at)
);

-- Words of tags, serial numbers and UDIs that a device no longer has.
CREATE TABLE then_words (
    org_id UUID NOT NULL,
    device_id UUID NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (org_id, device_id)
);

-- How far the filing is: which kind, after which record; in the end, after which change.
CREATE TABLE then_progress (
    org_id UUID NOT NULL PRIMARY KEY,
    stage BIGINT NOT NULL,
    after_id UUID NOT NULL,
    position UUID NOT NULL
);
