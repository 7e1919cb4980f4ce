-- What of a contract prices an event: the same for all events of a use in an hour, so that it is kept once. Amounts are
-- text, because they have more digits than 64 bits. Terms 0, which has no row, is usage under no contract.
CREATE TABLE charge_terms (
    terms_id {identity},
    contract_id TEXT NOT NULL,
    rate_id TEXT NOT NULL,
    token_prices TEXT NOT NULL,
    discount TEXT NOT NULL,
    usd_per_unit TEXT NOT NULL,
    UNIQUE (contract_id, rate_id, token_prices, discount, usd_per_unit)
);

-- The terms that an event is posted by, the revision of its usage, and how many entries have adjusted it.
ALTER TABLE usage_event ADD COLUMN terms_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_event ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_event ADD COLUMN adjustments BIGINT NOT NULL DEFAULT 0;

-- What an event said before a correction, by the revision that it stood at.
CREATE TABLE usage_correction (
    event_id {id} NOT NULL,
    revision BIGINT NOT NULL,
    flags INTEGER NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    cache_write_1h_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    corrected_us BIGINT NOT NULL,
    PRIMARY KEY (event_id, revision)
) {clustered};

-- What the charges of an hour come to, summed in the transaction that posts them: what hours are settled from. Of usage
-- under no contract only the events are counted. Lists and nets are in the contract's currency.
CREATE TABLE usage_charge (
    hour_us BIGINT NOT NULL,
    series_id BIGINT NOT NULL REFERENCES usage_series (series_id),
    terms_id BIGINT NOT NULL,
    events BIGINT NOT NULL,
    quantity BIGINT NOT NULL,
    list_units BIGINT NOT NULL,
    list_nano BIGINT NOT NULL,
    net_units BIGINT NOT NULL,
    net_nano BIGINT NOT NULL,
    cost_usd BIGINT NOT NULL,
    cost_nano_usd BIGINT NOT NULL,
    PRIMARY KEY (hour_us, series_id, terms_id)
) {clustered};

INSERT INTO usage_charge (hour_us, series_id, terms_id, events, quantity, list_units, list_nano, net_units, net_nano,
    cost_usd, cost_nano_usd)
SELECT hour_us, series_id, 0, attempts, 0, 0, 0, 0, 0, 0, 0 FROM usage_hour;

-- Hours whose sums have changed since they were last settled.
CREATE TABLE charge_change (
    hour_us BIGINT NOT NULL PRIMARY KEY,
    changes BIGINT NOT NULL
);

-- Every entry but the first of an event, whose id is its event's: what an hour comes to, and what adjusts an event.
-- cause: 0 an event, 1 an hour's settlement. Its postings have its id.
CREATE TABLE ledger_entry (
    entry_id {id} NOT NULL PRIMARY KEY,
    cause INTEGER NOT NULL,
    contract_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    booked_us BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    event_id {id}
) {clustered};

CREATE INDEX ledger_entry_booked ON ledger_entry (contract_id, booked_us);

-- Who settles. The epoch grows with each taking, so that one who has lost the lease cannot write any more.
CREATE TABLE settlement_lease (
    lease_id INTEGER NOT NULL PRIMARY KEY,
    holder {id} NOT NULL,
    epoch BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    settled_us BIGINT NOT NULL
);

-- How the windows of commitments stand, as last settled. Amounts are text for the same reason.
CREATE TABLE commitment_standing (
    contract_id TEXT NOT NULL,
    commitment_id TEXT NOT NULL,
    from_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    amount TEXT NOT NULL,
    drawn TEXT NOT NULL,
    carried TEXT NOT NULL,
    deferred TEXT NOT NULL,
    owed TEXT,
    caps_drawn TEXT NOT NULL,
    PRIMARY KEY (contract_id, commitment_id, from_us)
);
