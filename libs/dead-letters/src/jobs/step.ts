import { finish } from './end.ts';
import { freezeSome } from './freeze.ts';
import { readHeld, type HeldJob } from './lease.ts';
import { markAndSend, sendOwed } from './mark-and-send.ts';
import { onceSent, type Next, type RunningJob } from './running-job.ts';
import { unlessItMoved } from './unless-it-moved.ts';
import { whatHoldsBack } from './what-holds-back.ts';

/** One step of a job, and what comes after it. @throws LeaseLost, or a fault of a server */
export async function step(run: RunningJob, held: HeldJob): Promise<Next> {
  const job = await readHeld(run.options.sql, held);
  if (run.sending === undefined && job.sentUpTo < job.markedUpTo) return sendOwed(run, job);
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
