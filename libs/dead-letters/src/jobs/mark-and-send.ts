import type { HeldJob } from './lease.ts';
import { markNext, type Marked } from './mark.ts';
import { BATCH } from './options.ts';
import { heard, type Next, type RunningJob } from './running-job.ts';
import { owed, send } from './send.ts';
import { unlessItMoved } from './unless-it-moved.ts';

/** Marks a batch as fast as it may, and publishes it while the next one is marked. */
export async function markAndSend(run: RunningJob, job: HeldJob): Promise<Next> {
  const { sql, redrivable, batch = BATCH } = run.options;
  const left = job.canary > 0 && !job.canaryPassed ? job.canary - job.legDone : Infinity;
  const allowed = run.pace.allow(Math.min(batch, left), performance.now());
  if ('waitMs' in allowed) return { kind: 'wait', ms: allowed.waitMs, note: null };
  const marked = await markNext(sql, job, redrivable, allowed.count).catch(unlessItMoved(run, job));
  if (marked === undefined) return { kind: 'step' };
  run.pace.spend(marked.done);
  const before = run.sending;
  run.sending = heard(sendAfter(run, job, marked, before));
  return before === undefined ? { kind: 'step' } : { kind: 'sent', sent: before };
}

async function sendAfter(
  { options }: RunningJob,
  job: HeldJob,
  marked: Marked,
  before: Promise<void> | undefined,
): Promise<void> {
  await before;
  await send(options.sql, job, marked, { ...options, pipeline: options.redrivable.pipeline });
}

/** Publishes what an earlier process marked, or this one when it could not publish it. */
export async function sendOwed({ options }: RunningJob, job: HeldJob): Promise<Next> {
  const { sql, redrivable, batch = BATCH } = options;
  const some = await owed(sql, job, batch);
  return { kind: 'sent', sent: heard(send(sql, job, some, { ...options, pipeline: redrivable.pipeline })) };
}
