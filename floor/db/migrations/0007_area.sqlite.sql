-- The words of records lie together by the area a list is often cut down to, such as the site of devices: asking those of
-- one area for their words reads a few pages instead of one for each. The room of a kind of record that has areas fills
-- them in.
CREATE TABLE search_text_in_area (
    org_id UUID NOT NULL,
    kind TEXT NOT NULL,
    area_id UUID NOT NULL,
    id UUID NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (org_id, kind, area_id, id)
) WITHOUT ROWID;
INSERT INTO search_text_in_area (org_id, kind, area_id, id, words)
    SELECT org_id, kind, x'00000000000000000000000000000000', id, words FROM search_text;
DROP TABLE search_text;
ALTER TABLE search_text_in_area RENAME TO search_text;
ALTER TABLE search_doc ADD COLUMN area_id UUID NOT NULL DEFAULT x'00000000000000000000000000000000';
