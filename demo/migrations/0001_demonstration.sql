-- How a demonstration hospital was made. A row means that its organisation is invented; a real hospital has none.
CREATE TABLE demonstration (
    org_id UUID NOT NULL PRIMARY KEY,
    seed BIGINT NOT NULL,
    devices BIGINT NOT NULL,
    today TEXT NOT NULL,
    sign_ins TEXT NOT NULL,
    whole BOOLEAN NOT NULL,
    FOREIGN KEY (org_id) REFERENCES org (org_id)
);
