import type { Logger } from '@esteira/observability';
import type { WriteOutcome } from './cursor.ts';
import { repeatedly } from './repeatedly.ts';

/** What keeping a lease needs. */
export interface LeaseOptions {
  readonly leaseMs: number;
  /** Renews it for `leaseMs` more, as the run that holds it. */
  readonly renew: () => Promise<WriteOutcome>;
  /** Hears, once, that the cursor is no longer this run's. */
  readonly onLost: (why: 'gone' | 'taken') => void;
  /** Hears that another process wants the run to stop; again and again until it has. */
  readonly onStopAsked: () => void;
  readonly logger: Logger;
}

/** The longest between two renewals, in milliseconds: a run hears so soon that it is to stop, or that its cursor is gone. */
const LONGEST_WAIT_MS = 1_000;

/**
 * Renews a lease at least three times in its length, so that a page that waits for its confirms does not lose it. One that
 * fails is left to the next one: nobody can take a lease from a Redis that is not there.
 *
 * @returns what ends the renewing; it resolves when no renewal is under way any more.
 */
export function keepLease({ leaseMs, renew, onLost, onStopAsked, logger }: LeaseOptions): () => Promise<void> {
  const renewed = async () => {
    const outcome = await renew();
    if (outcome === 'stop-asked') onStopAsked();
    else if (outcome !== 'written') onLost(outcome);
  };
  return repeatedly(Math.min(leaseMs / 3, LONGEST_WAIT_MS), renewed, (error) => {
    logger.debug({ err: error }, 'The lease was not renewed this time');
  });
}
