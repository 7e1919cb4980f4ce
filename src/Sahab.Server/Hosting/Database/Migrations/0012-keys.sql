-- Keys that organisations make for their projects. A key keeps its id while its secrets change; a secret is kept as its
-- SHA-256 alone. Lists are JSON; an empty text means no restriction.
CREATE TABLE api_key (
    key_id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    models TEXT NOT NULL,
    tiers TEXT NOT NULL,
    countries TEXT NOT NULL,
    requests_per_minute BIGINT,
    tokens_per_minute BIGINT,
    concurrency BIGINT,
    created_by TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT,
    revoked_us BIGINT,
    last_used_us BIGINT,
    change_number BIGINT NOT NULL
);

CREATE INDEX api_key_organisation ON api_key (organisation, project, key_id);

-- The number of a key's last change: nodes ask for what has changed since the last one that they know.
CREATE UNIQUE INDEX api_key_changed ON api_key (change_number);

CREATE TABLE api_key_secret (
    digest TEXT NOT NULL PRIMARY KEY,
    key_id TEXT NOT NULL,
    hint TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    good_until_us BIGINT
);

CREATE INDEX api_key_secret_of ON api_key_secret (key_id);

-- Its one row is held by whoever changes a key until that is committed, so that numbers appear in their order.
CREATE TABLE api_key_change (
    change_id INTEGER NOT NULL PRIMARY KEY,
    change_number BIGINT NOT NULL
);

INSERT INTO api_key_change (change_id, change_number) VALUES (1, 0);

-- How much an organisation, one of its projects or one key may use. A project or key that is empty is all of them.
CREATE TABLE budget (
    budget_id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    project TEXT NOT NULL,
    key_id TEXT NOT NULL,
    name TEXT NOT NULL,
    measure TEXT NOT NULL,
    period TEXT NOT NULL,
    -- Requests, tokens or nano-USD.
    amount BIGINT NOT NULL,
    hard INTEGER NOT NULL,
    thresholds TEXT NOT NULL,
    counts_from_us BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    removed_us BIGINT,
    change_number BIGINT NOT NULL
);

CREATE INDEX budget_organisation ON budget (organisation, budget_id);

CREATE UNIQUE INDEX budget_changed ON budget (change_number);

CREATE TABLE budget_change (
    change_id INTEGER NOT NULL PRIMARY KEY,
    change_number BIGINT NOT NULL
);

INSERT INTO budget_change (change_id, change_number) VALUES (1, 0);

-- What happened to a budget in a window, once: it passed a threshold, or refused a call (percent 0).
CREATE TABLE budget_event (
    budget_id TEXT NOT NULL,
    window_us BIGINT NOT NULL,
    kind TEXT NOT NULL,
    percent BIGINT NOT NULL,
    organisation TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    spent BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (budget_id, window_us, kind, percent)
) {clustered};

-- The node that judges hard budgets, where several share a database.
CREATE TABLE budget_judge (
    judge_id INTEGER NOT NULL PRIMARY KEY,
    holder {id} NOT NULL,
    until_us BIGINT NOT NULL
);
