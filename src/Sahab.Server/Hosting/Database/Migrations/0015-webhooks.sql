-- Where an organisation wants to be told of what happens. types: each between commas, or ,*, for all.
CREATE TABLE webhook (
    webhook_id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    url TEXT NOT NULL,
    name TEXT NOT NULL,
    types TEXT NOT NULL,
    secret TEXT NOT NULL,
    old_secret TEXT NOT NULL,
    old_until_us BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    disabled_us BIGINT,
    disabled_why TEXT NOT NULL,
    failing_since_us BIGINT
);

CREATE INDEX webhook_organisation ON webhook (organisation, webhook_id);

-- What happened: written in the transaction of what it tells of.
CREATE TABLE webhook_event (
    event_id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    type TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    payload TEXT NOT NULL
);

CREATE INDEX webhook_event_created ON webhook_event (created_us);

-- One event on its way to one webhook. state: 0 to be sent, 1 delivered, 2 given up.
CREATE TABLE webhook_delivery (
    delivery_id TEXT NOT NULL PRIMARY KEY,
    webhook_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    state INTEGER NOT NULL,
    attempts BIGINT NOT NULL,
    next_us BIGINT NOT NULL,
    claimed_until_us BIGINT NOT NULL,
    last_us BIGINT,
    last_status BIGINT,
    last_error TEXT NOT NULL
);

CREATE INDEX webhook_delivery_due ON webhook_delivery (state, next_us);
CREATE INDEX webhook_delivery_webhook ON webhook_delivery (webhook_id, delivery_id);
CREATE INDEX webhook_delivery_event ON webhook_delivery (event_id);

-- How far the log of changes was read for what webhooks are sent of.
CREATE TABLE webhook_position (
    position_id INTEGER NOT NULL PRIMARY KEY,
    entry_number BIGINT NOT NULL
);

INSERT INTO webhook_position (position_id, entry_number) SELECT 1, entry_number FROM audit_head;
