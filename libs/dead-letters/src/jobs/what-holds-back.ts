import { stopItself } from './end.ts';
import { canaries, failedAgain } from './failures.ts';
import { HELD, type HeldJob } from './lease.ts';
import { BATCH } from './options.ts';
import { onceSent, type Next, type RunningJob } from './running-job.ts';
import { canaryVerdict, isTooMuch } from './verdict.ts';

/** How often it is looked at how the canaries are, or what has failed again, in milliseconds. */
const LOOK_EVERY_MS = 500;

/** What keeps a job from sending more now; undefined where nothing does. */
export async function whatHoldsBack(run: RunningJob, job: HeldJob): Promise<Next | undefined> {
  if (job.canary > 0 && !job.canaryPassed && job.legDone >= job.canary) return judgeCanaries(run, job);
  if (job.share < 1 && performance.now() - run.lookedAt >= LOOK_EVERY_MS) {
    run.lookedAt = performance.now();
    const failed = await failedAgain(run.options.sql, job);
    if (isTooMuch(job.legDone, failed, job.canary, job.share)) return stopItself(run, job, failed);
  }
  const { batch = BATCH, maxLaneDepth } = run.options;
  if (job.action === 'redrive' && !(await run.gate.isOpen(batch, performance.now()))) {
    return { kind: 'wait', ms: LOOK_EVERY_MS, note: `waits for the lane to drain to ${maxLaneDepth} messages` };
  }
  return undefined;
}

async function judgeCanaries(run: RunningJob, job: HeldJob): Promise<Next> {
  if (run.sending !== undefined) return onceSent(run, run.sending);
  const { sql, redrivable } = run.options;
  const sent = await canaries(sql, job, redrivable.storedTable);
  switch (canaryVerdict(sent, job.share)) {
    case 'wait':
      return { kind: 'wait', ms: LOOK_EVERY_MS, note: 'waits for those that went first' };
    case 'stop':
      return stopItself(run, job, sent.failed);
    case 'go':
      await sql.query(`UPDATE dead_letter_jobs SET canary_passed = true WHERE ${HELD} AND leg = $3`, [
        job.id,
        job.fence,
        job.leg,
      ]);
      return { kind: 'step' };
  }
}
