-- API tokens: what another program may do in a person's name. The token itself is kept nowhere, only its hash.
-- permits and scopes are JSON lists, or null for all that the person has.
CREATE TABLE api_token (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    person_id UUID NOT NULL,
    name TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    permits TEXT,
    scopes TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, person_id) REFERENCES person (org_id, id)
);

CREATE UNIQUE INDEX api_token_hash ON api_token (org_id, token_hash);

CREATE INDEX api_token_person ON api_token (org_id, person_id);

-- When each token was last used, to the hour.
CREATE TABLE api_token_use (
    org_id UUID NOT NULL,
    token_id UUID NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, token_id),
    FOREIGN KEY (org_id, token_id) REFERENCES api_token (org_id, id)
);
