import type { Logger } from '@esteira/observability';
import type { WriteOutcome } from './cursor.ts';

/** What keeping a lease needs. */
export interface LeaseOptions {
  readonly leaseMs: number;
  /** Renews it for `leaseMs` more, as the run that holds it. */
  readonly renew: () => Promise<WriteOutcome>;
  /** Hears, once, that the cursor is no longer this run's. */
  readonly onLost: (why: 'gone' | 'taken') => void;
  readonly logger: Logger;
}

/**
 * Renews a lease three times in its length, so that a page that waits for its confirms does not lose it. A renewal that
 * fails is left to the next one: nobody can take a lease from a Redis that is not there.
 *
 * @returns what ends the renewing; it resolves when no renewal is under way any more.
 */
export function keepLease({ leaseMs, renew, onLost, logger }: LeaseOptions): () => Promise<void> {
  let renewal = Promise.resolve();
  let busy = false;
  const renewed = async () => {
    busy = true;
    try {
      const outcome = await renew();
      if (outcome !== 'written') onLost(outcome);
    } catch (error) {
      logger.debug({ err: error }, 'The lease was not renewed this time');
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => {
    if (!busy) renewal = renewed();
  }, leaseMs / 3);
  return async () => {
    clearInterval(timer);
    await renewal;
  };
}
