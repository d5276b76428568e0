-- Up Migration
ALTER TABLE console_series ADD COLUMN pipeline text NOT NULL DEFAULT 'orders';
ALTER TABLE console_series ALTER COLUMN pipeline DROP DEFAULT;
ALTER TABLE console_series DROP CONSTRAINT console_series_pkey, ADD PRIMARY KEY (pipeline, at);

COMMENT ON TABLE console_series IS 'The last 15 minutes of the charts of each pipeline''s overview.';

-- Down Migration
DELETE FROM console_series WHERE pipeline <> 'orders';
ALTER TABLE console_series DROP CONSTRAINT console_series_pkey, ADD PRIMARY KEY (at);
ALTER TABLE console_series DROP COLUMN pipeline;
