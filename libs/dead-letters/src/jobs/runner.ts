import { setTimeout as sleep } from 'node:timers/promises';
import { ExponentialBackoff, bulkhead } from 'cockatiel';
import { LeaseLost } from '@esteira/lease';
import { mostDepthOf } from '@esteira/pipeline';
import { isDataError, sqlState } from '@esteira/postgres';
import { UnknownFilter } from '../filter.ts';
import { whatHoldsBack } from './canaries.ts';
import { finish, sharedPass, stopForFault, tidyUp } from './end.ts';
import { freezeSome } from './freeze.ts';
import { claimJob, freeJobsOf, hold, openJobs, readHeld, type HeldJob } from './lease.ts';
import { depthGate, paceOf } from './limits.ts';
import { onceSent, unlessItMoved, type JobRunnerOptions, type Next, type RunningJob } from './running-job.ts';
import { markAndSend, sendRemaining } from './send.ts';

/**
 * The way of a job, a file a step. A person starts it (`commands`), a runner takes it up and holds it (`lease`), its dead
 * letters are chosen (`freeze`), some go first and the others as fast as they may (`canaries`, `limits`), to lanes that have
 * room (`lanes`): a batch is marked in the table (`mark`) and published (`send`), until it ends (`end`). `job` is what
 * people see of it.
 */

/** How often it is looked whether somebody has started a job, or a process that held one is gone, in milliseconds. */
const LOOK_EVERY_MS = 500;
/** Jobs that are taken up by one look. */
const TAKEN_AT_ONCE = 100;
/**
 * Steps that are done at once, in the order in which jobs come to them. Jobs that wait, be it for their rate, a lane, or a
 * server, take no slot: however many they are, they hold up nobody.
 */
const STEPS_AT_ONCE = 4;

/** Runs every job of a pipeline that no other process holds. */
export interface JobRunner {
  /** Lets go of all jobs; they are free for another process, or for this one started again. */
  stop(): Promise<void>;
}

/**
 * Begins to run jobs, those that a process left behind too: one of the same `holder` is gone, and what it held is taken up
 * at once; of others when their lease is over. Jobs that end at about the same time share the pass that tidies up.
 */
export function startJobRunner(given: JobRunnerOptions): JobRunner {
  const options = { ...given, tidy: sharedPass(given.tidy) };
  const { sql, holder, onFault } = options;
  const pipeline = options.redrivable.pipeline.name;
  const slots = bulkhead(STEPS_AT_ONCE, Infinity);
  const stopping = new AbortController();
  const running = new Map<string, Promise<unknown>>();
  let isFreed = false;
  const look = async () => {
    if (!isFreed) await freeJobsOf(sql, pipeline, holder);
    isFreed = true;
    for (const id of await openJobs(sql, pipeline, TAKEN_AT_ONCE)) {
      if (running.has(id)) continue;
      const run = runJob(options, id, stopping.signal, (work) => slots.execute(work))
        .catch(onFault)
        .finally(() => running.delete(id));
      running.set(id, run);
    }
  };
  const looking = (async () => {
    while (!stopping.signal.aborted) {
      await look().catch(onFault);
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await looking;
      await Promise.all(running.values());
    },
  };
}

/** How long a process may be silent before another takes its job, in milliseconds. */
const LEASE_MS = 15_000;

/** Does a piece of work when there is a slot for it, where jobs share a process. */
type InSlot = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Runs a job here until it is done, paused, cancelled, or stops itself. A fault of a server is waited out; what a server
 * refuses, and would refuse again, stops the job. Answers false at once when another process holds it or nothing is left
 * to do. When `stopping` fires, what was marked is still sent, and the job is free for another process, or for this one
 * started again.
 *
 * @param inSlot does each step; what a job waits for takes no slot
 */
export async function runJob(
  options: JobRunnerOptions,
  id: string,
  stopping: AbortSignal,
  inSlot: InSlot = (work) => work(),
): Promise<boolean> {
  const { sql, redrivable, holder, leaseMs = LEASE_MS, onFault } = options;
  const job = await claimJob(sql, id, holder, leaseMs);
  if (job === undefined) return false;
  const holding = hold(sql, job, leaseMs, onFault);
  const run: RunningJob = {
    options,
    holding,
    gate: depthGate(options.laneDepth, (lane) => mostDepthOf(redrivable.pipeline, lane, options.maxLaneDepth)),
    pace: paceOf(job.ratePerSecond, performance.now()),
    over: AbortSignal.any([stopping, holding.lost]),
    sending: undefined,
    left: undefined,
    lookedAt: -Infinity,
  };
  try {
    await untilOver(run, job, inSlot);
  } finally {
    await holding.end();
  }
  return true;
}

const firstBackoff = () => new ExponentialBackoff({ initialDelay: 100, maxDelay: 5_000 }).next();

async function untilOver(run: RunningJob, job: HeldJob, inSlot: InSlot): Promise<void> {
  let backoff: ReturnType<typeof firstBackoff> = firstBackoff();
  while (!run.holding.lost.aborted) {
    try {
      const next = await inSlot(() => step(run, job));
      await follow(run, next);
      if (next.kind === 'over' || next.kind === 'tidy') return;
      backoff = firstBackoff();
    } catch (error) {
      await run.sending?.catch(() => undefined);
      run.sending = undefined;
      run.left = undefined;
      if (error instanceof LeaseLost) return;
      run.options.onFault(error);
      run.holding.note = `waits for a server: ${(error as Error).message}`;
      if (needsAPerson(error) && (await stopForFault(run, job, error))) continue;
      if (run.over.aborted) return; // What was marked is sent by the next one to hold the job.
      await pause(run, backoff.duration);
      backoff = backoff.next(undefined);
    }
  }
}

/** Does what comes after a step. */
async function follow(run: RunningJob, next: Next): Promise<void> {
  run.holding.note = next.kind === 'wait' ? next.note : null;
  if (next.kind === 'sent') await next.sent;
  else if (next.kind === 'wait') await pause(run, next.ms);
  else if (next.kind === 'tidy') await tidyUp(run, next.job);
}

/** Waits, unless it is over. */
async function pause(run: RunningJob, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: run.over }).catch(() => undefined);
}

/** One step of a job, and what comes after it. @throws LeaseLost, or a fault of a server */
async function step(run: RunningJob, held: HeldJob): Promise<Next> {
  const job = await readHeld(run.options.sql, held);
  if (run.sending === undefined && job.sentUpTo < job.markedUpTo) return sendRemaining(run, job);
  if (job.state === 'running' && !run.over.aborted) return goOn(run, job);
  if (run.sending !== undefined) return onceSent(run, run.sending);
  if (run.over.aborted || job.state === 'paused' || job.tidied) return { kind: 'over' };
  return { kind: 'tidy', job };
}

async function goOn(run: RunningJob, job: HeldJob): Promise<Next> {
  if (!job.frozen) {
    await freezeSome(run.options.sql, job).catch(unlessItMoved(run, job));
    return { kind: 'step' };
  }
  if (job.markedUpTo === job.total) return finish(run, job);
  return (await whatHoldsBack(run, job)) ?? markAndSend(run, job);
}

/**
 * Whether the answer would be the same again, however long one waits: Postgres blames the data (class 22 and 23) or the
 * statement (class 42: a privilege that is gone, a table or a column that is not there), or what is asked for is not
 * known here.
 */
function needsAPerson(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return error instanceof UnknownFilter || isDataError(error) || sqlState(error)?.startsWith('42') === true;
}
