-- Up Migration
CREATE VIEW orders_at_rest AS
  SELECT message_id, source_created_at, round, attempts, stored_at FROM orders;

COMMENT ON VIEW orders_at_rest IS 'What the library of dead letters sees of the stored orders.';

-- Down Migration
DROP VIEW orders_at_rest;
