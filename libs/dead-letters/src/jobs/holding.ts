import { keepLease } from '@esteira/lease';
import type { Sql } from '@esteira/postgres';
import { jobLost, releaseJob, renewJob, type HeldJob } from './lease.ts';

/** A job that is held on to, in the background, for as long as its process lives. */
export interface Holding {
  /** Fires when the lease is lost. */
  readonly lost: AbortSignal;
  /** What the job waits for, in words; written down with the next renewal. */
  note: string | null;
  /** Ends the holding, and lets the job go unless it is lost. */
  end(): Promise<void>;
}

/** Renews the lease of a job in the background. */
export function hold(sql: Sql, job: HeldJob, leaseMs: number, onFault: (error: unknown) => void): Holding {
  const lost = new AbortController();
  const holding = { lost: lost.signal, note: null as string | null };
  const stopRenewing = keepLease({
    forMs: leaseMs,
    renew: async () => {
      const isOurs = await renewJob(sql, job, leaseMs, holding.note);
      if (!isOurs) lost.abort(jobLost(job));
      return isOurs;
    },
    onFault,
  });
  return Object.assign(holding, {
    end: async () => {
      await stopRenewing();
      if (!lost.signal.aborted) await releaseJob(sql, job).catch(onFault); // Otherwise its lease ends by itself.
    },
  });
}
