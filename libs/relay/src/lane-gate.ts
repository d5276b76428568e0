import type { Activity } from './activity.ts';
import { pause, type Patiently } from './patience.ts';

/** How often the broker is asked at most, in milliseconds. */
const ASK_EVERY_MS = 250;

/** Lets pages through while the lane is not too deep. */
export interface LaneGate {
  /** Resolves when `count` more messages may be published. */
  open(count: number): Promise<void>;
}

/** What a gate needs. */
export interface LaneGateOptions {
  /** How many messages the lane holds. */
  readonly depth: () => Promise<number>;
  readonly maxDepth: number;
  readonly patiently: Patiently;
  readonly signal: AbortSignal;
  readonly activity: Activity;
  readonly now: () => number;
}

/**
 * Pauses publishing while the lane holds more than `maxDepth`. The broker is asked at most four times a second; in
 * between, the gate counts what it let through as still there, so that a small limit is not overrun by fast pages.
 */
export function laneGate({ depth, maxDepth, patiently, signal, activity, now }: LaneGateOptions): LaneGate {
  let known = 0;
  let askedAt = -Infinity;
  const ask = async () => {
    const wait = askedAt + ASK_EVERY_MS - now();
    if (wait > 0) await pause(wait, signal);
    known = await patiently('broker', depth);
    askedAt = now();
  };
  return {
    async open(count) {
      if (known > maxDepth || now() - askedAt >= ASK_EVERY_MS) await ask();
      while (known > maxDepth) {
        activity.waitFor('lane', `the lane to drain: it holds ${known} messages, publishing goes on at ${maxDepth}`);
        await ask();
      }
      activity.available('lane');
      known += count;
    },
  };
}
