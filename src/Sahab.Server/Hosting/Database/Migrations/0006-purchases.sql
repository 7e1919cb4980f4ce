-- Capacity that we mean to buy, with every offer that was made of it. The content is JSON; the revision grows by one with
-- each change, so that two changes at once cannot undo each other.
CREATE TABLE capacity_purchase (
    purchase_id TEXT NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL,
    content TEXT NOT NULL,
    changed_us BIGINT NOT NULL
);
