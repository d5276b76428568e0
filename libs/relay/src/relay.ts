import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@esteira/observability';
import type { Publish } from '@esteira/pipeline';
import type { ActivityView } from './activity.ts';
import { openCursor, type Cursor, type CursorView, type RunError, type RunRequest } from './cursor.ts';
import { nextMove, type RunMemory } from './next-move.ts';
import type { PageSource } from './page-source.ts';
import { openRedis, type RedisConnection } from './redis.ts';
import { repeatedly } from './repeatedly.ts';
import type { RunEnd } from './run-end.ts';
import { startRun, type RunHere } from './run-here.ts';

/** Why a run was not started, or a cursor not cleared. */
export interface RunRefusal {
  readonly code: 'already-running' | 'in-error';
  readonly message: string;
  readonly runId?: string;
}

/** Empties one source. Everything that asks Redis rejects with a RedisFault, within seconds, while it is down. */
export interface Relay {
  /** Starts a run in the background. */
  run(
    request: RunRequest,
  ): Promise<
    { readonly started: true; readonly runId: string } | { readonly started: false; readonly refusal: RunRefusal }
  >;
  /**
   * From now on, takes up a run of the system that was interrupted, whichever process had it, as it was asked for; and
   * starts a run again that follows its source when its cursor is gone from Redis. Of several processes one takes it.
   */
  watch(): void;
  /**
   * Stops the run of the system after the page at hand, also where another process has it, or nobody any more; it is not
   * taken up again. Resolves when it has ended; after 20 s also while its holder still finishes.
   */
  stop(): Promise<{ readonly stopped: boolean }>;
  /** Deletes the cursor: the next run publishes everything again. Refused while a live run holds it. */
  clear(): Promise<{ readonly cleared: true } | { readonly cleared: false; readonly refusal: RunRefusal }>;
  /** Leaves ERROR and keeps the cursor. */
  unblock(): Promise<{ readonly unblocked: boolean }>;
  /**
   * The cursor, and what the run of this process does when it is the one that holds it. `notice` tells that a run of
   * this process lost its cursor, until the next request to run, stop or clear.
   */
  status(): Promise<{ readonly cursor: CursorView; readonly activity?: ActivityView; readonly notice?: string }>;
  /** Rejects with a RedisFault when Redis can't be used, also when it may evict cursors. */
  ready(): Promise<void>;
  /** Ends a run in order, after the page at hand; it counts as interrupted at once and is taken up elsewhere. */
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
  /** How often a run that follows its source looks for rows while none come, in milliseconds; 100 by default. */
  readonly followPollMs?: number;
  /** Why the broker takes no messages, while it doesn't: for people who wonder why nothing moves. */
  readonly blocked?: () => string | undefined;
  /**
   * How long `stop` and `close` wait for the confirms of pages in flight, in milliseconds; 5,000 by default. Pages that
   * are not confirmed by then are published again by the next run.
   */
  readonly landingMs?: number;
  readonly logger: Logger;
  /** Milliseconds since the epoch, for the time a run was started at. */
  readonly now?: () => number;
}

/** How often a process without a run looks for one to take up, in milliseconds. */
const WATCH_EVERY_MS = 500;
/** The least between the end of a run by a defect and its being taken up here again, in milliseconds. */
const AFTER_DEFECT_MS = 10_000;
const ASK_AGAIN_MS = 100;
const STOP_PATIENCE_MS = 20_000;

/** Makes the relay of one system. Nothing is published before `run` or `watch`. */
export function createRelay(options: RelayOptions): Relay {
  const logger = options.logger.child({ system: options.system });
  return new SystemRelay({ now: Date.now, ...options, logger });
}

const newRunId = () => randomBytes(16).toString('hex');

class SystemRelay implements Relay {
  readonly #options: RelayOptions & { readonly now: () => number };
  readonly #redis: RedisConnection;
  readonly #cursor: Cursor;
  #starting: Promise<unknown> = Promise.resolve();
  #here: RunHere | undefined;
  #memory: RunMemory = {};
  #notice: string | undefined;
  #notBefore = 0;
  #stopWatching: (() => Promise<void>) | undefined;
  #closed = false;

  constructor(options: RelayOptions & { readonly now: () => number }) {
    this.#options = options;
    this.#redis = openRedis(options.redisUrl, options.logger);
    this.#cursor = openCursor(this.#redis, options.system);
  }

  async run(request: RunRequest): ReturnType<Relay['run']> {
    if (this.#closed) throw new Error(`${this.#options.system}: the relay is closed; no run can start here`);
    this.#notice = undefined;
    const starting = this.#start(request);
    // Only to be waited for: the caller hears how it went.
    this.#starting = starting.catch(() => undefined);
    return starting;
  }

  watch(): void {
    this.#stopWatching ??= repeatedly(
      WATCH_EVERY_MS,
      () => this.#look(),
      (fault) => {
        this.#options.logger.debug({ err: fault }, 'Could not look for an interrupted run this time');
      },
    );
  }

  async stop(): ReturnType<Relay['stop']> {
    this.#notice = undefined;
    const ended = this.#here?.runId;
    this.#memory = ended === undefined ? {} : { stopped: ended };
    await this.#endHere({ kind: 'stopped' });
    for (let patience = STOP_PATIENCE_MS, asked = false; ; patience -= ASK_AGAIN_MS) {
      const answer = await this.#cursor.stop(ended);
      asked ||= answer === 'asked';
      if (answer !== 'asked' || patience <= 0) return { stopped: ended !== undefined || asked || answer === 'stopped' };
      await sleep(ASK_AGAIN_MS);
    }
  }

  async clear(): ReturnType<Relay['clear']> {
    const outcome = await this.#cursor.clear();
    if (outcome.kind === 'already-running') return { cleared: false, refusal: this.#running(outcome.runId) };
    this.#notice = undefined;
    this.#options.logger.info('The cursor is cleared; the next run publishes everything again');
    return { cleared: true };
  }

  async unblock(): ReturnType<Relay['unblock']> {
    return { unblocked: await this.#cursor.unblock() };
  }

  async status(): ReturnType<Relay['status']> {
    const cursor = await this.#cursor.read();
    const here = cursor.status === 'RUNNING' && this.#here?.runId === cursor.runId ? this.#here : undefined;
    return {
      cursor,
      ...(here === undefined ? {} : { activity: here.activity() }),
      ...(this.#notice === undefined ? {} : { notice: this.#notice }),
    };
  }

  ready(): Promise<void> {
    return this.#redis.ready();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#stopWatching?.();
    await this.#starting;
    await this.#endHere({ kind: 'closed' });
    await this.#redis.close();
  }

  async #start(request: RunRequest): ReturnType<Relay['run']> {
    const { leaseMs, now, logger } = this.#options;
    const runId = newRunId();
    const outcome = await this.#cursor.start(runId, leaseMs, new Date(now()), request);
    if (outcome.kind !== 'started') {
      const { kind, runId: holder, error } = outcome;
      return { started: false, refusal: kind === 'in-error' ? this.#inError(holder, error) : this.#running(holder) };
    }
    logger.info({ run_id: runId, ...request }, 'The run starts');
    this.#holds(runId, request, outcome.heldSince);
    return { started: true, runId };
  }

  /** Without a run here: is there one to go on with? */
  async #look(): Promise<void> {
    if (this.#here !== undefined || this.#closed || performance.now() < this.#notBefore) return;
    const view = await this.#cursor.read();
    const { lost, stopped } = this.#memory;
    const move = nextMove(view, this.#memory);
    if (move === 'stop') await this.#cursor.stop(stopped);
    if (move === 'take-up') await this.#takeUp();
    if (move === 'start-again' && lost !== undefined) await this.#start(lost.request);
    this.#memory = {};
  }

  async #takeUp(): Promise<void> {
    const { leaseMs, logger } = this.#options;
    const runId = newRunId();
    const taken = await this.#cursor.takeUp(runId, leaseMs);
    if (taken === undefined) return;
    const { before, request, heldSince } = taken;
    logger.info({ run_id: runId, before, ...request }, 'A run that was interrupted goes on here');
    this.#holds(runId, request, heldSince);
  }

  /** The cursor is held for this run: it begins. */
  #holds(runId: string, request: RunRequest, heldSince: number): void {
    const { target = 'the broker', landingMs = 5_000, followPollMs = 100, ...rest } = this.#options;
    // A run of this process that still goes on has lost its cursor: no new one could have started otherwise.
    this.#here?.end({ kind: 'lost', why: 'taken' });
    const parts = { ...rest, cursor: this.#cursor, landingMs, followPollMs, target, runId };
    const { maxAttempts, follow = false } = request;
    const here = startRun({ ...parts, maxAttempts, follow, now: () => performance.now() });
    this.#here = here;
    this.#memory = {};
    void here.ended.then((end) => {
      if (this.#here !== here) return;
      this.#here = undefined;
      this.#remember(end, runId, request, heldSince);
    });
  }

  /** What the end of a run means for what is done next. */
  #remember(end: RunEnd, runId: string, request: RunRequest, heldSince: number): void {
    if (end.kind === 'closed') this.#notBefore = performance.now() + AFTER_DEFECT_MS;
    if (end.kind !== 'lost') return;
    const goesOn = request.follow === true && this.#stopWatching !== undefined;
    if (goesOn) this.#memory = { lost: { request, heldSince } };
    if (end.why === 'taken') return;
    const next = goesOn
      ? 'A new run publishes everything again, and follows'
      : 'The next run publishes everything again';
    this.#notice = `Run ${runId} lost its cursor: Redis was emptied. ${next}; what is at rest is recognised.`;
  }

  async #endHere(end: RunEnd): Promise<void> {
    const here = this.#here;
    here?.end(end);
    await here?.ended;
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
