import { setTimeout as sleep } from 'node:timers/promises';
import { ExponentialBackoff, type IBackoff } from 'cockatiel';
import type { Publish } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';
import { recordAction } from '../actions.ts';
import type { Redrivable } from '../redrivable.ts';
import { depthGate, type DepthGate } from './depth-gate.ts';
import { canaries, failedAgain } from './failures.ts';
import { freezeSome } from './freeze.ts';
import { hold, type Holding } from './holding.ts';
import { claimJob, LeaseLost, readHeld, type HeldJob } from './lease.ts';
import { markNext, type Marked } from './mark.ts';
import { paceOf, type Pace } from './pace.ts';
import { owed, send } from './send.ts';
import { canaryVerdict, isTooMuch, type Verdict } from './verdict.ts';

/** Items that are marked by one statement and published together. */
const BATCH = 500;
/** How long a process may be silent before another takes its job, in milliseconds. */
const LEASE_MS = 15_000;
/** How often it is looked at how the canaries are, or what has failed again, in milliseconds. */
const LOOK_EVERY_MS = 500;

/** What running jobs takes. */
export interface JobRunnerOptions {
  readonly sql: Postgres;
  readonly redrivable: Redrivable;
  /** To the pipeline's exchange, mandatory and confirmed. */
  readonly publish: Publish;
  /** For messages of which nobody knows how many attempts they have. */
  readonly maxAttempts: number;
  /** Messages that wait in the lanes, and how many there may be before redriving pauses. */
  readonly laneDepth: () => Promise<number>;
  readonly maxLaneDepth: number;
  /** Takes what was closed out of RabbitMQ's queue of dead letters: after a job. */
  readonly tidy: () => Promise<void>;
  /** Names this process, unlike any other that runs; the same where it is started again in the place of an earlier one. */
  readonly holder: string;
  readonly leaseMs?: number;
  readonly batch?: number;
  /** Hears of every fault; the job goes on after a backoff. */
  readonly onFault: (error: unknown) => void;
}

/** A job while it is run here. */
interface Run {
  readonly options: JobRunnerOptions;
  readonly holding: Holding;
  readonly gate: DepthGate;
  readonly pace: Pace;
  /** Fires when this process is to let go. */
  readonly over: AbortSignal;
  /** The batch that is being published while the next one is marked. Undefined: what is marked is not on its way. */
  sending: Promise<void> | undefined;
  lookedAt: number;
}

/**
 * Runs a job here until it is done, paused, cancelled, or stops itself; a fault of a server is waited out. Answers
 * false at once when another process holds it or nothing is left to do. When `stopping` fires, what was marked is
 * still sent, and the job is free for another process, or for this one started again.
 */
export async function runJob(options: JobRunnerOptions, id: string, stopping: AbortSignal): Promise<boolean> {
  const { sql, holder, leaseMs = LEASE_MS, onFault } = options;
  const job = await claimJob(sql, id, holder, leaseMs);
  if (job === undefined) return false;
  const holding = hold(sql, job, leaseMs, onFault);
  const run: Run = {
    options,
    holding,
    gate: depthGate(options.laneDepth, options.maxLaneDepth),
    pace: paceOf(job.ratePerSecond, performance.now()),
    over: AbortSignal.any([stopping, holding.lost]),
    sending: undefined,
    lookedAt: -Infinity,
  };
  try {
    await untilOver(run, job);
  } finally {
    await holding.end();
  }
  return true;
}

const firstBackoff = () => new ExponentialBackoff({ initialDelay: 100, maxDelay: 5_000 }).next();

async function untilOver(run: Run, job: HeldJob): Promise<void> {
  let backoff: IBackoff<unknown> = firstBackoff();
  while (!run.holding.lost.aborted) {
    try {
      const goesOn = await step(run, job);
      if (!goesOn) return;
      backoff = firstBackoff();
    } catch (error) {
      await run.sending?.catch(() => undefined);
      run.sending = undefined;
      if (error instanceof LeaseLost) return;
      run.options.onFault(error);
      run.holding.note = `waits for a server: ${(error as Error).message}`;
      if (run.over.aborted) return; // What is owed is sent by the next one to hold the job.
      await pause(run, backoff.duration);
      backoff = backoff.next(undefined);
    }
  }
}

/** One step of a job; false when there is nothing more to do here. */
async function step(run: Run, held: HeldJob): Promise<boolean> {
  const { sql } = run.options;
  const job = await readHeld(sql, held);
  if (run.sending === undefined && job.sentUpTo < job.markedUpTo) {
    await sendOwed(run, job);
    return true;
  }
  if (job.state === 'running' && !run.over.aborted) {
    if (!job.frozen) await freezeSome(sql, job).catch(unlessItMoved(run, job));
    else if (job.markedUpTo < job.total) await goOn(run, job);
    else await finish(run, job);
    return true;
  }
  await run.sending;
  if (run.over.aborted || job.state === 'paused' || job.tidied) return false;
  await tidyUp(run, job);
  return false;
}

async function goOn(run: Run, job: HeldJob): Promise<void> {
  const waits = await whatHoldsBack(run, job);
  run.holding.note = waits?.note ?? null;
  if (waits === undefined) await markAndSend(run, job);
  else if (waits.ms > 0) await pause(run, waits.ms);
}

/** What an earlier process marked, or this one when it could not send it. */
async function sendOwed(run: Run, job: HeldJob): Promise<void> {
  const { sql, redrivable, batch = BATCH } = run.options;
  await send(sql, job, await owed(sql, job, batch), { ...run.options, pipeline: redrivable.pipeline });
}

/** A pause, a cancel: the job is ours, but no longer running. The next step looks what it is now. */
function unlessItMoved(run: Run, job: HeldJob) {
  return async (error: unknown): Promise<undefined> => {
    if (!(error instanceof LeaseLost)) throw error;
    await readHeld(run.options.sql, job);
    return undefined;
  };
}

async function markAndSend(run: Run, job: HeldJob): Promise<void> {
  const { sql, redrivable, batch = BATCH } = run.options;
  const left = job.canary > 0 && !job.canaryPassed ? job.canary - job.legDone : Infinity;
  const allowed = run.pace.allow(Math.min(batch, left), performance.now());
  if ('waitMs' in allowed) return pause(run, allowed.waitMs);
  const marked = await markNext(sql, job, redrivable, allowed.count).catch(unlessItMoved(run, job));
  if (marked === undefined) return;
  run.pace.spend(marked.letters.length);
  const before = run.sending;
  run.sending = sendAfter(run, job, marked, before);
  run.sending.catch(() => undefined); // Heard of by whoever waits for it.
  await before;
}

async function sendAfter(run: Run, job: HeldJob, marked: Marked, before: Promise<void> | undefined): Promise<void> {
  await before;
  const { sql, redrivable } = run.options;
  await send(sql, job, marked, { ...run.options, pipeline: redrivable.pipeline });
}

/** What keeps a job from sending now, and how long to wait before it is looked at again. */
async function whatHoldsBack(run: Run, job: HeldJob): Promise<{ note: string | null; ms: number } | undefined> {
  const { batch = BATCH } = run.options;
  const allSent = job.canary > 0 && !job.canaryPassed && job.legDone >= job.canary;
  if (allSent) {
    await run.sending;
    const verdict = await judgeCanaries(run, job);
    if (verdict === 'wait') return { note: 'waits for those that went first', ms: LOOK_EVERY_MS };
    return { note: null, ms: 0 };
  }
  if (job.share < 1 && performance.now() - run.lookedAt >= LOOK_EVERY_MS) {
    run.lookedAt = performance.now();
    const failed = await failedAgain(run.options.sql, job);
    if (isTooMuch(job.legDone, failed, job.canary, job.share)) {
      await stopItself(run, job, failed);
      return { note: null, ms: 0 };
    }
  }
  if (job.action === 'redrive' && !(await run.gate.isOpen(batch, performance.now()))) {
    return { note: `waits for the lane to drain to ${run.options.maxLaneDepth} messages`, ms: LOOK_EVERY_MS };
  }
  return undefined;
}

async function judgeCanaries(run: Run, job: HeldJob): Promise<Verdict> {
  const sent = await canaries(run.options.sql, job, run.options.redrivable.storedTable);
  const verdict = canaryVerdict(sent, job.share);
  if (verdict === 'stop') await stopItself(run, job, sent.failed);
  if (verdict === 'go') {
    await run.options.sql.query(
      'UPDATE dead_letter_jobs SET canary_passed = true WHERE id = $1::bigint AND fence = $2 AND leg = $3',
      [job.id, job.fence, job.leg],
    );
  }
  return verdict;
}

async function stopItself(run: Run, job: HeldJob, failed: number): Promise<void> {
  await endAs(run, job, 'stopped', { failed, sent: job.legDone });
}

async function endAs(
  { options: { sql } }: Run,
  { id, fence, pipeline, action }: HeldJob,
  state: 'stopped' | 'finished',
  details: Record<string, number>,
): Promise<void> {
  await sql.transaction(async (tx) => {
    const rows = await tx.query(
      `UPDATE dead_letter_jobs SET state = $3, finished_at = CASE WHEN $3 = 'finished' THEN now() END
        WHERE id = $1::bigint AND fence = $2 AND state = 'running' RETURNING 1`,
      [id, fence, state],
    );
    if (rows.length === 0) return; // Paused or cancelled a moment ago: the next step sees it.
    const what = state === 'stopped' ? 'stopped-itself' : 'finished';
    await recordAction(tx, { pipeline, by: 'esteira', action: `${action}-${what}`, job: id, details });
  });
}

/** All is marked: once all is sent too, the job has ended. */
async function finish(run: Run, job: HeldJob): Promise<void> {
  await run.sending;
  await endAs(run, job, 'finished', { done: job.legDone });
}

async function tidyUp(run: Run, { id, fence }: HeldJob): Promise<void> {
  run.holding.note = "takes what was closed out of RabbitMQ's queue of dead letters";
  await run.options.tidy();
  await run.options.sql.query('UPDATE dead_letter_jobs SET tidied = true WHERE id = $1::bigint AND fence = $2', [
    id,
    fence,
  ]);
}

/** Waits, unless it is over. */
async function pause(run: Run, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: run.over }).catch(() => undefined);
}
