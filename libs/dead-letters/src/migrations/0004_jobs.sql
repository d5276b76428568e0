-- Up Migration
CREATE TABLE dead_letter_jobs (
  id                   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pipeline             text        NOT NULL,
  action               text        NOT NULL CHECK (action IN ('redrive', 'discard')),
  selection            jsonb       NOT NULL,
  by                   text        NOT NULL,
  why                  text        NOT NULL,
  rate_per_second      int,
  stop_at_failed_share float8      NOT NULL DEFAULT 1,
  max_attempts         int,
  state                text        NOT NULL DEFAULT 'running'
                                   CHECK (state IN ('running', 'paused', 'stopped', 'cancelled', 'finished')),
  frozen               boolean     NOT NULL DEFAULT false,
  frozen_after         uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  total                int         NOT NULL DEFAULT 0,
  marked_up_to         int         NOT NULL DEFAULT 0,
  sent_up_to           int         NOT NULL DEFAULT 0,
  done                 int         NOT NULL DEFAULT 0,
  at_rest              int         NOT NULL DEFAULT 0,
  moved                int         NOT NULL DEFAULT 0,
  unreadable           int         NOT NULL DEFAULT 0,
  leg                  int         NOT NULL DEFAULT 1,
  leg_from             int         NOT NULL DEFAULT 0,
  leg_done             int         NOT NULL DEFAULT 0,
  canary               int         NOT NULL DEFAULT 0,
  canary_passed        boolean     NOT NULL DEFAULT false,
  tidied               boolean     NOT NULL DEFAULT true,
  note                 text,
  holder               text,
  lease_until          timestamptz,
  fence                int         NOT NULL DEFAULT 0,
  created_at           timestamptz NOT NULL DEFAULT now(),
  finished_at          timestamptz
);

COMMENT ON TABLE dead_letter_jobs IS 'Redrives and discards. One process at a time holds a job, by a lease; every write of it is compared with the fence.';
COMMENT ON COLUMN dead_letter_jobs.frozen IS 'Whether all items are chosen; until then choosing goes on after frozen_after.';
COMMENT ON COLUMN dead_letter_jobs.marked_up_to IS 'Items up to here took effect in dead_letters; those between sent_up_to and here are published again after a crash.';
COMMENT ON COLUMN dead_letter_jobs.leg IS 'Goes up when a job that stopped itself is resumed: what failed before is not counted again.';
COMMENT ON COLUMN dead_letter_jobs.tidied IS 'Whether the mirrors of what was closed have left the queue of dead letters.';

CREATE INDEX dead_letter_jobs_of_pipeline ON dead_letter_jobs (pipeline, id);

CREATE TABLE dead_letter_job_items (
  job        bigint NOT NULL,
  ordinal    int    NOT NULL,
  message_id uuid   NOT NULL,
  round      int    NOT NULL,
  outcome    text   CHECK (outcome IN ('done', 'at-rest', 'moved', 'unreadable')),
  sent_as    uuid,
  PRIMARY KEY (job, ordinal)
) WITH (fillfactor = 70);

COMMENT ON COLUMN dead_letter_job_items.round IS 'The round the dead letter was in when it was chosen: only this death is undone.';
COMMENT ON COLUMN dead_letter_job_items.sent_as IS 'The id its body proves, where that is another than the dead letter''s.';

CREATE INDEX dead_letter_job_items_renamed ON dead_letter_job_items (job) WHERE sent_as IS NOT NULL;

ALTER TABLE dead_letters ADD COLUMN job bigint, ADD COLUMN job_leg int;
COMMENT ON COLUMN dead_letters.job IS 'The job that redrove it last.';
CREATE INDEX dead_letters_failed_again ON dead_letters (job, job_leg) WHERE state = 'dead' AND job IS NOT NULL;

CREATE TABLE operator_actions (
  id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  pipeline   text        NOT NULL,
  at         timestamptz NOT NULL DEFAULT now(),
  by         text        NOT NULL,
  action     text        NOT NULL,
  why        text,
  job        bigint,
  message_id uuid,
  details    jsonb       NOT NULL DEFAULT '{}'
);

COMMENT ON TABLE operator_actions IS 'Who did what, when and why.';
CREATE INDEX operator_actions_of_pipeline ON operator_actions (pipeline, id);
CREATE INDEX operator_actions_of_job ON operator_actions (job) WHERE job IS NOT NULL;
CREATE INDEX operator_actions_of_message ON operator_actions (message_id) WHERE message_id IS NOT NULL;

-- Down Migration
DROP TABLE operator_actions;
ALTER TABLE dead_letters DROP COLUMN job, DROP COLUMN job_leg;
DROP TABLE dead_letter_job_items;
DROP TABLE dead_letter_jobs;
