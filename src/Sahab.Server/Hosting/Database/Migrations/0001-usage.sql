-- Words in braces differ between the engines; see SahabDatabase.

-- What usage events have in common, so that an event itself is a short row.
CREATE TABLE usage_series (
    series_id {identity},
    tenant TEXT NOT NULL,
    key_id TEXT NOT NULL,
    model TEXT NOT NULL,
    deployment TEXT NOT NULL,
    provider TEXT NOT NULL,
    region TEXT NOT NULL,
    country TEXT NOT NULL,
    operation TEXT NOT NULL,
    service_tier TEXT NOT NULL,
    prompt_nano_per_million BIGINT NOT NULL,
    cached_nano_per_million BIGINT NOT NULL,
    output_nano_per_million BIGINT NOT NULL,
    UNIQUE (tenant, key_id, model, deployment, provider, region, country, operation, service_tier,
        prompt_nano_per_million, cached_nano_per_million, output_nano_per_million)
);

CREATE TABLE usage_event (
    event_id {id} NOT NULL PRIMARY KEY,
    call_id {id} NOT NULL,
    attempt INTEGER NOT NULL,
    series_id BIGINT NOT NULL REFERENCES usage_series (series_id),
    started_us BIGINT NOT NULL,
    duration_us BIGINT NOT NULL,
    first_token_us BIGINT,
    outcome INTEGER NOT NULL,
    upstream_status INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    cost_nano_usd BIGINT NOT NULL,
    upstream_request_id TEXT
) {clustered};

CREATE INDEX usage_event_started ON usage_event (started_us, event_id);

-- The events of an hour and a series, summed in the transaction that stores them: what questions are answered from.
-- Money is whole dollars and a rest of nano-USD, because 64 bits of nano-USD end at nine billion dollars.
CREATE TABLE usage_hour (
    hour_us BIGINT NOT NULL,
    series_id BIGINT NOT NULL REFERENCES usage_series (series_id),
    attempts BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    estimated BIGINT NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    cost_usd BIGINT NOT NULL,
    cost_nano_usd BIGINT NOT NULL,
    PRIMARY KEY (hour_us, series_id)
) {clustered};

-- The balance is the sum of the account's postings, kept in the transaction that books them.
CREATE TABLE account (
    account_id {identity},
    name TEXT NOT NULL UNIQUE,
    balance_usd BIGINT NOT NULL DEFAULT 0,
    balance_nano_usd BIGINT NOT NULL DEFAULT 0,
    postings BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE posting (
    event_id {id} NOT NULL,
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    nano_usd BIGINT NOT NULL,
    booked_us BIGINT NOT NULL,
    PRIMARY KEY (event_id, account_id)
) {clustered};

-- How far each node's journal has been posted. Written in the transaction that posts.
CREATE TABLE journal_position (
    journal_id {id} NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
);
