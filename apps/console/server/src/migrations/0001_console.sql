-- Up Migration
CREATE TABLE console_series (
  at    timestamptz PRIMARY KEY,
  point jsonb       NOT NULL
);

COMMENT ON TABLE console_series IS 'The last 15 minutes of the charts of the overview.';

CREATE TABLE console_actions (
  id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at      timestamptz NOT NULL DEFAULT now(),
  who     text        NOT NULL,
  action  text        NOT NULL,
  subject text        NOT NULL,
  why     text,
  detail  jsonb       NOT NULL DEFAULT '{}',
  outcome text        NOT NULL
);

COMMENT ON TABLE console_actions IS 'Who did what with the console, when, and why.';
COMMENT ON COLUMN console_actions.outcome IS 'done, or what it was refused with.';

-- Down Migration
DROP TABLE console_actions;
DROP TABLE console_series;
