-- reference table: the organisations themselves; host picks one before any organisation is known.
CREATE TABLE org (
    org_id UUID NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    base_url TEXT,
    host TEXT,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    demo BOOLEAN NOT NULL
);

-- reference table: a host names one organisation in the whole installation.
CREATE UNIQUE INDEX org_host ON org (host);

CREATE TABLE site (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    code TEXT,
    time_zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    beds BIGINT,
    calendar TEXT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id) REFERENCES org (org_id)
);

CREATE UNIQUE INDEX site_name ON site (org_id, name_key);

-- The tree of places below a site. parent_key is the parent's id, or the site's for a top place.
CREATE TABLE place (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    site_id UUID NOT NULL,
    parent_id UUID,
    parent_key UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    code TEXT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, site_id) REFERENCES site (org_id, id),
    FOREIGN KEY (org_id, parent_id) REFERENCES place (org_id, id)
);

CREATE UNIQUE INDEX place_name ON place (org_id, parent_key, kind, name_key);

CREATE INDEX place_site ON place (org_id, site_id, kind, name_key);

-- The tree of departments below a site. parent_key as in place.
CREATE TABLE department (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    site_id UUID NOT NULL,
    parent_id UUID,
    parent_key UUID NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    code TEXT,
    cost_centre TEXT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, site_id) REFERENCES site (org_id, id),
    FOREIGN KEY (org_id, parent_id) REFERENCES department (org_id, id)
);

CREATE UNIQUE INDEX department_name ON department (org_id, parent_key, name_key);

CREATE INDEX department_site ON department (org_id, site_id, name_key);

CREATE TABLE person (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    must_change_password BOOLEAN NOT NULL,
    password_hash TEXT,
    password_changed_at BIGINT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id) REFERENCES org (org_id)
);

CREATE UNIQUE INDEX person_email ON person (org_id, email_key);

CREATE INDEX person_name ON person (org_id, name_key, id);

-- How the pages look to one person.
CREATE TABLE person_look (
    org_id UUID NOT NULL,
    person_id UUID NOT NULL,
    theme TEXT NOT NULL,
    density TEXT NOT NULL,
    single_keys BOOLEAN NOT NULL,
    PRIMARY KEY (org_id, person_id),
    FOREIGN KEY (org_id, person_id) REFERENCES person (org_id, id)
);

-- A role a person holds somewhere. scope_id is null for the whole organisation.
CREATE TABLE role_grant (
    org_id UUID NOT NULL,
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    person_id UUID NOT NULL,
    role TEXT NOT NULL,
    scope_kind TEXT NOT NULL,
    scope_id UUID,
    ended_at BIGINT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, person_id) REFERENCES person (org_id, id)
);

CREATE INDEX role_grant_person ON role_grant (org_id, person_id);

CREATE TABLE session (
    org_id UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    browser TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (org_id, token_hash),
    FOREIGN KEY (org_id, person_id) REFERENCES person (org_id, id)
);

CREATE INDEX session_person ON session (org_id, person_id, seen_at);

-- When each person signed in first and last; the sign-ins themselves are in the log.
CREATE TABLE sign_in (
    org_id UUID NOT NULL,
    person_id UUID NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, person_id),
    FOREIGN KEY (org_id, person_id) REFERENCES person (org_id, id)
);

-- Failed sign-ins by e-mail and by address, for throttling.
CREATE TABLE sign_in_try (
    org_id UUID NOT NULL,
    name TEXT NOT NULL,
    tries BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, name)
);
