import { within } from '@esteira/http';
import type { Broker } from '@esteira/messaging';
import { present } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';
import { rowsBehind, watermark, type RowsBehind, type SourceTable, type Watermark } from '@esteira/postgres-source';
import { CURSOR_STATUSES, positionOf, type CursorView, type Position, type Relay } from '@esteira/relay';
import { Type, type Static, type TSchema } from 'typebox';
import type { RelayApi } from './api.ts';
import { recent } from './recent.ts';

/** The longest the source is asked, in milliseconds: during its outage a status is wanted most. */
const SOURCE_TIMEOUT_MS = 3_000;
/** How old what the source said may be while a run goes on, in milliseconds. */
const SOURCE_AGE_MS = 2_000;
/** How old the cursor may be meanwhile, in milliseconds. */
const CURSOR_AGE_MS = 500;

const text = Type.String();
const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const optional = <T extends TSchema>(schema: T) => Type.Optional(schema);

const cursorSchema = Type.Object(
  {
    status: Type.Enum([...CURSOR_STATUSES]),
    interrupted: Type.Boolean({
      description: 'RUNNING, but its process has ended, or has been silent for longer than its lease: it is taken up.',
    }),
    follow: optional(Type.Boolean({ description: 'Whether the latest run goes on with the rows that come.' })),
    max_attempts: optional(Type.Integer({ description: 'What each message of the latest run carries.' })),
    published_count: Type.Integer({ description: 'Messages confirmed since the cursor began.' }),
    last_transaction_id: optional(text),
    last_id: optional(text),
    started_at: optional(text),
    database: optional(text),
    schema: optional(text),
    table: optional(text),
    system_identifier: optional(text),
    timeline: optional(text),
    error: optional(Type.Object({ code: text, message: text })),
  },
  { description: 'How far the system has been published.' },
);

const runSchema = Type.Object(
  {
    run_id: text,
    phase: Type.Enum(['starting', 'publishing', 'waiting', 'following', 'stopping']),
    published_per_second: optional(Type.Number()),
    waiting_for: optional(Type.String({ description: 'Why nothing moves.' })),
  },
  { description: 'The run of this process.' },
);

const brokerSchema = Type.Object(
  {
    connected: Type.Boolean(),
    blocked: nullable(Type.String({ description: 'Why RabbitMQ takes no messages: a memory or disk alarm.' })),
  },
  { description: 'RabbitMQ, as this process sees it.' },
);

const watermarkSchema = Type.Object(
  {
    xmin: Type.String({ description: 'Rows of this transaction and of later ones are not yet safe to read.' }),
    lag_seconds: Type.Number({ description: 'How long it has been held where it is.' }),
    held_by: nullable(
      Type.Object({
        kind: Type.Enum(['backend', 'prepared']),
        pid: optional(Type.Integer()),
        application: optional(text),
        gid: optional(text),
        database: optional(text),
        age_seconds: optional(Type.Number()),
      }),
    ),
  },
  { description: 'Up to where rows may be read.' },
);

/** What `GET /v0/process/status` answers. */
export const statusSchema = Type.Object({
  system: text,
  cursor: cursorSchema,
  run: nullable(runSchema),
  notice: optional(
    Type.String({
      description: 'A run of this process lost its cursor; until the next request to run, stop or clear.',
    }),
  ),
  broker: brokerSchema,
  behind: nullable(
    Type.Object(
      { rows: Type.Integer(), more: Type.Boolean({ description: 'There are more than `rows`; counting stopped.' }) },
      { description: 'Rows after the cursor, those that are not yet safe to read included.' },
    ),
  ),
  watermark: nullable(watermarkSchema),
  source_error: optional(Type.String({ description: 'Why `behind` and `watermark` are not known.' })),
});

type Status = Static<typeof statusSchema>;
type SourceFacts = Pick<Status, 'behind' | 'watermark' | 'source_error'>;

/**
 * Tells the status of a system. Rejects when Redis can't be asked; a source that does not answer is part of the status.
 * While a run goes on here, `behind` and `watermark` may be {@link SOURCE_AGE_MS} old (to count a million rows takes
 * longer than many dashboards have patience for), and the cursor {@link CURSOR_AGE_MS}, which every page moves.
 */
export function statusReader({ system, relay, postgres, source, broker }: RelayApi): () => Promise<Status> {
  const sourceAt = recent((position: Position | undefined) => sourceOf(postgres, source, position), SOURCE_AGE_MS);
  const recentStatus = recent(() => relay.status(), CURSOR_AGE_MS);
  const viewed = async () => {
    const runId = relay.runHere();
    const view = runId === undefined ? undefined : await recentStatus.lately(undefined);
    // Not of the run before, or of the end of this one.
    return view?.activity !== undefined && view.cursor.runId === runId ? view : relay.status();
  };
  return async () => {
    const view = await viewed();
    const position = positionOf(view.cursor);
    const facts = view.activity === undefined ? sourceAt.now(position) : sourceAt.lately(position);
    return statusOf(system, view, broker, await facts);
  };
}

function statusOf(
  system: string,
  { cursor, activity, notice }: Awaited<ReturnType<Relay['status']>>,
  broker: Pick<Broker, 'connected' | 'blocked'>,
  facts: SourceFacts,
): Status {
  const { runId } = cursor;
  return {
    system,
    cursor: cursorViewOf(cursor),
    run:
      activity === undefined || runId === undefined
        ? null
        : {
            run_id: runId,
            phase: activity.phase,
            ...present({ published_per_second: activity.publishedPerSecond, waiting_for: activity.waitingFor }),
          },
    ...present({ notice }),
    broker: { connected: broker.connected, blocked: broker.blocked ?? null },
    ...facts,
  };
}

function cursorViewOf(cursor: CursorView): Status['cursor'] {
  const { status, interrupted, database, schema, table, timeline, error, follow } = cursor;
  return {
    status,
    interrupted,
    published_count: cursor.publishedCount,
    ...present({
      follow,
      max_attempts: cursor.maxAttempts,
      last_transaction_id: cursor.lastTransactionId,
      last_id: cursor.lastId,
      started_at: cursor.startedAt,
      system_identifier: cursor.systemIdentifier,
      ...{ database, schema, table, timeline, error },
    }),
  };
}

async function sourceOf(postgres: Postgres, table: SourceTable, position: Position | undefined): Promise<SourceFacts> {
  try {
    const asked = Promise.all([rowsBehind(postgres, table, position), watermark(postgres)]);
    const [behind, mark] = await within(SOURCE_TIMEOUT_MS, asked);
    return { behind: behindOf(behind), watermark: watermarkOf(mark) };
  } catch (error) {
    const why = error instanceof Error && error.message !== '' ? error.message : String(error);
    return { behind: null, watermark: null, source_error: `Postgres at ${postgres.address}: ${why}` };
  }
}

const behindOf = ({ rows, more }: RowsBehind) => ({ rows, more });

function watermarkOf({ xmin, lagSeconds, heldBy }: Watermark): NonNullable<Status['watermark']> {
  if (heldBy === undefined) return { xmin, lag_seconds: lagSeconds, held_by: null };
  const { ageSeconds, ...holder } = heldBy;
  return { xmin, lag_seconds: lagSeconds, held_by: { ...holder, ...present({ age_seconds: ageSeconds }) } };
}
