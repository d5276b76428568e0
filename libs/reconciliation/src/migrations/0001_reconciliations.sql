-- Up Migration
CREATE TABLE reconciliations (
  id            uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
  pipeline      text        NOT NULL,
  state         text        NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'finished', 'failed', 'interrupted')),
  started_by    text        NOT NULL,
  is_scheduled  boolean     NOT NULL,
  started_at    timestamptz NOT NULL DEFAULT now(),
  beat_at       timestamptz NOT NULL DEFAULT now(),
  ended_at      timestamptz,
  progress      jsonb       NOT NULL,
  is_consistent boolean,
  is_at_rest    boolean,
  systems       jsonb       NOT NULL DEFAULT '[]',
  error         text,
  republished   bigint      NOT NULL DEFAULT 0,
  republishing  jsonb       NOT NULL DEFAULT '[]'
);

COMMENT ON COLUMN reconciliations.beat_at IS 'The process that works on it says so every few seconds; a running one that fell silent was interrupted.';
COMMENT ON COLUMN reconciliations.systems IS 'The counts of each system, without its days.';
COMMENT ON COLUMN reconciliations.republished IS 'How many of the missing rows were published again.';
COMMENT ON COLUMN reconciliations.republishing IS 'One entry for each time: at, by, and what became of the messages.';

CREATE UNIQUE INDEX reconciliations_one_at_a_time ON reconciliations (pipeline) WHERE state = 'running';
CREATE INDEX reconciliations_latest ON reconciliations (pipeline, started_at, id);

-- No foreign keys: a million rows would be checked one by one, and only this library writes and removes them.
CREATE TABLE reconciliation_days (
  reconciliation    uuid   NOT NULL,
  system            text   NOT NULL,
  day               text   NOT NULL,
  rows              bigint NOT NULL,
  attempts          bigint NOT NULL,
  classes           jsonb  NOT NULL,
  PRIMARY KEY (reconciliation, system, day)
);

CREATE TABLE reconciliation_rows (
  reconciliation uuid   NOT NULL,
  kind           text   NOT NULL CHECK (kind IN ('missing', 'orphan', 'differs')),
  system         text   NOT NULL,
  source_id      bigint NOT NULL,
  day            text   NOT NULL,
  round          int    NOT NULL,
  source         text,
  stored         text,
  republished_at timestamptz,
  PRIMARY KEY (reconciliation, kind, system, source_id)
);

COMMENT ON COLUMN reconciliation_rows.source IS 'The content in the source, where there is one and it differs.';
COMMENT ON COLUMN reconciliation_rows.stored IS 'The content in the endput, where there is one.';

CREATE INDEX reconciliation_rows_by_day ON reconciliation_rows (reconciliation, kind, day, system, source_id);

-- Down Migration
DROP TABLE reconciliation_rows, reconciliation_days, reconciliations;
