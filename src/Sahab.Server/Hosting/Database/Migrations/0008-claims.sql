-- Claims against providers, with all that happened to each. The content is JSON; the revision grows by one with each change,
-- so that two changes at once cannot undo each other.
CREATE TABLE claim (
    claim_id TEXT NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL,
    content TEXT NOT NULL,
    changed_us BIGINT NOT NULL
);

-- What open claims are about: a subject is in one of them at most. What was credited stays here, so that it is not claimed
-- again.
CREATE TABLE claim_subject (
    subject TEXT NOT NULL PRIMARY KEY,
    claim_id TEXT NOT NULL
);
