import type { Sql } from '@esteira/postgres';
import { LeaseLost, releaseJob, renewLease, type HeldJob } from './lease.ts';

/** A job that is held on to, in the background, for as long as its process lives. */
export interface Holding {
  /** Fires when the lease is lost. */
  readonly lost: AbortSignal;
  /** What the job waits for, in words; written down with the next renewal. */
  note: string | null;
  /** Ends the holding, and lets the job go unless it is lost. */
  end(): Promise<void>;
}

/** Renews the lease of a job three times as often as it must. */
export function hold(sql: Sql, job: HeldJob, leaseMs: number, onFault: (error: unknown) => void): Holding {
  const lost = new AbortController();
  let renewing: Promise<void> = Promise.resolve();
  const holding = { lost: lost.signal, note: null as string | null };
  let isRenewing = false;
  const renew = async () => {
    isRenewing = true;
    try {
      await renewLease(sql, job, leaseMs, holding.note);
    } catch (error) {
      if (error instanceof LeaseLost) lost.abort(error);
      else onFault(error); // Tried again in a moment; another process may take the job when the lease is over.
    } finally {
      isRenewing = false;
    }
  };
  const timer = setInterval(
    () => {
      if (!isRenewing && !lost.signal.aborted) renewing = renew();
    },
    Math.min(1_000, leaseMs / 3),
  );
  return Object.assign(holding, {
    end: async () => {
      clearInterval(timer);
      await renewing;
      if (!lost.signal.aborted) await releaseJob(sql, job).catch(onFault); // Otherwise its lease ends by itself.
    },
  });
}
