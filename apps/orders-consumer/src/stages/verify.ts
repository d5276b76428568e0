import type { AttemptDocument } from '@esteira/attempt-log';
import type { Verifier } from '@esteira/orders/domain';
import type { Outcome, VerifierOutcome } from '@esteira/pipeline';
import { boundedOutcome } from '../bounded-outcome.ts';
import { Clock } from '../clock.ts';
import type { Turns } from '../turns.ts';
import type { Recalled, Verified } from '../work.ts';

/** What verifying needs. */
export interface Verifying {
  readonly verifier: Verifier;
  /** The longest one attempt may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly turns: Turns;
  readonly now: () => Date;
}

/** What an attempt came to. */
type Made = Pick<Verified, 'outcome' | 'startedAt' | 'durationMs'>;

/**
 * Runs the verifier for those that need an attempt. What is at rest is skipped; an attempt that was made already has
 * its outcome replayed; what can't be read never reaches the verifier.
 */
export async function verify(batch: readonly Recalled[], verifying: Verifying): Promise<readonly Verified[]> {
  const { verifier, timeoutMs, turns, now } = verifying;
  // Where attempts take turns each has a clock of its own; otherwise all begin together, and one clock does.
  const clock = verifier.concurrency === undefined ? new Clock(timeoutMs, turns.cut) : undefined;
  try {
    const verified = batch.map((work) => {
      const known = knownOutcome(work);
      if (known !== undefined) return withMade(work, { outcome: known, startedAt: now(), durationMs: 0 });
      const made = clock === undefined ? inTurn(work, verifying) : attempted(work, verifying, clock);
      return made instanceof Promise ? made.then((late) => withMade(work, late)) : withMade(work, made);
    });
    // To wait for each takes longer than a verifier that answers at once.
    return verified.every(isVerified) ? verified : await Promise.all(verified.map((one) => Promise.resolve(one)));
  } finally {
    clock?.clear();
  }
}

const isVerified = (verified: Verified | Promise<Verified>): verified is Verified => !(verified instanceof Promise);

function withMade(work: Recalled, { outcome, startedAt, durationMs }: Made): Verified {
  return { ...work, outcome, startedAt, durationMs };
}

/** The outcome, where it does not take the verifier to know it. */
function knownOutcome({ content, rest, made }: Recalled): Outcome | undefined {
  if (content.kind === 'too-new') return { kind: 'return', fault: content.fault };
  if (rest !== undefined) return { kind: 'skip', why: 'at-rest' };
  if (content.kind === 'unreadable') return { kind: 'dead-letter', error: content.failure };
  return made === undefined ? undefined : replayed(made);
}

function replayed({ status, error, reason, result }: AttemptDocument): Outcome | undefined {
  if (status === 'succeeded') return result === null ? { kind: 'succeeded' } : { kind: 'succeeded', result };
  if (error === null) return undefined;
  const spent = status === 'failed' || reason === 'attempts-exhausted';
  return spent ? { kind: 'retry', error } : { kind: 'dead-letter', error };
}

async function inTurn(work: Recalled, verifying: Verifying): Promise<Made> {
  const { timeoutMs, turns, now } = verifying;
  const made = await turns.take(() => {
    const clock = new Clock(timeoutMs, turns.cut);
    const startedAt = now();
    const answer = Promise.resolve(ask(work, verifying, clock.signal)).finally(() => {
      clock.clear();
    });
    return { outcome: Promise.resolve(settled(answer, clock, startedAt, now)), over: answer };
  });
  if (made !== undefined) return made;
  const fault = { code: 'stopping', message: 'The consumer stopped before it was the turn of this message.' };
  return { outcome: { kind: 'return', fault }, startedAt: now(), durationMs: 0 };
}

function attempted(work: Recalled, verifying: Verifying, clock: Clock): Made | Promise<Made> {
  const startedAt = verifying.now();
  return settled(ask(work, verifying, clock.signal), clock, startedAt, verifying.now);
}

function settled(
  answer: Outcome | Promise<Outcome>,
  clock: Clock,
  startedAt: Date,
  now: () => Date,
): Made | Promise<Made> {
  const came = (outcome: Outcome): Made => ({ outcome, startedAt, durationMs: now().getTime() - startedAt.getTime() });
  return answer instanceof Promise ? Promise.race([answer, clock.ended]).then(came) : came(answer);
}

/** Asks the verifier. It never rejects: a verifier that throws has failed this attempt. */
function ask(work: Recalled, { verifier }: Verifying, signal: AbortSignal): Outcome | Promise<Outcome> {
  const { attempt, content, delivery } = work;
  if (content.kind !== 'readable') return { kind: 'return', fault: { code: 'unreadable', message: 'not readable' } };
  const { traceparent } = content.headers;
  const context = { attempt, signal, body: delivery.body, ...(traceparent === undefined ? {} : { traceparent }) };
  try {
    const answer = verifier.verify(content.message, context);
    return answer instanceof Promise ? answer.catch(thrown).then(boundedOutcome) : boundedOutcome(answer);
  } catch (error) {
    return boundedOutcome(thrown(error));
  }
}

function thrown(error: unknown): VerifierOutcome {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'retry', error: { code: 'verifier-threw', message } };
}
