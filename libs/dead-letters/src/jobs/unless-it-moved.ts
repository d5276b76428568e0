import { LeaseLost } from '@esteira/lease';
import { readHeld, type HeldJob } from './lease.ts';
import type { RunningJob } from './running-job.ts';

/** A pause, a cancel: the job is ours, but no longer running. The next step looks what it is now. @throws LeaseLost */
export function unlessItMoved({ options: { sql } }: RunningJob, job: HeldJob) {
  return async (error: unknown): Promise<undefined> => {
    if (!(error instanceof LeaseLost)) throw error;
    await readHeld(sql, job);
    return undefined;
  };
}
