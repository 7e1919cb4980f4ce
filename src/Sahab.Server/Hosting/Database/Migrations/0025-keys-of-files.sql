-- The key that a file came with: rules on data of its own hold for what is in it.
ALTER TABLE file ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
