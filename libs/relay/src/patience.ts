import { setTimeout as sleep } from 'node:timers/promises';
import { decorrelatedJitterGenerator, ExponentialBackoff } from 'cockatiel';
import type { Logger } from '@esteira/observability';
import type { Activity } from './activity.ts';
import { faultText } from './fault-text.ts';
import { RunEnded } from './run-end.ts';

/** What a step needs: `redis`, `source` (the page source), or `broker`. */
export type Dependency = 'source' | 'broker' | 'redis';

/** Waits between tries, in milliseconds: about 50 at first, never more than 5,000, with jitter. */
const BACKOFF = new ExponentialBackoff({
  generator: decorrelatedJitterGenerator,
  initialDelay: 50,
  maxDelay: 5_000,
});

/** Does a step until it works, for as long as that takes, or rejects with a RunEnded. */
export type Patiently = <T>(on: Dependency, step: () => Promise<T>) => Promise<T>;

/**
 * Makes the patience of one run. A fault is retried with growing waits; the activity says what is waited for, and the
 * log tells the beginning and the end of an outage. `signal` ends the waiting, never a step that is under way: what is
 * being confirmed may still be written down.
 */
export function patience(signal: AbortSignal, activity: Activity, logger: Logger): Patiently {
  return async (on, step) => {
    let backoff = BACKOFF.next();
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await step();
        activity.available(on);
        if (attempt > 1) logger.info({ attempt }, `The ${on} answers again`);
        return result;
      } catch (fault) {
        if (fault instanceof RunEnded) throw fault;
        activity.waitFor(on, `the ${on}: ${faultText(fault)}`);
        if (attempt === 1) logger.warn({ err: fault }, `The ${on} doesn't answer; the run goes on when it does`);
      }
      await pause(backoff.duration, signal);
      backoff = backoff.next(undefined);
    }
  };
}

/** Waits, in milliseconds; rejects with the signal's reason (a RunEnded) as soon as it is aborted. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // sleep rejects for one reason only, and wraps it.
    throw signal.reason as RunEnded;
  }
}

/**
 * What `step` gives, or a rejection with the signal's reason, whichever comes first. A step that has begun is left
 * behind then; after the abort none begins.
 */
export async function unlessAborted<T>(step: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => {
    reject(signal.reason as RunEnded);
  };
  signal.addEventListener('abort', onAbort);
  step().then(resolve, reject);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
