import type { AttemptDocument } from '@esteira/attempt-log';
import type { Verifier } from '@esteira/orders/domain';
import type { Outcome } from '@esteira/pipeline';
import type { Recalled, Verified } from '../work.ts';

/** What verifying needs. */
export interface Verifying {
  readonly verifier: Verifier;
  readonly timeoutMs: number;
  readonly now: () => Date;
}

/**
 * Runs the verifier for those that need an attempt. What is at rest is skipped; an attempt that was made already has
 * its outcome replayed; what can't be read never reaches the verifier.
 */
export function verify(batch: readonly Recalled[], verifying: Verifying): Promise<Verified[]> {
  // One deadline for the batch: its attempts start together.
  const signal = AbortSignal.timeout(verifying.timeoutMs);
  return Promise.all(batch.map((work) => verifyOne(work, verifying, signal)));
}

async function verifyOne(
  work: Recalled,
  { verifier, timeoutMs, now }: Verifying,
  signal: AbortSignal,
): Promise<Verified> {
  const startedAt = now();
  const known = knownOutcome(work);
  if (known !== undefined) return { ...work, outcome: known, startedAt, durationMs: 0 };
  const outcome = await attempted(work, verifier, signal, timeoutMs);
  return { ...work, outcome, startedAt, durationMs: now().getTime() - startedAt.getTime() };
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

async function attempted(
  { attempt, content }: Recalled,
  verifier: Verifier,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Outcome> {
  if (content.kind !== 'readable') return { kind: 'return', fault: { code: 'unreadable', message: 'not readable' } };
  try {
    const answer = verifier.verify(content.message, { attempt, signal });
    return answer instanceof Promise ? await Promise.race([answer, outOfTime(signal, timeoutMs)]) : answer;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'retry', error: { code: 'verifier-threw', message } };
  }
}

function outOfTime(signal: AbortSignal, timeoutMs: number): Promise<Outcome> {
  const message = `The attempt took longer than ${timeoutMs} ms.`;
  const outcome: Outcome = { kind: 'retry', error: { code: 'timeout', message } };
  if (signal.aborted) return Promise.resolve(outcome);
  return new Promise((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        resolve(outcome);
      },
      { once: true },
    );
  });
}
