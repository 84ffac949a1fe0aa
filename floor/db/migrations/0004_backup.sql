-- The last backup and the last drill that ended well, and the last of each that did not.
-- reference table: backups belong to the installation, which they hold whole, and not to one organisation.
CREATE TABLE backup_note (
    kind TEXT NOT NULL,
    ended_well BOOLEAN NOT NULL,
    at BIGINT NOT NULL,
    place TEXT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (kind, ended_well)
);
