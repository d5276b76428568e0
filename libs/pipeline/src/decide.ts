import type { JsonValue } from './json.ts';
import type { Attempt } from './message.ts';
import type { DeadLetterReason, Failure, Fault, Outcome } from './outcome.ts';
import { chanceOf, delayAfter, jitteredDelay, type RetryPolicy } from './retry-policy.ts';

/** What happens to a message after one attempt. */
export type Decision =
  | { readonly kind: 'store'; readonly result?: JsonValue }
  | { readonly kind: 'wait'; readonly delayMs: number; readonly dueAt: Date; readonly error: Failure }
  | { readonly kind: 'dead-letter'; readonly reason: DeadLetterReason; readonly error: Failure }
  | { readonly kind: 'skip'; readonly why: 'at-rest' | 'taken' }
  | { readonly kind: 'return'; readonly fault: Fault };

/** Decides what follows from an outcome. Pure: the same attempt, outcome and time give the same decision. */
export function decide(attempt: Attempt, outcome: Outcome, policy: RetryPolicy, now: Date): Decision {
  switch (outcome.kind) {
    case 'succeeded':
      return outcome.result === undefined ? { kind: 'store' } : { kind: 'store', result: outcome.result };
    case 'retry': {
      if (attempt.attempt >= attempt.maxAttempts) {
        return { kind: 'dead-letter', reason: 'attempts-exhausted', error: outcome.error };
      }
      const delayMs = waitOf(attempt, policy, outcome.afterMs);
      return { kind: 'wait', delayMs, dueAt: new Date(now.getTime() + delayMs), error: outcome.error };
    }
    case 'dead-letter':
      return { kind: 'dead-letter', reason: 'refused', error: outcome.error };
    case 'skip':
    case 'return':
      return outcome;
  }
}

function waitOf(attempt: Attempt, policy: RetryPolicy, afterMs: number | undefined): number {
  const delayMs = delayAfter(policy, attempt.attempt, afterMs);
  return policy.jitter ? jitteredDelay(delayMs, policy.jitter, chanceOf(attempt)) : delayMs;
}
