-- Responses, files and batches are found by their project. What is older than their column of it is of the project that its
-- key is in, where that is known, and else of the one that every organisation has.
UPDATE response SET project = COALESCE(
    (SELECT MIN(k.project) FROM usage_event e
        JOIN usage_series s ON s.series_id = e.series_id
        JOIN api_key k ON k.key_id = s.key_id AND k.organisation = s.tenant
        WHERE e.call_id = response.response_id),
    'default')
WHERE project = '';

UPDATE batch SET project = 'default' WHERE project = '';

UPDATE file SET project = COALESCE(
    (SELECT MIN(b.project) FROM batch b
        WHERE b.tenant = file.tenant
            AND (b.input_file = file.file_id OR b.output_file = file.file_id OR b.error_file = file.file_id)),
    'default')
WHERE project = '';

DROP INDEX file_tenant;
CREATE INDEX file_project ON file (tenant, project, file_id);
DROP INDEX batch_tenant;
CREATE INDEX batch_project ON batch (tenant, project, batch_id);

-- The end beyond which no later turn prolongs a response: what the rules allowed under which it was kept. Of older ones that
-- is not known, so that theirs stays as it is.
ALTER TABLE response ADD COLUMN latest_us BIGINT NOT NULL DEFAULT 0;
UPDATE response SET latest_us = expires_us;

-- Whether a declared use needs two approvals whatever its class, since what was declared before was rejected or revoked.
ALTER TABLE project_use ADD COLUMN must_review BIGINT NOT NULL DEFAULT 0;

-- Rules on data of a key, within those of its project: JSON as in data_rule; empty: none.
ALTER TABLE api_key ADD COLUMN data TEXT NOT NULL DEFAULT '';
