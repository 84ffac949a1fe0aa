-- What searches ask of a device beside its state, place, owner and model: ranges, values that few have, and what few lack.
CREATE INDEX device_by_acquired ON device (org_id, acquired_on, id);

CREATE INDEX device_by_price ON device (org_id, price_currency, price_minor, id);

CREATE INDEX device_by_strategy ON device (org_id, strategy, id) WHERE strategy IS NOT NULL;

CREATE INDEX device_not_owned ON device (org_id, tenure, id) WHERE tenure <> 'owned';

CREATE INDEX device_no_serial ON device (org_id, id) WHERE serial_key IS NULL;
