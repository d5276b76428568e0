import type { ConsumeOptions } from '@esteira/messaging';
import { policyDelays, type RetryPolicy } from '@esteira/pipeline';
import { ENDING_MS, longestHoldMs, prefetchOf, type PrefetchSettings } from './prefetch.ts';

/** How the messages of a lane are handled. */
export type LaneMode =
  /** In batches, stored and acked together: for many that are quick. */
  | { readonly mode: 'batch' }
  /** Each by itself, up to `concurrency` at once, stored and acked when it is done: a slow one holds back nobody. */
  | {
      readonly mode: 'each';
      readonly concurrency: number;
      /** How many are held at once, those that run included; as many as run where it is not set. */
      readonly prefetch?: number;
    };

/**
 * A lane: how its messages are handled, and how long they wait and may take; as those of the pipeline where it has no policy
 * of its own. How often they are tried, their own headers say; what those of a new message say, the limits of the lane in
 * the pipeline's descriptor, which its publishers read too.
 */
export type LaneOptions = LaneMode & { readonly policy?: Omit<RetryPolicy, 'maxAttempts'> };

/** What a consumer takes of a lane. */
export interface LaneIntake {
  readonly taking: Required<Pick<ConsumeOptions, 'mode' | 'prefetch' | 'batchSize' | 'batchesInFlight'>>;
  /** The longest that a message may be held, in milliseconds, if all attempts run out of time. */
  readonly holdMs: number;
}

/**
 * What is taken of a lane that is handled in this way. Pure.
 *
 * @param concurrency the most attempts of its handler at once; undefined where all of a batch begin together.
 */
export function intakeOf(lane: LaneMode, settings: PrefetchSettings, concurrency: number | undefined): LaneIntake {
  if (lane.mode === 'batch') {
    const holdMs = longestHoldMs(settings, concurrency);
    return { taking: { mode: 'batch', ...prefetchOf(settings, concurrency), batchesInFlight: 2 }, holdMs };
  }
  const prefetch = Math.max(lane.prefetch ?? 0, lane.concurrency);
  const holdMs = Math.ceil(prefetch / lane.concurrency) * (settings.ATTEMPT_TIMEOUT_MS + ENDING_MS);
  return { taking: { mode: 'each', prefetch, batchSize: 1, batchesInFlight: lane.concurrency }, holdMs };
}

/** Every wait that some of these policies come to: each needs its place on the broker, those on request too. Pure. */
export function waitsOf(policies: readonly [RetryPolicy, ...RetryPolicy[]]): RetryPolicy {
  const [first, ...others] = policies;
  const more = others.flatMap(policyDelays);
  const delaysMs = policyDelays({ ...first, onRequestMs: [...(first.onRequestMs ?? []), ...more] });
  const jitter = Math.max(...policies.map((policy) => policy.jitter ?? 0));
  return { ...first, delaysMs, ...(jitter > 0 ? { jitter } : {}) };
}
