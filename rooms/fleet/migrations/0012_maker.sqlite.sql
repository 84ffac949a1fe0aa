-- Other names of a maker and whose it was, kept with it as JSON. company_called finds a maker by any of its names, its own
-- among them; one belongs to one maker.
ALTER TABLE company ADD COLUMN aliases TEXT;

ALTER TABLE company ADD COLUMN owners TEXT;

CREATE TABLE company_called (
    org_id UUID NOT NULL,
    name_key TEXT NOT NULL,
    company_id UUID NOT NULL,
    PRIMARY KEY (org_id, name_key),
    FOREIGN KEY (org_id, company_id) REFERENCES company (org_id, id)
);

CREATE INDEX company_called_company ON company_called (org_id, company_id);

INSERT INTO company_called (org_id, name_key, company_id) SELECT org_id, name_key, id FROM company;
