CREATE TABLE label (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX label_name ON label (org_id, name_key);

-- A label on a record, or taken off it again: one row for the two, whatever was done.
CREATE TABLE labelling (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    label_id UUID NOT NULL,
    noun TEXT NOT NULL,
    record_id UUID NOT NULL,
    name TEXT NOT NULL,
    worn BOOLEAN NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, label_id) REFERENCES label (org_id, id)
);
CREATE UNIQUE INDEX labelling_label ON labelling (org_id, label_id, noun, record_id);
CREATE INDEX labelling_of ON labelling (org_id, noun, record_id, label_id);

-- How many records of a kind wear a label.
CREATE TABLE label_count (
    org_id UUID NOT NULL,
    label_id UUID NOT NULL,
    noun TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (org_id, label_id, noun)
);
