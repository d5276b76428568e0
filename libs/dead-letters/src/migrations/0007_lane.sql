-- Up Migration
ALTER TABLE dead_letters ADD COLUMN lane text;

COMMENT ON COLUMN dead_letters.lane IS 'The lane that its message came from, and that a redrive sends it to. Null of earlier releases, which wrote none: the first of the pipeline.';

-- Down Migration
ALTER TABLE dead_letters DROP COLUMN lane;
