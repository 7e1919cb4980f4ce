-- The project that content is of, so that a project's own rule on how long it is kept ends what was kept before it. What is
-- older than this column has none, and goes at the end of its own time.
ALTER TABLE response ADD COLUMN project TEXT NOT NULL DEFAULT '';
ALTER TABLE file ADD COLUMN project TEXT NOT NULL DEFAULT '';
ALTER TABLE batch ADD COLUMN project TEXT NOT NULL DEFAULT '';

-- Keys of the configuration are in the project that every organisation has.
UPDATE batch SET project = COALESCE((SELECT k.project FROM api_key k WHERE k.key_id = batch.key_id), 'default');

CREATE INDEX response_tenant ON response (tenant, created_us);
