-- The last calls and the hours of an organisation, found without looking at those of others; and the attempts of a call.
CREATE INDEX usage_event_series ON usage_event (series_id, started_us, event_id);
CREATE INDEX usage_event_call ON usage_event (call_id);
CREATE INDEX usage_hour_series ON usage_hour (series_id, hour_us);

-- The call that a receipt is for. Those that were written before are found by reading the chain only.
ALTER TABLE receipt ADD COLUMN call_id {id};
CREATE INDEX receipt_call ON receipt (call_id);
