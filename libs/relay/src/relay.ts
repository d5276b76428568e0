import { randomBytes } from 'node:crypto';
import type { Logger } from '@esteira/observability';
import type { Publish } from '@esteira/pipeline';
import type { ActivityView } from './activity.ts';
import { openCursor, type Cursor, type CursorView, type RunError } from './cursor.ts';
import type { PageSource } from './page-source.ts';
import { openRedis, type RedisConnection } from './redis.ts';
import type { RunEnd } from './run-end.ts';
import { startRun, type RunHere } from './run-here.ts';

/** Why a run was not started, or a cursor not cleared. */
export interface RunRefusal {
  readonly code: 'already-running' | 'in-error';
  readonly message: string;
  readonly runId?: string;
}

/** What a run is to do. */
export interface RunRequest {
  /** What every message of the run carries. */
  readonly maxAttempts: number;
  /** Goes on at the watermark with the rows that come, until it is stopped. */
  readonly follow?: boolean;
}

/** Empties one source. Everything that asks Redis rejects with a RedisFault, within seconds, while it is down. */
export interface Relay {
  /** Starts a run in the background. */
  run(
    request: RunRequest,
  ): Promise<
    { readonly started: true; readonly runId: string } | { readonly started: false; readonly refusal: RunRefusal }
  >;
  /** Asks the run of this process to stop after the page at hand; resolves when it has ended, or at once without one. */
  stop(): Promise<{ readonly stopped: boolean }>;
  /** Deletes the cursor: the next run publishes everything again. Refused while a live run holds it. */
  clear(): Promise<{ readonly cleared: true } | { readonly cleared: false; readonly refusal: RunRefusal }>;
  /** Leaves ERROR and keeps the cursor. */
  unblock(): Promise<{ readonly unblocked: boolean }>;
  /** The cursor, and what the run of this process does when it is the one that holds it. */
  status(): Promise<{ readonly cursor: CursorView; readonly activity?: ActivityView }>;
  /** Rejects with a RedisFault when Redis can't be used, also when it may evict cursors. */
  ready(): Promise<void>;
  /** Ends a run in order, after the page at hand; it counts as interrupted at once and may be started again. */
  close(): Promise<void>;
}

/** What a relay needs. */
export interface RelayOptions {
  readonly system: string;
  readonly redisUrl: string;
  readonly source: PageSource;
  readonly publish: Publish;
  /** What people call the place it publishes to, for example `exchange esteira.orders`. */
  readonly target?: string;
  /** How many messages the lane holds. Without it publishing never pauses. */
  readonly depth?: () => Promise<number>;
  readonly pageSize: number;
  readonly maxLaneDepth: number;
  readonly leaseMs: number;
  /**
   * How long `stop` and `close` wait for the confirms of pages in flight, in milliseconds; 5,000 by default. Pages that
   * are not confirmed by then are published again by the next run.
   */
  readonly landingMs?: number;
  readonly logger: Logger;
  /** Milliseconds since the epoch, for the time a run was started at. */
  readonly now?: () => number;
}

/** Makes the relay of one system. Nothing is published before `run`. */
export function createRelay(options: RelayOptions): Relay {
  const logger = options.logger.child({ system: options.system });
  return new SystemRelay({ now: Date.now, ...options, logger });
}

class SystemRelay implements Relay {
  readonly #options: RelayOptions & { readonly now: () => number };
  readonly #redis: RedisConnection;
  readonly #cursor: Cursor;
  #starting: Promise<unknown> = Promise.resolve();
  #here: RunHere | undefined;
  #closed = false;

  constructor(options: RelayOptions & { readonly now: () => number }) {
    this.#options = options;
    this.#redis = openRedis(options.redisUrl, options.logger);
    this.#cursor = openCursor(this.#redis, options.system);
  }

  async run(request: RunRequest): ReturnType<Relay['run']> {
    if (this.#closed) throw new Error(`${this.#options.system}: the relay is closed; no run can start here`);
    const starting = this.#start(request);
    // Only to be waited for: the caller hears how it went.
    this.#starting = starting.catch(() => undefined);
    return starting;
  }

  async stop(): ReturnType<Relay['stop']> {
    return { stopped: await this.#endHere({ kind: 'stopped' }) };
  }

  async clear(): ReturnType<Relay['clear']> {
    const outcome = await this.#cursor.clear();
    if (outcome.kind === 'already-running') return { cleared: false, refusal: this.#running(outcome.runId) };
    this.#options.logger.info('The cursor is cleared; the next run publishes everything again');
    return { cleared: true };
  }

  async unblock(): ReturnType<Relay['unblock']> {
    return { unblocked: await this.#cursor.unblock() };
  }

  async status(): ReturnType<Relay['status']> {
    const cursor = await this.#cursor.read();
    const here = cursor.status === 'RUNNING' && this.#here?.runId === cursor.runId ? this.#here : undefined;
    return { cursor, ...(here === undefined ? {} : { activity: here.activity() }) };
  }

  ready(): Promise<void> {
    return this.#redis.ready();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#starting;
    await this.#endHere({ kind: 'closed' });
    await this.#redis.close();
  }

  async #start({ maxAttempts, follow = false }: RunRequest): ReturnType<Relay['run']> {
    const { leaseMs, now, target = 'the broker', landingMs = 5_000, ...rest } = this.#options;
    const runId = randomBytes(16).toString('hex');
    const outcome = await this.#cursor.start(runId, leaseMs, new Date(now()));
    if (outcome.kind === 'already-running') return { started: false, refusal: this.#running(outcome.runId) };
    if (outcome.kind === 'in-error') return { started: false, refusal: this.#inError(outcome.runId, outcome.error) };
    // A run of this process that still goes on has lost its cursor: no new one could have started otherwise.
    this.#here?.end({ kind: 'lost', why: 'taken' });
    const parts = { ...rest, cursor: this.#cursor, leaseMs, landingMs, target, runId, maxAttempts, follow };
    const here = startRun({ ...parts, now: () => performance.now() });
    this.#here = here;
    void here.ended.then(() => {
      if (this.#here === here) this.#here = undefined;
    });
    rest.logger.info({ run_id: runId, max_attempts: maxAttempts, follow }, 'The run starts');
    return { started: true, runId };
  }

  async #endHere(end: RunEnd): Promise<boolean> {
    const here = this.#here;
    if (here === undefined) return false;
    here.end(end);
    await here.ended;
    return true;
  }

  #running(runId: string): RunRefusal {
    const message = `${this.#options.system}: run ${runId} is going on. POST /v0/process/stop ends it.`;
    return { code: 'already-running', message, runId };
  }

  #inError(runId: string, error: RunError | undefined): RunRefusal {
    const message = `${this.#options.system} is in ERROR: ${error?.message ?? 'no reason is recorded'} POST /v0/process/unblock leaves it.`;
    return { code: 'in-error', message, runId };
  }
}
