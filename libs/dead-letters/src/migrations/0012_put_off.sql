-- Up Migration
ALTER TABLE dead_letter_jobs ADD COLUMN put_off int NOT NULL DEFAULT 0;
ALTER TABLE dead_letter_job_items
  DROP CONSTRAINT dead_letter_job_items_outcome_check,
  ADD CONSTRAINT dead_letter_job_items_outcome_check
    CHECK (outcome IN ('done', 'at-rest', 'moved', 'unreadable', 'put-off'));

COMMENT ON COLUMN dead_letter_jobs.put_off IS 'Items that stand once more at the end, since their lane was full when the job came to them; total and marked_up_to count each of them twice.';

-- Down Migration
UPDATE dead_letter_jobs SET moved = moved + put_off;
UPDATE dead_letter_job_items SET outcome = 'moved' WHERE outcome = 'put-off';
ALTER TABLE dead_letter_job_items
  DROP CONSTRAINT dead_letter_job_items_outcome_check,
  ADD CONSTRAINT dead_letter_job_items_outcome_check CHECK (outcome IN ('done', 'at-rest', 'moved', 'unreadable'));
ALTER TABLE dead_letter_jobs DROP COLUMN put_off;
