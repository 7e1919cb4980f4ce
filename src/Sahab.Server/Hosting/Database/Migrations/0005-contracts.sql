-- Every version of a contract as it was when it was first in force here, so that a later reading cannot say that
-- something else was signed.
CREATE TABLE contract_version (
    contract_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    content TEXT NOT NULL,
    seen_us BIGINT NOT NULL,
    PRIMARY KEY (contract_id, number)
);
