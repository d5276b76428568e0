import { decide, type RetryPolicy } from '@esteira/pipeline';
import type { Decided, Verified } from '../work.ts';

/** What follows for each. Pure. */
export function decideAll(batch: readonly Verified[], policy: RetryPolicy, now: Date): Decided[] {
  return batch.map((work) => {
    if (work.content.kind === 'unreadable' && work.outcome.kind === 'dead-letter') {
      return { ...work, decision: { kind: 'dead-letter', reason: 'invalid', error: work.outcome.error } };
    }
    return { ...work, decision: decide(work.attempt, work.outcome, policy, now) };
  });
}

/** What the broker gave up on: a dead letter, unless it is at rest. Pure. */
export function giveUpAll(batch: readonly Verified[]): Decided[] {
  const message = 'The broker gave up: the message came back unacknowledged too often.';
  return batch.map((work) => ({
    ...work,
    decision:
      work.outcome.kind === 'skip' || work.outcome.kind === 'return'
        ? work.outcome
        : { kind: 'dead-letter', reason: 'delivery-limit', error: { code: 'delivery-limit', message } },
  }));
}
