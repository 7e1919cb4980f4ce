-- Prompt tokens that were written to the provider's cache, and those of them that are kept for an hour: parts of
-- prompt_tokens. What was stored before knew of none.
ALTER TABLE usage_event ADD COLUMN cache_write_tokens BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_event ADD COLUMN cache_write_1h_tokens BIGINT NOT NULL DEFAULT 0;

-- The prices of such tokens; NULL: as any other prompt token. They are with the event and not in its series, because
-- what makes a series one of its kind cannot be widened in SQLite without writing all events anew.
ALTER TABLE usage_event ADD COLUMN cache_write_nano_per_million BIGINT;
ALTER TABLE usage_event ADD COLUMN cache_write_1h_nano_per_million BIGINT;

ALTER TABLE usage_hour ADD COLUMN cache_write_tokens BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_hour ADD COLUMN cache_write_1h_tokens BIGINT NOT NULL DEFAULT 0;
