/** How often and how late a failed message is tried again. */
export interface RetryPolicy {
  /** What a new message carries; a message's own header decides for it. */
  readonly maxAttempts: number;
  /** The delay after the n-th attempt, in milliseconds; the last one stands for all later attempts. */
  readonly delaysMs: readonly [number, ...number[]];
  /** The longest an attempt may take, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * How long a message waits after its `attempt`-th failure, in milliseconds. With `[10_000]` every wait is 10 s, so
 * five attempts take 40 s; with `[1_000, 10_000, 60_000]` they take 1 + 10 + 60 + 60 s.
 *
 * A wish of the verifier (`afterMs`, for example from `Retry-After`) takes the shortest delay of the policy that is
 * not shorter, or the longest there is: only delays of the policy have a queue.
 */
export function delayAfter(policy: RetryPolicy, attempt: number, afterMs?: number): number {
  const last = policy.delaysMs.at(-1) ?? policy.delaysMs[0];
  if (afterMs === undefined) return policy.delaysMs[attempt - 1] ?? last;
  const longEnough = policy.delaysMs.filter((delayMs) => delayMs >= afterMs);
  return longEnough.length > 0 ? Math.min(...longEnough) : Math.max(...policy.delaysMs);
}
