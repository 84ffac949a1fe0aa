-- What searches ask of a device beside its state, place, owner and model, each with few devices in a range or with a
-- value that few have.
CREATE INDEX device_by_acquired ON device (org_id, acquired_on, id) WHERE acquired_on IS NOT NULL;

CREATE INDEX device_by_price ON device (org_id, price_currency, price_minor, id) WHERE price_currency IS NOT NULL;

CREATE INDEX device_by_strategy ON device (org_id, strategy, id) WHERE strategy IS NOT NULL;

CREATE INDEX device_not_owned ON device (org_id, tenure, id) WHERE tenure <> 'owned';
