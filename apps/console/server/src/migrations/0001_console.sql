-- Up Migration
CREATE TABLE console_series (
  at    timestamptz PRIMARY KEY,
  point jsonb       NOT NULL
);

COMMENT ON TABLE console_series IS 'The last 15 minutes of the charts of the overview.';

-- Down Migration
DROP TABLE console_series;
