import { present } from '@esteira/pipeline';
import type { Position, SourceIdentity } from './page-source.ts';
import { cursorKey, type CursorName } from './keys.ts';
import { CLEAR, MOVE, READ, START, STOP, TAKE_UP, UNBLOCK, WRITE } from './cursor-scripts.ts';
import type { RedisConnection } from './redis.ts';

/** The states of a cursor. */
export const CURSOR_STATUSES = ['IDLE', 'RUNNING', 'FINISHED', 'ERROR'] as const;

/** `ERROR` needs a person: `unblock` or `clear`. */
export type CursorStatus = (typeof CURSOR_STATUSES)[number];

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
  /** Whether the latest run was asked to go on with the rows that come. */
  readonly follow?: boolean;
  /** What every message of the latest run carries. */
  readonly maxAttempts?: number;
  /** When the latest run got hold of the cursor, in milliseconds of Redis's clock. */
  readonly heldSince?: number;
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

/**
 * What became of a holder's write. `gone` and `taken` changed nothing and end a run; `stop-asked` was written, and another
 * process wants the run to stop.
 */
export type WriteOutcome = 'written' | 'stop-asked' | 'gone' | 'taken';

/** What a run is to do. It is kept beside the cursor, so that whoever takes the run up does the same. */
export interface RunRequest {
  /** What every message of the run carries. */
  readonly maxAttempts: number;
  /** Goes on at the watermark with the rows that come, until it is stopped. */
  readonly follow?: boolean;
}

/** A run that holds its cursor. */
export interface HeldRun {
  readonly runId: string;
  /** Fencing token: higher than that of any run before, as long as the hash is there. */
  readonly token: number;
}

/** How a start was answered. */
export type StartOutcome =
  | { readonly kind: 'started'; readonly heldSince: number; readonly token: number }
  | { readonly kind: 'already-running' | 'in-error'; readonly runId: string; readonly error?: RunError };

/** An interrupted run that goes on here. */
export interface TakenUp {
  /** The run it goes on with. */
  readonly before: string;
  readonly request: RunRequest;
  readonly heldSince: number;
  readonly token: number;
}

/** The cursor of one system, in one Redis hash. Every operation rejects with a RedisFault when Redis can't be asked. */
export interface Cursor {
  read(): Promise<CursorView>;
  /**
   * Brings the cursor of an earlier release to its place, once and as it is; everything that writes does so too.
   * False while a live run of a process of that release has it: a run that starts here is refused until then.
   */
  move(): Promise<boolean>;
  /** Takes the cursor for a run, unless a live run holds it or it is in ERROR. Of several at once, one is answered `started`. */
  start(runId: string, leaseMs: number, startedAt: Date, request: RunRequest): Promise<StartOutcome>;
  /** Takes an interrupted run up under a new run id; undefined when there is none, or when it was asked to stop. */
  takeUp(runId: string, leaseMs: number): Promise<TakenUp | undefined>;
  /**
   * Ends a run, whoever holds it: at once when nobody does any more (`ended` names a run that has ended by now), or by
   * asking its holder. A run that was asked is never taken up, so asking again until it is not running ends it.
   */
  stop(ended?: string): Promise<'not-running' | 'stopped' | 'asked'>;
  /** Writes fields as the run that holds the cursor and renews its lease; 0 gives the lease up. */
  write(run: HeldRun, leaseMs: number, fields?: CursorFields): Promise<WriteOutcome>;
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

/** Opens a cursor. */
export function openCursor(redis: RedisConnection, name: CursorName): Cursor {
  const key = cursorKey(name);
  const keys = name.formerKey === undefined ? [key] : [key, name.formerKey];
  return {
    async read() {
      const [now, flat] = (await redis.script(READ, keys)) as [number, string[]];
      return viewOf(fieldsOf(flat), now);
    },
    move: async () => (await redis.script(MOVE, keys)) === 1,
    async start(runId, leaseMs, startedAt, { follow = false, maxAttempts }) {
      const args = [runId, leaseMs, startedAt.toISOString(), follow ? '1' : '', maxAttempts];
      const answer = await redis.script(START, keys, args);
      const [kind, holder, error, heldSince, token] = answer as [StartOutcome['kind'], string, string, number, number];
      if (kind === 'started') return { kind, heldSince, token };
      return { kind, runId: holder, ...(error === '' ? {} : { error: JSON.parse(error) as RunError }) };
    },
    async takeUp(runId, leaseMs) {
      const answer = (await redis.script(TAKE_UP, keys, [runId, leaseMs])) as ['nothing'] | TakeUpAnswer;
      if (answer[0] === 'nothing') return undefined;
      const [, before, follow, maxAttempts, heldSince, token] = answer;
      return { before, request: { maxAttempts: Number(maxAttempts), follow: follow === '1' }, heldSince, token };
    },
    stop: (ended = '') => redis.script(STOP, keys, [ended]) as Promise<'not-running' | 'stopped' | 'asked'>,
    write: ({ runId, token }, leaseMs, fields = {}) =>
      redis.script(WRITE, key, [runId, token, leaseMs, ...flatOf(fields)]) as Promise<WriteOutcome>,
    async clear() {
      const [kind, runId = ''] = (await redis.script(CLEAR, keys)) as ['cleared' | 'already-running', string?];
      return { kind, runId };
    },
    unblock: async () => (await redis.script(UNBLOCK, keys)) === 1,
  };
}

type TakeUpAnswer = ['taken-up', before: string, follow: string, maxAttempts: string, heldSince: number, token: number];

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
  const status = CURSOR_STATUSES.find((known) => known === fields.get('status')) ?? 'IDLE';
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
    ...requestOf(fields),
    ...(error ? { error: JSON.parse(error) as RunError } : {}),
    ...present(texts),
  };
}

/** What the latest run was asked for; nothing in a hash that an older version left. */
function requestOf(fields: ReadonlyMap<string, string>): Pick<CursorView, 'follow' | 'maxAttempts' | 'heldSince'> {
  const [follow, maxAttempts, heldSince] = ['follow', 'max_attempts', 'held_since'].map((name) => fields.get(name));
  return {
    ...(follow === undefined ? {} : { follow: follow === '1' }),
    ...(maxAttempts === undefined ? {} : { maxAttempts: Number(maxAttempts) }),
    ...(heldSince === undefined ? {} : { heldSince: Number(heldSince) }),
  };
}

/** The run that a living process holds; undefined where there is none. */
export function liveRunOf({ status, interrupted, runId }: CursorView): string | undefined {
  return status === 'RUNNING' && !interrupted ? runId : undefined;
}

/** Where the cursor stands; undefined before the first confirmed row. */
export function positionOf({ lastTransactionId, lastId }: CursorView): Position | undefined {
  return lastTransactionId === undefined || lastId === undefined
    ? undefined
    : { transactionId: lastTransactionId, id: lastId };
}
