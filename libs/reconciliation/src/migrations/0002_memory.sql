-- Up Migration
CREATE TABLE republished_rows (
  id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pipeline       text        NOT NULL,
  system         text        NOT NULL,
  source_id      bigint      NOT NULL,
  round          int         NOT NULL,
  at             timestamptz NOT NULL DEFAULT now(),
  by             text        NOT NULL,
  why            text,
  reconciliation uuid,
  gone_at        timestamptz
);

COMMENT ON TABLE republished_rows IS 'One entry for each message that was published again: its copies are not counted for other rows.';
COMMENT ON COLUMN republished_rows.gone_at IS 'When it was certain that no copy is in the broker any more.';

CREATE INDEX republished_rows_of_source ON republished_rows (pipeline, system, source_id);
CREATE INDEX republished_rows_open ON republished_rows (pipeline) WHERE gone_at IS NULL;

CREATE TABLE watched_rows (
  pipeline              text   NOT NULL,
  system                text   NOT NULL,
  source_id             bigint NOT NULL,
  round                 int    NOT NULL,
  passes                int    NOT NULL,
  since_ms              bigint NOT NULL,
  behind_transaction_id text,
  behind_id             text,
  PRIMARY KEY (pipeline, system, source_id, round)
);

COMMENT ON TABLE watched_rows IS 'Rows that were in flight at the last reconciliation, and what has passed since: no message is on its way for ever.';

CREATE TABLE archivings (
  id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pipeline     text        NOT NULL,
  system       text        NOT NULL,
  before_day   text,
  up_to_id     bigint,
  by           text        NOT NULL,
  why          text        NOT NULL,
  at           timestamptz NOT NULL DEFAULT now(),
  withdrawn_at timestamptz,
  withdrawn_by text,
  CHECK (before_day IS NOT NULL OR up_to_id IS NOT NULL)
);

COMMENT ON TABLE archivings IS 'Rows that were removed from a source on purpose, as somebody said: they are archived, not orphaned.';

-- Down Migration
DROP TABLE archivings, watched_rows, republished_rows;
