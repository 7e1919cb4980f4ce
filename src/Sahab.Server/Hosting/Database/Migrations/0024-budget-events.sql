-- What happens to a budget is told again once its limit is another, or it counts anew.
CREATE TABLE budget_told (
    budget_id TEXT NOT NULL,
    window_us BIGINT NOT NULL,
    kind TEXT NOT NULL,
    percent BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    counts_from_us BIGINT NOT NULL,
    organisation TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    spent BIGINT NOT NULL,
    PRIMARY KEY (budget_id, window_us, kind, percent, amount, counts_from_us)
) {clustered};

INSERT INTO budget_told (budget_id, window_us, kind, percent, amount, counts_from_us, organisation, at_us, spent)
SELECT budget_id, window_us, kind, percent, amount, 0, organisation, at_us, spent FROM budget_event;

DROP TABLE budget_event;

ALTER TABLE budget_told RENAME TO budget_event;
