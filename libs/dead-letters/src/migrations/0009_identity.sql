-- Up Migration
-- Who a message is, in the words of any pipeline. A time that tells two messages apart becomes the text that Postgres
-- writes of it in JSON, in UTC: `2026-01-01T00:00:00.123456+00:00`. All in one rewrite of the table.
LOCK TABLE dead_letters IN ACCESS EXCLUSIVE MODE;
SET LOCAL TimeZone = 'UTC';

DROP INDEX dead_letters_of_source;
ALTER TABLE dead_letters RENAME COLUMN system TO origin;
ALTER TABLE dead_letters RENAME COLUMN source_id TO key;
ALTER TABLE dead_letters RENAME COLUMN source_created_at TO incarnation;
ALTER TABLE dead_letters
  ALTER COLUMN key TYPE text USING key::text,
  ALTER COLUMN incarnation TYPE text USING to_json(incarnation) #>> '{}';

COMMENT ON COLUMN dead_letters.origin IS 'Which source it comes from. Null where the message did not tell.';
COMMENT ON COLUMN dead_letters.key IS 'What it is there. Null where the message did not tell.';
COMMENT ON COLUMN dead_letters.incarnation IS 'Tells it from another that had its key before. Null where the message did not tell, or its pipeline has none.';

ALTER INDEX dead_letters_by_system RENAME TO dead_letters_by_origin;
-- Keys that are whole numbers stand in the order of these.
CREATE INDEX dead_letters_by_key ON dead_letters (pipeline, origin, length(key), key);

-- Jobs keep `system` in their selections: src/jobs/selection.ts.

-- No way back: the keys of another pipeline are no numbers, and its incarnations are no times.
