-- Up Migration
-- Schedules, and the tasks that their slots become.

CREATE TABLE schedules (
  schedule_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  name text NOT NULL,
  type text NOT NULL CHECK (length(type) BETWEEN 1 AND 255),
  payload jsonb NOT NULL,
  interval_seconds int CHECK (interval_seconds BETWEEN 1 AND 31622400),
  cron text,
  timezone text,
  starts_at timestamptz NOT NULL CHECK (starts_at >= '1970-01-01Z'),
  ends_at timestamptz,
  misfire text NOT NULL DEFAULT 'latest' CHECK (misfire IN ('all', 'latest', 'skip')),
  overlap text NOT NULL DEFAULT 'skip' CHECK (overlap IN ('skip', 'wait', 'allow')),
  jitter_seconds int NOT NULL DEFAULT 0 CHECK (jitter_seconds >= 0),
  max_attempts int NOT NULL CHECK (max_attempts BETWEEN 1 AND 100),
  timeout_ms int NOT NULL CHECK (timeout_ms BETWEEN 1 AND 900000),
  paused_at timestamptz,
  last_slot timestamptz,
  last_task_id uuid,
  counted_from timestamptz,
  version int NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deleted_at timestamptz,
  changed_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT schedules_jitter_within_the_interval CHECK (jitter_seconds < interval_seconds),
  CONSTRAINT schedules_times_are_finite
    CHECK (isfinite(starts_at) AND isfinite(ends_at) AND isfinite(paused_at) AND isfinite(last_slot)),
  -- A slot is a whole millisecond; what is compared with it is one too.
  CONSTRAINT schedules_whole_milliseconds
    CHECK (starts_at = date_trunc('milliseconds', starts_at) AND last_slot = date_trunc('milliseconds', last_slot)),
  CONSTRAINT schedules_one_recurrence CHECK (num_nonnulls(interval_seconds, cron) = 1),
  CONSTRAINT schedules_cron_in_a_zone CHECK ((cron IS NULL) = (timezone IS NULL))
) WITH (fillfactor = 70);

COMMENT ON COLUMN schedules.last_slot IS 'The latest slot that was decided: fired, or recorded in slots_not_fired. Null before the first.';
COMMENT ON COLUMN schedules.last_task_id IS 'The task of the slot that was fired last: whether it has ended decides over an overlap.';
COMMENT ON COLUMN schedules.counted_from IS 'After this its slots are those of its present recurrence, and each of them is decided: what the books count from. Null: from its first.';
COMMENT ON COLUMN schedules.version IS 'One more with each change by a person (If-Match). Firing does not count.';
COMMENT ON COLUMN schedules.changed_in IS 'The transaction of the last change by a person. Schedulers ask for what is not older than the oldest transaction that still ran when they asked before: no change that commits late is missed.';
COMMENT ON COLUMN schedules.deleted_at IS 'A deleted schedule stays for a while, so that schedulers hear of it.';

CREATE INDEX schedules_by_change ON schedules (changed_in);

-- Firing moves last_slot and last_task_id alone: then no index is written to.
CREATE FUNCTION schedule_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_in := pg_current_xact_id();
  NEW.updated_at := now();
  NEW.version := OLD.version + 1;
  IF (NEW.interval_seconds, NEW.cron, NEW.timezone, NEW.starts_at, NEW.ends_at, NEW.last_slot)
     IS DISTINCT FROM (OLD.interval_seconds, OLD.cron, OLD.timezone, OLD.starts_at, OLD.ends_at, OLD.last_slot)
  THEN
    NEW.counted_from := NEW.last_slot;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER schedule_changed
  BEFORE UPDATE OF name, type, payload, interval_seconds, cron, timezone, starts_at, ends_at, misfire, overlap,
                   jitter_seconds, max_attempts, timeout_ms, paused_at, deleted_at
  ON schedules FOR EACH ROW EXECUTE FUNCTION schedule_changed();

-- The id of the task of a slot: a UUIDv8 (RFC 9562, section 5.8) of the slot's milliseconds, as in a UUIDv7, and 72 bits
-- of a hash of the schedule. So one slot has one id, ids stand in the order of time, and tasks can be partitioned by it.
CREATE FUNCTION slot_task_id(schedule_id uuid, slot timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM slot) * 1000)::bigint), 12, '0') || '8' || substr(hash, 1, 3)
          || '8' || substr(hash, 4, 15))::uuid
    FROM encode(sha256(uuid_send(schedule_id)), 'hex') AS hash
$$;

CREATE TABLE tasks (
  task_id uuid NOT NULL,
  type text NOT NULL,
  payload jsonb NOT NULL,
  schedule_id uuid,
  slot timestamptz,
  lane text NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'queued', 'running', 'succeeded', 'dead', 'cancelled')),
  run_at timestamptz NOT NULL,
  round int NOT NULL DEFAULT 1,
  attempt int NOT NULL DEFAULT 0,
  max_attempts int NOT NULL,
  timeout_ms int NOT NULL,
  token int NOT NULL DEFAULT 0,
  holder text,
  result jsonb,
  error jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz,
  PRIMARY KEY (task_id),
  CONSTRAINT tasks_slot_of_a_schedule CHECK ((schedule_id IS NULL) = (slot IS NULL)),
  -- With the primary key: one task a slot.
  CONSTRAINT tasks_one_a_slot CHECK (schedule_id IS NULL OR task_id = slot_task_id(schedule_id, slot))
) PARTITION BY RANGE (task_id);

COMMENT ON TABLE tasks IS 'One row a task. Partitions are days (UTC) of the time in the id; none is made by hand: see ensure_task_days.';
COMMENT ON COLUMN tasks.token IS 'Grows each time a worker takes the task in hand. Whoever holds a lower one writes nothing.';
COMMENT ON COLUMN tasks.attempt IS 'The attempt that was begun last, of its round; 0 before the first.';

-- No index knows the state: of a task that goes from queued to running to its end, no index is written to.
CREATE INDEX tasks_of_schedule ON tasks (schedule_id, slot) WHERE schedule_id IS NOT NULL;

-- Makes the partitions of some days that are missing; answers how many it made.
CREATE FUNCTION ensure_task_days(days date[]) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  day date;
  name text;
  made int := 0;
  first_id uuid;
  next_id uuid;
BEGIN
  FOREACH day IN ARRAY days LOOP
    name := 'tasks_' || to_char(day, 'YYYYMMDD');
    CONTINUE WHEN to_regclass(name) IS NOT NULL;
    -- Two that make the same day wait for each other.
    PERFORM pg_advisory_xact_lock(hashtextextended('esteira task days', 0));
    CONTINUE WHEN to_regclass(name) IS NOT NULL;
    first_id := (lpad(to_hex((extract(epoch FROM day::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
    next_id := (lpad(to_hex((extract(epoch FROM (day + 1)::timestamp) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
    -- Attached, not made as a partition: that would wait for everybody who reads or writes tasks.
    EXECUTE format('CREATE TABLE %I (LIKE tasks INCLUDING ALL) WITH (fillfactor = 50)', name);
    EXECUTE format('ALTER TABLE tasks ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, first_id, next_id);
    made := made + 1;
  END LOOP;
  RETURN made;
END $$;

-- What was inserted as queued and perhaps not published: a row for each tick of a scheduler, gone when the broker has
-- confirmed all of it. Whoever finds one that is old publishes it again.
CREATE TABLE handovers (
  handover_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  task_ids uuid[] NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);

-- Tasks that wait for the end of the one before them.
CREATE TABLE waiting_tasks (
  task_id uuid PRIMARY KEY,
  behind uuid NOT NULL
);

-- Slots that came due and became no task, and why.
CREATE TABLE slots_not_fired (
  schedule_id uuid NOT NULL,
  first_slot timestamptz NOT NULL,
  last_slot timestamptz NOT NULL,
  slots int NOT NULL CHECK (slots > 0),
  why text NOT NULL CHECK (why IN ('misfire', 'overlap')),
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (schedule_id, first_slot)
);

-- The books, as they were made up.
CREATE TABLE books_runs (
  run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  started_by text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  report jsonb,
  error text
);
-- One at a time.
CREATE UNIQUE INDEX books_under_way ON books_runs ((true)) WHERE ended_at IS NULL;
CREATE TABLE books_items (
  run_id bigint NOT NULL REFERENCES books_runs ON DELETE CASCADE,
  class text NOT NULL,
  origin text NOT NULL,
  key text NOT NULL,
  details text NOT NULL,
  PRIMARY KEY (run_id, class, origin, key)
);

CREATE VIEW tasks_at_rest AS
  SELECT task_id AS message_id, NULL::text AS incarnation, round, attempt AS attempts, ended_at AS stored_at
    FROM tasks WHERE state = 'succeeded';

-- No way back: it would lose tasks.
