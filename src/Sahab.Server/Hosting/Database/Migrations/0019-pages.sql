-- What an organisation used in a month is up to a row for each hour of each series. SQLite would find each of them in two
-- trees, so its index holds what is summed; PostgreSQL would have to write the index at every change of a sum.
DROP INDEX usage_hour_series;
CREATE INDEX usage_hour_series ON usage_hour
    (series_id, hour_us {held: attempts, calls, failed, prompt_tokens, cached_tokens, output_tokens});

-- Attempts that failed by the provider's fault, of which there are few: where outages are looked for.
CREATE INDEX usage_event_fault ON usage_event (started_us) WHERE outcome IN (4, 5, 6, 7, 8);
