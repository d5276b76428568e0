-- Up Migration
CREATE TABLE parcels (
  message_id uuid PRIMARY KEY,
  depot text NOT NULL,
  number text NOT NULL,
  grams int NOT NULL CHECK (grams >= 20),
  round int NOT NULL,
  attempts int NOT NULL,
  stored_at timestamptz NOT NULL DEFAULT now()
);

CREATE VIEW parcels_at_rest AS
  SELECT message_id, NULL::text AS incarnation, round, attempts, stored_at FROM parcels;

-- Down Migration
DROP VIEW parcels_at_rest;
DROP TABLE parcels;
