-- Up Migration
ALTER TABLE dead_letters ADD COLUMN type text;

COMMENT ON COLUMN dead_letters.type IS 'The AMQP type of its message, with which a redrive sends it. Null where it had none, or of earlier releases: the first of the pipeline.';

-- Down Migration
ALTER TABLE dead_letters DROP COLUMN type;
