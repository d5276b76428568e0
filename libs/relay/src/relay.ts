import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { repeatedly } from '@esteira/lease';
import { openCursor, type Cursor, type HeldRun, type RunError, type RunRequest } from './cursor.ts';
import { nextMove, type RunMemory } from './next-move.ts';
import { openRedis, type RedisConnection } from './redis.ts';
import type { Relay, RelayOptions, RunRefusal } from './relay-port.ts';
import type { RunEnd } from './run-end.ts';
import { startRun, type RunHere } from './run-here.ts';

/** How often a process without a run looks for one to take up, in milliseconds. */
const WATCH_EVERY_MS = 500;
/** The least between the end of a run by a defect and its being taken up here again, in milliseconds. */
const AFTER_DEFECT_MS = 10_000;
const ASK_AGAIN_MS = 100;
const STOP_PATIENCE_MS = 20_000;

/** Makes the relay of one system. Nothing is published before `run` or `watch`. */
export function createRelay(options: RelayOptions): Relay {
  const logger = options.logger.child({ system: options.cursor.system });
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
  #moved = false;
  #stopWatching: (() => Promise<void>) | undefined;
  #closed = false;

  constructor(options: RelayOptions & { readonly now: () => number }) {
    this.#options = options;
    this.#redis = openRedis(options.redisUrl, options.logger);
    this.#cursor = openCursor(this.#redis, options.cursor);
  }

  async run(request: RunRequest): ReturnType<Relay['run']> {
    if (this.#closed) throw new Error(`${this.#options.cursor.system}: the relay is closed; no run can start here`);
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

  runHere(): string | undefined {
    return this.#here?.runId;
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
    this.#holds({ runId, token: outcome.token }, request, outcome.heldSince);
    return { started: true, runId };
  }

  /** Without a run here: is there one to go on with? */
  async #look(): Promise<void> {
    if (this.#here !== undefined || this.#closed || performance.now() < this.#notBefore) return;
    if (!this.#moved) this.#moved = await this.#cursor.move();
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
    const { before, request, heldSince, token } = taken;
    logger.info({ run_id: runId, before, ...request }, 'A run that was interrupted goes on here');
    this.#holds({ runId, token }, request, heldSince);
  }

  /** The cursor is held for this run: it begins. */
  #holds({ runId, token }: HeldRun, request: RunRequest, heldSince: number): void {
    const { target = 'the broker', landingMs = 5_000, followPollMs = 100, ...rest } = this.#options;
    // A run of this process that still goes on has lost its cursor: no new one could have started otherwise.
    this.#here?.end({ kind: 'lost', why: 'taken' });
    const { system } = rest.cursor;
    const parts = { ...rest, system, cursor: this.#cursor, landingMs, followPollMs, target, runId, token };
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
    const message = `${this.#options.cursor.system}: run ${runId} is going on. Stop it, or wait for its end.`;
    return { code: 'already-running', message, runId };
  }

  #inError(runId: string, error: RunError | undefined): RunRefusal {
    const message = `${this.#options.cursor.system} is in ERROR: ${error?.message ?? 'no reason is recorded'} Until it is unblocked or cleared, nothing is published.`;
    return { code: 'in-error', message, runId };
  }
}
