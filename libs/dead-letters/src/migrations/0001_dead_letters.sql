-- Up Migration
CREATE TABLE dead_letters (
  message_id        uuid        PRIMARY KEY,
  pipeline          text        NOT NULL,
  system            text,
  source_id         bigint,
  source_created_at timestamptz,
  state             text        NOT NULL CHECK (state IN ('dead', 'redriven', 'discarded')),
  round             int         NOT NULL,
  attempts          jsonb       NOT NULL,
  reason            text        NOT NULL,
  error             jsonb       NOT NULL,
  body              bytea       NOT NULL,
  headers           jsonb       NOT NULL,
  first_attempt_at  timestamptz NOT NULL,
  dead_at           timestamptz NOT NULL,
  history           jsonb       NOT NULL DEFAULT '[]'
);

COMMENT ON COLUMN dead_letters.system IS 'Null where the message did not tell.';
COMMENT ON COLUMN dead_letters.round IS 'The round the message is in: that of its last death, or of the redrive under way.';
COMMENT ON COLUMN dead_letters.attempts IS 'One entry for each attempt of all rounds: round, attempt, error, worker, started_at, duration_ms.';

CREATE INDEX dead_letters_of_source ON dead_letters (pipeline, system, source_id);
CREATE INDEX dead_letters_open ON dead_letters (pipeline, reason, (error ->> 'code'), dead_at) WHERE state = 'dead';

-- Down Migration
DROP TABLE dead_letters;
