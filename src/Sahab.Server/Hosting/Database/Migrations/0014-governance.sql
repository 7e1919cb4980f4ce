-- Grows by one with each change of what follows, in the transaction of the change: so that every node notices.
CREATE TABLE governance_change (
    change_id INTEGER NOT NULL PRIMARY KEY,
    changes BIGINT NOT NULL
);

INSERT INTO governance_change (change_id, changes) VALUES (1, 0);

-- Where data of an organisation, or of one of its projects, may go, and how long it is kept. An empty project: the whole
-- organisation. The rules are JSON, with countries and zones as they were named.
CREATE TABLE data_rule (
    organisation TEXT NOT NULL,
    project TEXT NOT NULL,
    rules TEXT NOT NULL,
    changed_us BIGINT NOT NULL,
    PRIMARY KEY (organisation, project)
);

-- Who processes data for us. What was announced is never edited; it takes effect when its notice is over, and stays here
-- when it is removed. A provider is stood for by one at a time: the newest.
CREATE TABLE subprocessor (
    subprocessor_id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    provider TEXT NOT NULL,
    purpose TEXT NOT NULL,
    countries TEXT NOT NULL,
    announced_us BIGINT NOT NULL,
    effective_us BIGINT NOT NULL,
    removed_us BIGINT
);

-- What an organisation says of a subprocessor: that it objects, or that it accepts it before its time.
CREATE TABLE subprocessor_stance (
    organisation TEXT NOT NULL,
    subprocessor_id TEXT NOT NULL,
    stance TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (organisation, subprocessor_id)
);

-- What projects are declared to be for; the last declaration of a project counts.
CREATE TABLE project_use (
    use_id {id} NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    project TEXT NOT NULL,
    use_class TEXT NOT NULL,
    justification TEXT NOT NULL,
    state TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    requested_us BIGINT NOT NULL,
    decided_us BIGINT,
    expires_us BIGINT,
    reason TEXT NOT NULL,
    told BIGINT NOT NULL,
    is_current BIGINT NOT NULL
);

CREATE INDEX project_use_project ON project_use (organisation, project);
CREATE INDEX project_use_state ON project_use (state, use_id);

-- Who of the operator has approved of a declared use: each person once.
CREATE TABLE use_approval (
    use_id {id} NOT NULL,
    person TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    PRIMARY KEY (use_id, person)
);
