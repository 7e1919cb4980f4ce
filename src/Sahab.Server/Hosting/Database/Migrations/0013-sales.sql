-- Every price book that was in force, so that a later one cannot say that something else was charged, nor raise a price
-- without notice. The content is JSON.
CREATE TABLE price_book_version (
    number BIGINT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL,
    seen_us BIGINT NOT NULL
);

-- What of the price book sold an event: all that an invoice needs to know of it. Prices are nano-USD for a million tokens
-- (prompt, cached, cache writes, cache writes for an hour, output), bands are tokens:discount.
CREATE TABLE sale_terms (
    sale_terms_id {identity},
    plan TEXT NOT NULL,
    from_us BIGINT NOT NULL,
    prices TEXT NOT NULL,
    bands TEXT NOT NULL,
    free_tokens BIGINT NOT NULL,
    UNIQUE (plan, from_us, prices, bands, free_tokens)
);

-- The terms that an event was sold by (0: it was not sold), and what the customer owes for it.
ALTER TABLE usage_event ADD COLUMN sale_terms_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_event ADD COLUMN sale_nano_usd BIGINT NOT NULL DEFAULT 0;

-- What was sold in an hour, summed in the transaction that posts it: what invoices are made from.
CREATE TABLE sale_hour (
    hour_us BIGINT NOT NULL,
    series_id BIGINT NOT NULL REFERENCES usage_series (series_id),
    sale_terms_id BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    cache_write_1h_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    amount_usd BIGINT NOT NULL,
    amount_nano_usd BIGINT NOT NULL,
    PRIMARY KEY (hour_us, series_id, sale_terms_id)
) {clustered};

-- Months of an organisation whose sums have changed since they were last invoiced.
CREATE TABLE sale_change (
    organisation TEXT NOT NULL,
    month_us BIGINT NOT NULL,
    changes BIGINT NOT NULL,
    PRIMARY KEY (organisation, month_us)
);

-- A receipt for every event that was sold, and for every correction of one: numbered without gaps, each chained to the one
-- before by its hash, and signed.
CREATE TABLE receipt (
    organisation TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (organisation, sequence)
) {clustered};

-- The end of each organisation's chain: its row is held by whoever appends, until what the receipts are for is committed.
CREATE TABLE receipt_head (
    organisation TEXT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    hash TEXT NOT NULL
);

-- The public keys that receipts were ever signed with.
CREATE TABLE receipt_key (
    key_id TEXT NOT NULL PRIMARY KEY,
    public_key TEXT NOT NULL,
    seen_us BIGINT NOT NULL
);

CREATE INDEX sale_hour_series ON sale_hour (series_id, hour_us);

-- Whom an organisation's invoices are made out to. The content is JSON.
CREATE TABLE billing_profile (
    organisation TEXT NOT NULL PRIMARY KEY,
    content TEXT NOT NULL,
    changed_us BIGINT NOT NULL
);

-- The last number of each series of documents. Its row is held until the document is committed, so that there is no gap.
CREATE TABLE document_series (
    series TEXT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

-- Invoices and credit notes as they were issued. The content is JSON and never changes.
CREATE TABLE invoice (
    number TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    kind TEXT NOT NULL,
    month_us BIGINT NOT NULL,
    issued_us BIGINT NOT NULL,
    due_us BIGINT NOT NULL,
    total_nano_usd BIGINT NOT NULL,
    reference TEXT,
    content TEXT NOT NULL
);

CREATE UNIQUE INDEX invoice_month ON invoice (organisation, month_us) WHERE kind = 'invoice';
CREATE INDEX invoice_organisation ON invoice (organisation, issued_us, number);
CREATE INDEX invoice_reference ON invoice (reference);

-- What was invoiced, to be compared with what should have been. part: usage, discount or other.
CREATE TABLE invoice_line (
    number TEXT NOT NULL,
    line BIGINT NOT NULL,
    organisation TEXT NOT NULL,
    month_us BIGINT NOT NULL,
    model TEXT NOT NULL,
    part TEXT NOT NULL,
    nano_usd BIGINT NOT NULL,
    PRIMARY KEY (number, line)
);

CREATE INDEX invoice_line_month ON invoice_line (organisation, month_us);

-- Credit of organisations, and which documents it paid.
CREATE TABLE sale_credit (
    credit_id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    kind TEXT NOT NULL,
    nano_usd BIGINT NOT NULL,
    granted_us BIGINT NOT NULL,
    expires_us BIGINT,
    note TEXT NOT NULL
);

CREATE INDEX sale_credit_organisation ON sale_credit (organisation);

CREATE TABLE credit_draw (
    credit_id TEXT NOT NULL,
    number TEXT NOT NULL,
    nano_usd BIGINT NOT NULL,
    PRIMARY KEY (credit_id, number)
);

-- What was paid of invoices; refunds are below 0.
CREATE TABLE payment (
    payment_id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    provider TEXT NOT NULL,
    nano_usd BIGINT NOT NULL,
    paid_us BIGINT NOT NULL
);

CREATE INDEX payment_number ON payment (number);
