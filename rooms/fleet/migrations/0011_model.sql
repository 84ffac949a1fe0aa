-- What is known of a model: numbers, the days on which its maker ends something, price, useful life, a risk level of its
-- own. Identifiers are kept with the model as JSON; model_di finds a model by one of them, and one belongs to one model.
ALTER TABLE model ADD COLUMN catalogue_number TEXT;

ALTER TABLE model ADD COLUMN edition TEXT;

ALTER TABLE model ADD COLUMN identifiers TEXT;

ALTER TABLE model ADD COLUMN sale_end_on TEXT;

ALTER TABLE model ADD COLUMN sale_end_source TEXT;

ALTER TABLE model ADD COLUMN sale_end_learnt_on TEXT;

ALTER TABLE model ADD COLUMN support_end_on TEXT;

ALTER TABLE model ADD COLUMN support_end_source TEXT;

ALTER TABLE model ADD COLUMN support_end_learnt_on TEXT;

ALTER TABLE model ADD COLUMN life_end_on TEXT;

ALTER TABLE model ADD COLUMN life_end_source TEXT;

ALTER TABLE model ADD COLUMN life_end_learnt_on TEXT;

ALTER TABLE model ADD COLUMN list_price_minor BIGINT;

ALTER TABLE model ADD COLUMN list_price_currency TEXT;

ALTER TABLE model ADD COLUMN list_price_on TEXT;

ALTER TABLE model ADD COLUMN life_years BIGINT;

ALTER TABLE model ADD COLUMN life_source TEXT;

ALTER TABLE model ADD COLUMN risk TEXT;

ALTER TABLE model ADD COLUMN risk_reason TEXT;

CREATE TABLE model_di (
    org_id UUID NOT NULL,
    di TEXT NOT NULL,
    model_id UUID NOT NULL,
    PRIMARY KEY (org_id, di),
    FOREIGN KEY (org_id, model_id) REFERENCES model (org_id, id)
);

CREATE INDEX model_di_model ON model_di (org_id, model_id);
