-- The row of a model is held by whoever sells some of it, until that is committed: so what is free is judged by one at a
-- time.
CREATE TABLE capacity_model (
    model TEXT NOT NULL PRIMARY KEY,
    bookings BIGINT NOT NULL
);

-- Capacity that an organisation has reserved. stage: 0 reserved, 1 started, 2 its end was announced, 3 ended.
CREATE TABLE capacity_reservation (
    reservation_id TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL,
    project TEXT NOT NULL,
    model TEXT NOT NULL,
    offer TEXT NOT NULL,
    term TEXT NOT NULL,
    units BIGINT NOT NULL,
    tokens_per_minute BIGINT NOT NULL,
    price_nano_usd BIGINT NOT NULL,
    from_us BIGINT NOT NULL,
    until_us BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    cancelled_us BIGINT,
    renews BIGINT NOT NULL,
    renewal_of TEXT,
    renewal TEXT,
    stage BIGINT NOT NULL,
    risk_us BIGINT
);

CREATE INDEX capacity_reservation_organisation ON capacity_reservation (organisation, reservation_id);
CREATE INDEX capacity_reservation_model ON capacity_reservation (model, until_us);
CREATE INDEX capacity_reservation_stage ON capacity_reservation (stage);

-- What each month bears of a reservation, and the invoice that it is on.
CREATE TABLE capacity_charge (
    reservation_id TEXT NOT NULL,
    month_us BIGINT NOT NULL,
    organisation TEXT NOT NULL,
    nano_usd BIGINT NOT NULL,
    number TEXT,
    PRIMARY KEY (reservation_id, month_us)
);

CREATE INDEX capacity_charge_organisation ON capacity_charge (organisation, month_us);
