-- What clients have uploaded and what batches have put out; the contents are files in the data folder.
CREATE TABLE file (
    file_id {id} NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    purpose TEXT NOT NULL,
    name TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL
);

CREATE INDEX file_tenant ON file (tenant, file_id);
CREATE INDEX file_expires ON file (expires_us);

CREATE TABLE batch (
    batch_id {id} NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    key_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    input_file {id} NOT NULL,
    output_file {id},
    error_file {id},
    status TEXT NOT NULL,
    metadata TEXT NOT NULL,
    errors TEXT,
    total BIGINT NOT NULL,
    completed BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    started_us BIGINT,
    cancelling_us BIGINT,
    finalizing_us BIGINT,
    ended_us BIGINT
);

CREATE INDEX batch_tenant ON batch (tenant, batch_id);
CREATE INDEX batch_status ON batch (status);

-- What came of a line, once: written when it is known, removed when the batch's files are there.
CREATE TABLE batch_result (
    batch_id {id} NOT NULL,
    line BIGINT NOT NULL,
    succeeded BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (batch_id, line)
);
