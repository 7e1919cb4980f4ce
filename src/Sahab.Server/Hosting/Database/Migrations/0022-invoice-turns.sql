-- Whoever issues an invoice of an organisation holds its row until the invoice is there: its months take turns.
CREATE TABLE invoice_turn (
    organisation TEXT NOT NULL PRIMARY KEY,
    turns BIGINT NOT NULL
);

-- The payment that a service was asked for last, by the invoice and how it stood then.
CREATE TABLE payment_request (
    standing TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    payment TEXT NOT NULL,
    asked_us BIGINT NOT NULL
);
