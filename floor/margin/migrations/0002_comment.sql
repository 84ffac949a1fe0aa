CREATE TABLE comment (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    noun TEXT NOT NULL,
    record_id UUID NOT NULL,
    author_id UUID,
    author TEXT NOT NULL,
    words TEXT NOT NULL,
    written_at BIGINT NOT NULL,
    edited_at BIGINT,
    retracted_at BIGINT,
    mentions TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX comment_of ON comment (org_id, noun, record_id, id);

-- Whom comments mention, and who has seen it.
CREATE TABLE mention (
    org_id UUID NOT NULL,
    person_id UUID NOT NULL,
    comment_id UUID NOT NULL,
    read_at BIGINT,
    PRIMARY KEY (org_id, person_id, comment_id),
    FOREIGN KEY (org_id, comment_id) REFERENCES comment (org_id, id)
);
CREATE INDEX mention_comment ON mention (org_id, comment_id, person_id);
CREATE INDEX mention_unread ON mention (org_id, person_id, comment_id) WHERE read_at IS NULL;
