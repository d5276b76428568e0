import type { Position, SourceIdentity } from './page-source.ts';
import { CLEAR, READ, START, UNBLOCK, WRITE } from './cursor-scripts.ts';
import type { RedisConnection } from './redis.ts';

const STATUSES = ['IDLE', 'RUNNING', 'FINISHED', 'ERROR'] as const;

/** `ERROR` needs a person: `unblock` or `clear`. */
export type CursorStatus = (typeof STATUSES)[number];

/** Why a run needs a person. */
export interface RunError {
  readonly code: string;
  readonly message: string;
}

/** A cursor as people see it. Nothing published yet: `IDLE` without a position. */
export interface CursorView {
  readonly status: CursorStatus;
  /** RUNNING, but its holder has been silent for longer than its lease: it may be started again. */
  readonly interrupted: boolean;
  readonly runId?: string;
  readonly database?: string;
  readonly schema?: string;
  readonly table?: string;
  /** When the latest run was started, ISO 8601. */
  readonly startedAt?: string;
  readonly lastTransactionId?: string;
  readonly lastId?: string;
  /** Messages confirmed since the cursor began, over all its runs. */
  readonly publishedCount: number;
  readonly error?: RunError;
  readonly systemIdentifier?: string;
  readonly timeline?: string;
}

/** What became of a holder's write. Only `written` changed anything; `gone` and `taken` end a run. */
export type WriteOutcome = 'written' | 'gone' | 'taken';

/** How a start was answered. */
export type StartOutcome =
  | { readonly kind: 'started' }
  | { readonly kind: 'already-running' | 'in-error'; readonly runId: string; readonly error?: RunError };

/** The cursor of one system, in one Redis hash. Every operation rejects with a RedisFault when Redis can't be asked. */
export interface Cursor {
  read(): Promise<CursorView>;
  /** Takes the cursor for a run, unless a live run holds it or it is in ERROR. Of several at once, one is answered `started`. */
  start(runId: string, leaseMs: number, startedAt: Date): Promise<StartOutcome>;
  /** Writes fields as the run `runId` and renews its lease; 0 gives the lease up. */
  write(runId: string, leaseMs: number, fields?: CursorFields): Promise<WriteOutcome>;
  clear(): Promise<{ readonly kind: 'cleared' } | { readonly kind: 'already-running'; readonly runId: string }>;
  /** Whether it was in ERROR. */
  unblock(): Promise<boolean>;
}

/** What a run may write. */
export interface CursorFields {
  readonly status?: CursorStatus;
  readonly source?: SourceIdentity;
  readonly position?: Position;
  readonly publishedCount?: number;
  readonly error?: RunError;
}

/** Opens the cursor of a system: the hash `esteira:cursor:<system>`. */
export function openCursor(redis: RedisConnection, system: string): Cursor {
  const key = `esteira:cursor:${system}`;
  return {
    async read() {
      const [now, flat] = (await redis.script(READ, key)) as [number, string[]];
      return viewOf(fieldsOf(flat), now);
    },
    async start(runId, leaseMs, startedAt) {
      const args = [runId, leaseMs, startedAt.toISOString()];
      const [kind, holder, error] = (await redis.script(START, key, args)) as [StartOutcome['kind'], string, string];
      return { kind, runId: holder, ...(error === '' ? {} : { error: JSON.parse(error) as RunError }) };
    },
    write: (runId, leaseMs, fields = {}) =>
      redis.script(WRITE, key, [runId, leaseMs, ...flatOf(fields)]) as Promise<WriteOutcome>,
    async clear() {
      const [kind, runId = ''] = (await redis.script(CLEAR, key)) as ['cleared' | 'already-running', string?];
      return { kind, runId };
    },
    unblock: async () => (await redis.script(UNBLOCK, key)) === 1,
  };
}

/** The fields of the hash that a write sets, with their values, in turn. */
function flatOf({ status, source, position, publishedCount, error }: CursorFields): string[] {
  return Object.entries({
    status,
    database: source?.database,
    schema: source?.schema,
    table: source?.table,
    system_identifier: source?.systemIdentifier,
    timeline: source?.timeline,
    last_transaction_id: position?.transactionId,
    last_id: position?.id,
    published_count: publishedCount?.toString(),
    error: error === undefined ? undefined : JSON.stringify(error),
  }).flatMap(([field, value]) => (value === undefined ? [] : [field, value]));
}

function fieldsOf(flat: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let i = 0; i < flat.length; i += 2) fields.set(flat[i] ?? '', flat[i + 1] ?? '');
  return fields;
}

/** Pure: the hash's fields and Redis's time, in milliseconds, as people see them. */
export function viewOf(fields: ReadonlyMap<string, string>, now: number): CursorView {
  const status = STATUSES.find((known) => known === fields.get('status')) ?? 'IDLE';
  const error = fields.get('error');
  const texts = {
    runId: fields.get('run_id'),
    database: fields.get('database'),
    schema: fields.get('schema'),
    table: fields.get('table'),
    startedAt: fields.get('started_at'),
    lastTransactionId: fields.get('last_transaction_id'),
    lastId: fields.get('last_id'),
    systemIdentifier: fields.get('system_identifier'),
    timeline: fields.get('timeline'),
  };
  return {
    status,
    interrupted: status === 'RUNNING' && Number(fields.get('lease_until') ?? 0) <= now,
    publishedCount: Number(fields.get('published_count') ?? 0),
    ...(error ? { error: JSON.parse(error) as RunError } : {}),
    ...present(texts),
  };
}

function present<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

/** Where the cursor stands; undefined before the first confirmed row. */
export function positionOf({ lastTransactionId, lastId }: CursorView): Position | undefined {
  return lastTransactionId === undefined || lastId === undefined
    ? undefined
    : { transactionId: lastTransactionId, id: lastId };
}
