import { setTimeout as sleep } from 'node:timers/promises';
import { HELD, type HeldJob } from './lease.ts';
import type { RunningJob } from './running-job.ts';

/** How long a broker may take to see that a process is gone, and to put back what it had taken, in milliseconds. */
const PUT_BACK_MS = 3_000;

/**
 * What the job closed leaves RabbitMQ's queue of dead letters. A process that held the job before may have been killed in
 * the middle of a pass: what it had taken is not seen by another pass until the broker has put it back.
 */
export async function tidyUp({ holding, options, over }: RunningJob, { id, fence }: HeldJob): Promise<void> {
  holding.note = "removes from RabbitMQ's queue of dead letters what it redrove or discarded";
  const wasHeldBefore = fence > 1;
  if (wasHeldBefore) await sleep(PUT_BACK_MS, undefined, { signal: over }).catch(() => undefined);
  if (over.aborted) return;
  await options.tidy();
  await options.sql.query(`UPDATE dead_letter_jobs SET tidied = true WHERE ${HELD}`, [id, fence]);
}

/**
 * One pass at a time, and one for all who ask while another is under way: it begins after they have asked, so that it
 * sees what they closed. A pass reads the whole queue.
 */
export function sharedPass(pass: () => Promise<void>): () => Promise<void> {
  let underWay: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const begin = () => {
    next = undefined;
    underWay = pass().finally(() => (underWay = undefined));
    return underWay;
  };
  return () => {
    if (next !== undefined) return next;
    if (underWay === undefined) return begin();
    return (next = underWay.then(begin, begin));
  };
}
