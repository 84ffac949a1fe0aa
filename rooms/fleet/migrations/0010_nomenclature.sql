-- What a type is called in the nomenclatures, and how long devices of it last. A code is not unique: two types of a
-- house may be one term of a nomenclature.
ALTER TABLE device_type ADD COLUMN product_code TEXT;

ALTER TABLE device_type ADD COLUMN gmdn TEXT;

ALTER TABLE device_type ADD COLUMN emdn TEXT;

ALTER TABLE device_type ADD COLUMN umdns TEXT;

ALTER TABLE device_type ADD COLUMN life_years BIGINT;

ALTER TABLE device_type ADD COLUMN life_source TEXT;
