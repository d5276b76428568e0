import { setTimeout as sleep } from 'node:timers/promises';
import { LeaseLost } from '@esteira/lease';
import { ExponentialBackoff } from 'cockatiel';
import { depthGate } from './depth-gate.ts';
import { stopForFault } from './end.ts';
import { needsAPerson } from './fault.ts';
import { hold } from './holding.ts';
import { claimJob, type HeldJob } from './lease.ts';
import type { JobRunnerOptions } from './options.ts';
import { paceOf } from './pace.ts';
import type { Next, RunningJob } from './running-job.ts';
import { step } from './step.ts';
import { tidyUp } from './tidy-up.ts';

/** How long a process may be silent before another takes its job, in milliseconds. */
const LEASE_MS = 15_000;

/** Lets a piece of work be done when it is its turn, where jobs share a process. */
type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Runs a job here until it is done, paused, cancelled, or stops itself. A fault of a server is waited out; what a server
 * refuses, and would refuse again, stops the job. Answers false at once when another process holds it or nothing is left
 * to do. When `stopping` fires, what was marked is still sent, and the job is free for another process, or for this one
 * started again.
 *
 * @param turn for each step; what a job waits for takes no turn
 */
export async function runJob(
  options: JobRunnerOptions,
  id: string,
  stopping: AbortSignal,
  turn: Turn = (work) => work(),
): Promise<boolean> {
  const { sql, holder, leaseMs = LEASE_MS, onFault } = options;
  const job = await claimJob(sql, id, holder, leaseMs);
  if (job === undefined) return false;
  const holding = hold(sql, job, leaseMs, onFault);
  const run: RunningJob = {
    options,
    holding,
    gate: depthGate(options.laneDepth, options.maxLaneDepth),
    pace: paceOf(job.ratePerSecond, performance.now()),
    over: AbortSignal.any([stopping, holding.lost]),
    sending: undefined,
    lookedAt: -Infinity,
  };
  try {
    await untilOver(run, job, turn);
  } finally {
    await holding.end();
  }
  return true;
}

const firstBackoff = () => new ExponentialBackoff({ initialDelay: 100, maxDelay: 5_000 }).next();

async function untilOver(run: RunningJob, job: HeldJob, turn: Turn): Promise<void> {
  let backoff: ReturnType<typeof firstBackoff> = firstBackoff();
  while (!run.holding.lost.aborted) {
    try {
      const next = await turn(() => step(run, job));
      await follow(run, next);
      if (next.kind === 'over' || next.kind === 'tidy') return;
      backoff = firstBackoff();
    } catch (error) {
      await run.sending?.catch(() => undefined);
      run.sending = undefined;
      if (error instanceof LeaseLost) return;
      run.options.onFault(error);
      run.holding.note = `waits for a server: ${(error as Error).message}`;
      if (needsAPerson(error) && (await stopForFault(run, job, error))) continue;
      if (run.over.aborted) return; // What is owed is sent by the next one to hold the job.
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
