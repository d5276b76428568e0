import { createHash } from 'node:crypto';
import type { Attempt } from './message.ts';

/** How often and how late a failed message is tried again. */
export interface RetryPolicy {
  /** What a new message carries; a message's own header decides for it. */
  readonly maxAttempts: number;
  /** The delay after the n-th attempt, in milliseconds; the last one stands for all later attempts. */
  readonly delaysMs: readonly [number, ...number[]];
  /** The longest an attempt may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Longer delays, in milliseconds, that only a handler may ask for; none where it is not set. */
  readonly onRequestMs?: readonly number[];
  /** By which share a delay may come out longer, 0..1; 0 where it is not set. Takes a strategy that knows any delay. */
  readonly jitter?: number;
}

/** How long the waits between attempts are, before it is known how many there will be. */
export type RetrySchedule =
  | { readonly kind: 'list'; readonly delaysMs: readonly [number, ...number[]] }
  | { readonly kind: 'exponential'; readonly firstMs: number; readonly factor: number; readonly capMs: number };

/**
 * The delays of a schedule, in milliseconds: a list stands as it is; an exponential one has a delay between each two of
 * `maxAttempts` attempts. 1 s, doubled, at most 5 min, for 12 attempts:
 *
 * 1 s, 2 s, 4 s, 8 s, 16 s, 32 s, 1 min 4 s, 2 min 8 s, 4 min 16 s, 5 min, 5 min: 18 min 31 s in all.
 */
export function scheduledDelays(retrySchedule: RetrySchedule, maxAttempts: number): [number, ...number[]] {
  if (retrySchedule.kind === 'list') return [...retrySchedule.delaysMs];
  const { firstMs, factor, capMs } = retrySchedule;
  const delay = (attempt: number) => cappedDelay(exponentialDelay(firstMs, factor, attempt), capMs);
  const later = Array.from({ length: Math.max(0, maxAttempts - 2) }, (_, index) => delay(index + 2));
  return [delay(1), ...later];
}

/** The base of an exponential schedule: the delay after the `attempt`-th failure, in whole milliseconds. */
export function exponentialDelay(firstMs: number, factor: number, attempt: number): number {
  return Math.round(firstMs * factor ** (attempt - 1));
}

/** The cap: no delay is longer. */
export function cappedDelay(delayMs: number, capMs: number): number {
  return Math.min(delayMs, capMs);
}

/**
 * The jitter: a delay made longer by up to its `jitter`-th part, never shorter, so that what failed together does not
 * come back together. `chance` is in 0..1. 10 s with jitter 0.2 come out between 10 and 12 s.
 */
export function jitteredDelay(delayMs: number, jitter: number, chance: number): number {
  return Math.round(delayMs * (1 + jitter * chance));
}

/** A chance in [0, 1) that a copy of the message draws too: from a hash of message, round and attempt. */
export function chanceOf({ messageId, round, attempt }: Attempt): number {
  return createHash('sha256').update(`${messageId}:${round}:${attempt}`).digest().readUInt32BE(0) / 2 ** 32;
}

/**
 * How long a message waits after its `attempt`-th failure, in milliseconds. With `[10_000]` every wait is 10 s, so
 * five attempts take 40 s; with `[1_000, 10_000, 60_000]` they take 1 + 10 + 60 + 60 s.
 *
 * A wish of the handler (`afterMs`, for example from `Retry-After`) takes the shortest delay of the policy that is not
 * shorter, or the longest there is: only delays of the policy have a queue.
 */
export function delayAfter(policy: RetryPolicy, attempt: number, afterMs?: number): number {
  const last = policy.delaysMs.at(-1) ?? policy.delaysMs[0];
  if (afterMs === undefined) return policy.delaysMs[attempt - 1] ?? last;
  const delaysMs = policyDelays(policy);
  const longEnough = delaysMs.filter((delayMs) => delayMs >= afterMs);
  return longEnough.length > 0 ? Math.min(...longEnough) : Math.max(...delaysMs);
}

/**
 * How long all the waits before the n-th attempt take together, in milliseconds, jitter at its most and wishes of a
 * handler left aside. `[10_000]` for 3 attempts: 0, 10 s, 20 s.
 */
export function waitsBefore(policy: Pick<RetryPolicy, 'delaysMs' | 'jitter'>, attempts: number): number[] {
  const { delaysMs, jitter = 0 } = policy;
  const last = delaysMs.at(-1) ?? delaysMs[0];
  const waits = [0];
  while (waits.length < attempts) {
    const delayMs = jitteredDelay(delaysMs[waits.length - 1] ?? last, jitter, 1);
    waits.push((waits.at(-1) ?? 0) + delayMs);
  }
  return waits;
}

/** Every delay that a policy can come to, each once, in milliseconds, jitter left aside: what needs a place to wait. */
export function policyDelays({ delaysMs, onRequestMs = [] }: RetryPolicy): [number, ...number[]] {
  const [first, ...others] = new Set([...delaysMs, ...onRequestMs]);
  return [first ?? delaysMs[0], ...others];
}
