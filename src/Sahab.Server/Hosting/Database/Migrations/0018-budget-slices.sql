-- Every node judges hard budgets by what it holds of them.
DROP TABLE budget_judge;

-- Calls that began before do not count. Null: what was used is still to be added up.
ALTER TABLE budget ADD COLUMN since_us BIGINT;

-- What posted events have used of a budget in a window: written in the transaction that posts them.
CREATE TABLE budget_window (
    budget_id TEXT NOT NULL,
    window_us BIGINT NOT NULL,
    ends_us BIGINT NOT NULL,
    spent BIGINT NOT NULL,
    -- How often a node has not got what it lacked: others see it, and give back what they do not need.
    wanted BIGINT NOT NULL,
    PRIMARY KEY (budget_id, window_us)
) {clustered};

-- What a node may use of a window, or has used and not posted. Who writes here holds the row of the window.
CREATE TABLE budget_hold (
    budget_id TEXT NOT NULL,
    window_us BIGINT NOT NULL,
    node_id {id} NOT NULL,
    held BIGINT NOT NULL,
    PRIMARY KEY (budget_id, window_us, node_id)
) {clustered};

CREATE INDEX budget_hold_node ON budget_hold (node_id);

-- When a node that shares the database was last there.
CREATE TABLE budget_node (
    node_id {id} NOT NULL PRIMARY KEY,
    seen_us BIGINT NOT NULL
);
