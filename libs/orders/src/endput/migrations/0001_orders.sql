-- Up Migration
CREATE TABLE orders (
  message_id        uuid          PRIMARY KEY,
  system            text          NOT NULL,
  source_id         bigint        NOT NULL,
  product           text          NOT NULL,
  price             numeric(12,2) NOT NULL,
  security_check    boolean       NOT NULL,
  source_created_at timestamptz   NOT NULL,
  round             int           NOT NULL,
  attempts          int           NOT NULL,
  stored_at         timestamptz   NOT NULL DEFAULT now(),
  UNIQUE (system, source_id)
);

COMMENT ON COLUMN orders.round IS 'The round in which it succeeded: 1, or one more for each redrive.';
COMMENT ON COLUMN orders.attempts IS 'The attempt of that round at which it succeeded.';

-- Down Migration
DROP TABLE orders;
