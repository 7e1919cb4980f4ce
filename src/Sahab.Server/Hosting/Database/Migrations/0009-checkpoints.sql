-- What the settlement of a provider's contracts carried into the first hour of a month, so that who settles next need not
-- go through all hours before it. The book is a print of the contracts and of the program that it holds for.
CREATE TABLE settlement_checkpoint (
    provider TEXT NOT NULL,
    hour_us BIGINT NOT NULL,
    book TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (provider, hour_us)
);
