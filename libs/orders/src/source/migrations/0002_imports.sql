-- Up Migration
-- Imports of files, so that one which was interrupted goes on where it stopped.
create table imports (
  import_id uuid primary key default gen_random_uuid(),
  -- What the client gave, so that the same request is recognised; without one, nothing goes on.
  idempotency_key text unique,
  -- Records of the file that have been dealt with: imported or refused.
  position bigint not null default 0 check (position = positive + negative + refused),
  -- SHA-256 of what was asked for, and of the bytes up to the position: to the end of the file when finished.
  content_hash bytea not null,
  positive bigint not null default 0,
  negative bigint not null default 0,
  refused bigint not null default 0,
  started_at timestamptz not null default now(),
  finished_at timestamptz
);

-- Every refused row, for people: an answer shows the first of them only.
create table import_refusals (
  import_id uuid not null references imports on delete cascade,
  -- In the file, 1-based, the header line included.
  line bigint not null,
  reason text not null,
  primary key (import_id, line)
);
