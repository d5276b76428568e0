-- Up Migration
-- The time of a row as the text that Postgres writes of it in JSON, in UTC, whatever the zone of the session is:
-- `2026-01-01T00:00:00.123456+00:00`. `incarnationOf` (src/domain/incarnation.ts) makes the same of a message's time.
DROP VIEW orders_at_rest;
CREATE VIEW orders_at_rest AS
  SELECT message_id,
         replace((to_json(source_created_at AT TIME ZONE 'UTC') #>> '{}') || '+00:00', ' BC+00:00', '+00:00 BC') AS incarnation,
         round, attempts, stored_at
    FROM orders;

COMMENT ON VIEW orders_at_rest IS 'What the library of dead letters sees of the stored orders.';

-- Down Migration
DROP VIEW orders_at_rest;
CREATE VIEW orders_at_rest AS
  SELECT message_id, source_created_at, round, attempts, stored_at FROM orders;

COMMENT ON VIEW orders_at_rest IS 'What the library of dead letters sees of the stored orders.';
