-- Who buys from us, and who acts for them. Ids are texts: org_, prj_, usr_, inv_, ses_ or tok_ and 26 characters, or what
-- the file of the configuration calls its tenants. Of every secret there is only its SHA-256.
CREATE TABLE organisation (
    organisation_id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    origin TEXT NOT NULL,
    country TEXT NOT NULL,
    status TEXT NOT NULL,
    suspended_by TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    -- One more with each change of its members: who changes them holds the row, so that it always keeps an owner.
    revision BIGINT NOT NULL
);

CREATE TABLE project (
    organisation_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    archived_us BIGINT,
    PRIMARY KEY (organisation_id, project_id)
);

CREATE TABLE user_account (
    user_id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- As the framework's hasher writes it; empty: signs in by another issuer only.
    password TEXT NOT NULL,
    created_us BIGINT NOT NULL
);

-- What an issuer of OpenID Connect calls a user.
CREATE TABLE user_identity (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);

CREATE INDEX user_identity_of_user ON user_identity (user_id);

CREATE TABLE operator_role (
    user_id TEXT NOT NULL,
    role TEXT NOT NULL,
    given_us BIGINT NOT NULL,
    PRIMARY KEY (user_id, role)
);

CREATE TABLE membership (
    organisation_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    role TEXT NOT NULL,
    since_us BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, user_id)
);

CREATE INDEX membership_of_user ON membership (user_id);

CREATE TABLE invitation (
    invitation_id TEXT NOT NULL PRIMARY KEY,
    organisation_id TEXT NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    invited_by TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL
);

CREATE INDEX invitation_email ON invitation (email);

CREATE INDEX invitation_organisation ON invitation (organisation_id, invitation_id);

CREATE TABLE session (
    session_id TEXT NOT NULL PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    client TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    seen_us BIGINT NOT NULL
);

CREATE INDEX session_of_user ON session (user_id, session_id);

CREATE TABLE access_token (
    token_id TEXT NOT NULL PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Empty: it acts on the operator's side, and the role is one of those.
    organisation_id TEXT NOT NULL,
    role TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL
);

CREATE INDEX access_token_of_user ON access_token (user_id, token_id);

-- Somebody who was sent to an issuer and has not come back yet.
CREATE TABLE sign_in_round (
    state_hash TEXT NOT NULL PRIMARY KEY,
    issuer_id TEXT NOT NULL,
    browser_hash TEXT NOT NULL,
    nonce TEXT NOT NULL,
    verifier TEXT NOT NULL,
    return_to TEXT NOT NULL,
    expires_us BIGINT NOT NULL
);

-- What requests with an Idempotency-Key came to. The answer is sealed with what only their caller has.
CREATE TABLE idempotent_request (
    request_id TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL,
    content_type TEXT NOT NULL,
    answer TEXT NOT NULL,
    begun_us BIGINT NOT NULL
);

CREATE INDEX idempotent_request_begun ON idempotent_request (begun_us);
