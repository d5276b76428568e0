-- Up Migration
CREATE TABLE trials (
  key      uuid        PRIMARY KEY,
  pipeline text        NOT NULL,
  crashes  int         NOT NULL DEFAULT 0,
  began_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE trials IS 'Messages that came back and are being handled: a row that outlives its handling is a crash.';
COMMENT ON COLUMN trials.crashes IS 'How often a consumer ended while it handled this message and nothing else.';

-- Down Migration
DROP TABLE trials;
