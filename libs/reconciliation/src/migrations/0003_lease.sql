-- Up Migration
CREATE TABLE reconciliation_leases (
  pipeline    text        PRIMARY KEY,
  holder      text,
  lease_until timestamptz,
  fence       int         NOT NULL DEFAULT 0
);

COMMENT ON TABLE reconciliation_leases IS 'Which reconciliation of a pipeline is running. What it writes is compared with the fence, which goes up with each.';
COMMENT ON COLUMN reconciliation_leases.holder IS 'The id of the reconciliation.';

-- Down Migration
DROP TABLE reconciliation_leases;
