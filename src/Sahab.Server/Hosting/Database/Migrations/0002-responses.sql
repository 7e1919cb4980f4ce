-- One turn of a conversation: what was given (a JSON array of items) and what came of it (the response as the client
-- has it). All turns that descend from one root share its conversation_id.
CREATE TABLE response (
    response_id {id} NOT NULL PRIMARY KEY,
    previous_id {id},
    conversation_id {id} NOT NULL,
    tenant TEXT NOT NULL,
    countries TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT NOT NULL,
    input TEXT NOT NULL,
    body TEXT NOT NULL
);

CREATE INDEX response_conversation ON response (conversation_id);
CREATE INDEX response_expires ON response (expires_us);
