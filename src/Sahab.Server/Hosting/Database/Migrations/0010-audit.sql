-- Who changed what, each entry chained to the one before by its hash, so that none can be altered, left out or moved.
CREATE TABLE audit_entry (
    entry_number BIGINT NOT NULL PRIMARY KEY,
    at_us BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    organisation TEXT NOT NULL,
    subject TEXT NOT NULL,
    details TEXT NOT NULL,
    hash TEXT NOT NULL
);

CREATE INDEX audit_entry_organisation ON audit_entry (organisation, entry_number);

-- The end of the chain: its one row is held by whoever appends, until the change that is recorded is committed.
CREATE TABLE audit_head (
    head_id INTEGER NOT NULL PRIMARY KEY,
    entry_number BIGINT NOT NULL,
    hash TEXT NOT NULL
);

INSERT INTO audit_head (head_id, entry_number, hash) VALUES (1, 0, '');
