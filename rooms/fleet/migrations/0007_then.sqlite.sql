-- Lists of the past in the time a page may take among a million devices. The file is made anew, from the record, with its
-- spans on shelves: a shelf holds spans of about one length that begin at about one time, so whatever was so at an
-- instant lies on a few of them. Indexes hold all that most lists ask for, and in the order of tags.
DROP TABLE then_device;
DROP TABLE then_state;
DROP TABLE then_name;
DELETE FROM then_words;
DELETE FROM then_progress;

-- What a device was and where it stood, for as long as we knew it to be so: [from_at, until_at). words are those of its tag,
-- serial number and UDI, with a space before each.
CREATE TABLE then_device (
    org_id UUID NOT NULL,
    device_id UUID NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    shelf BIGINT NOT NULL,
    here BOOLEAN NOT NULL,
    tag_key TEXT NOT NULL,
    words TEXT NOT NULL,
    model_id UUID NOT NULL,
    site_id UUID NOT NULL,
    place_id UUID,
    department_id UUID,
    import_id UUID,
    PRIMARY KEY (org_id, device_id, from_at)
) WITHOUT ROWID;

CREATE INDEX then_device_walk ON then_device (org_id, here, shelf, tag_key, device_id, from_at, until_at, model_id, site_id, place_id, department_id);

CREATE INDEX then_device_site ON then_device (org_id, here, site_id, tag_key, device_id, from_at, until_at, model_id, place_id, department_id);

CREATE INDEX then_device_department ON then_device (org_id, department_id, tag_key, device_id, from_at, until_at, here, model_id, site_id, place_id);

CREATE INDEX then_device_model ON then_device (org_id, model_id, tag_key, device_id, from_at, until_at, here, site_id, place_id, department_id);

CREATE INDEX then_device_place ON then_device (org_id, place_id, tag_key, device_id, from_at, until_at, here, model_id, site_id, department_id) WHERE place_id IS NOT NULL;

CREATE INDEX then_device_import ON then_device (org_id, import_id) WHERE import_id IS NOT NULL;

-- What changes often: in which state it was, whether it could be used, and what was not decided while it was in the
-- inventory. tag_key and site_id are those of the device then, so that the commonest lists need nothing else.
CREATE TABLE then_state (
    org_id UUID NOT NULL,
    device_id UUID NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    shelf BIGINT NOT NULL,
    tag_key TEXT NOT NULL,
    site_id UUID NOT NULL,
    state TEXT NOT NULL,
    held BOOLEAN NOT NULL,
    unusable BOOLEAN NOT NULL,
    no_risk BOOLEAN NOT NULL,
    no_strategy BOOLEAN NOT NULL,
    PRIMARY KEY (org_id, device_id, from_at)
) WITHOUT ROWID;

-- The rarer states: most time is spent in service, and what left stays so.
CREATE INDEX then_state_rare ON then_state (org_id, state, shelf, tag_key, device_id, from_at, until_at, site_id) WHERE state NOT IN ('in_service', 'retired', 'returned', 'cancelled');

CREATE INDEX then_state_unusable ON then_state (org_id, shelf, tag_key, device_id, from_at, until_at, site_id, state, held, unusable) WHERE unusable;

CREATE INDEX then_state_no_strategy ON then_state (org_id, shelf, tag_key, device_id, from_at, until_at, site_id, state, no_strategy) WHERE no_strategy;

-- What sites, places, departments, makers, types and models were called. words have a space before each. type_id and
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
) WITHOUT ROWID;

CREATE INDEX then_name_words ON then_name (org_id, kind, words, id, from_at, until_at);

-- The names of places and departments, each once: a hospital has a hundred rooms of one name. Of kind 'identifier' the
-- words without digits that tags, serial numbers and UDIs ever had; they are few, and say that a word such as "pump" is none
-- of them. What is here need not be in use any more.
CREATE TABLE then_called (
    org_id UUID NOT NULL,
    kind TEXT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (org_id, kind, words)
) WITHOUT ROWID;
