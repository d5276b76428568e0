-- Up Migration
-- Groups and previews of any state are counted in an index alone: after a redrive of everything they read the table.
CREATE INDEX dead_letters_grouped ON dead_letters (pipeline, state, reason, error_code, dead_at, message_id)
  INCLUDE (system, source_created_at);
DROP INDEX dead_letters_open;

-- Down Migration
CREATE INDEX dead_letters_open ON dead_letters (pipeline, reason, error_code, dead_at, message_id)
  INCLUDE (system, source_created_at) WHERE state = 'dead';
DROP INDEX dead_letters_grouped;
