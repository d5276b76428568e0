import { boundedError, decide, policyDelays, type Decision, type Outcome, type RetryPolicy } from '@esteira/pipeline';
import type { Decided, Handled, Recalled } from '../work.ts';

/** What follows for each. Pure. */
export function decideAll<M>(batch: readonly Handled<M>[], policy: RetryPolicy, now: Date): Decided<M>[] {
  return batch.map((work) => {
    if (work.content.kind === 'unreadable' && work.outcome.kind === 'dead-letter') {
      return { ...work, decision: { kind: 'dead-letter', reason: 'invalid', error: work.outcome.error } };
    }
    return { ...work, decision: tellingCut(decide(work.attempt, work.outcome, policy, now), work.outcome, policy) };
  });
}

/** A wait that was asked for and is longer than any there is: the error of the attempt says so, before its own words. */
function tellingCut(decision: Decision, outcome: Outcome, policy: RetryPolicy): Decision {
  if (decision.kind !== 'wait' || outcome.kind !== 'retry' || outcome.afterMs === undefined) return decision;
  const { error, afterMs } = outcome;
  const longestMs = Math.max(...policyDelays(policy));
  if (afterMs <= longestMs) return decision;
  const cut = `It asked for a wait of ${Math.ceil(afterMs / 1_000)} s and gets the longest, ${longestMs / 1_000} s. `;
  return { ...decision, error: { ...error, message: boundedError(cut + error.message) } };
}

/** Why a message is given up without another attempt. */
export type GivenUp = 'delivery-limit' | 'crashed-consumer';

const WHY: Readonly<Record<GivenUp, string>> = {
  'delivery-limit': 'The broker gave up: the message came back unacknowledged too often.',
  'crashed-consumer': 'Its consumer ended too often while it handled this message.',
};

/** What is given up is a dead letter, unless it is at rest or made by a newer release. No attempt is made. Pure. */
export function giveUpAll<M>(batch: readonly Recalled<M>[], reason: GivenUp, now: Date): Decided<M>[] {
  const error = { code: reason, message: WHY[reason] };
  return batch.map((work) => {
    const untried = { ...work, startedAt: now, durationMs: 0 };
    if (work.content.kind === 'too-new') {
      const outcome = { kind: 'return', fault: work.content.fault } as const;
      return { ...untried, outcome, decision: outcome };
    }
    if (work.rest !== undefined) {
      const outcome = { kind: 'skip', why: 'at-rest' } as const;
      return { ...untried, outcome, decision: outcome };
    }
    return { ...untried, outcome: { kind: 'dead-letter', error }, decision: { kind: 'dead-letter', reason, error } };
  });
}
