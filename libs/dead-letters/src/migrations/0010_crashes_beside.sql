-- Up Migration
ALTER TABLE trials ADD COLUMN crashes_beside int NOT NULL DEFAULT 0;
COMMENT ON COLUMN trials.crashes IS 'How often a consumer ended while it handled this message alone, since it last outlasted that.';
COMMENT ON COLUMN trials.crashes_beside IS 'How often a consumer ended while this was the only suspect that it handled, beside other messages.';

-- Down Migration
ALTER TABLE trials DROP COLUMN crashes_beside;
