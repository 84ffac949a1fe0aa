-- Tags that devices carried before their present one. Together with the tags in device they are all tags ever used.
CREATE TABLE former_tag (
    org_id UUID NOT NULL,
    tag_key TEXT NOT NULL,
    tag TEXT NOT NULL,
    device_id UUID NOT NULL,
    until_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, tag_key),
    FOREIGN KEY (org_id, device_id) REFERENCES device (org_id, id)
);
