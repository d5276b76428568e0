import type { AttemptDocument } from '@esteira/attempt-log';
import type { DeadLetter, DeadLetterAttempt } from '@esteira/dead-letters';
import { diedOfAnAttempt } from '@esteira/pipeline';
import type { Subject } from '../subject.ts';
import type { Decided } from '../work.ts';
import { isAttemptOf } from './log-id.ts';

/** Who writes dead letters, and of what. */
export interface DeadLetterWriter<M> {
  readonly subject: Subject<M>;
  readonly worker: string;
}

/** The dead letter of a message: with each attempt of its round, as far as the log still knows it. Pure. */
export function deadLetterOf<M>(
  work: Decided<M>,
  logged: readonly AttemptDocument[],
  { subject, worker }: DeadLetterWriter<M>,
  now: Date,
): DeadLetter {
  const { attempt, decision, delivery } = work;
  if (decision.kind !== 'dead-letter') throw new Error(`Message ${attempt.messageId} is no dead letter`);
  const ofThisRound = logged.filter(
    (a) => a.message_id === attempt.messageId && a.round === attempt.round && isAttemptOf(a, work, subject),
  );
  const made = diedOfAnAttempt(decision.reason);
  const earlier = Array.from({ length: attempt.attempt - 1 }, (_, index) =>
    earlierAttempt(index + 1, attempt.round, ofThisRound),
  );
  const last = attemptOf(work, decision.error, worker);
  return {
    messageId: attempt.messageId,
    pipeline: attempt.pipeline,
    lane: delivery.lane,
    type: delivery.type ?? null,
    origin: attempt.origin || null,
    key: attempt.key || null,
    incarnation: attempt.incarnation,
    round: attempt.round,
    attempts: made ? [...earlier, last] : earlier,
    reason: decision.reason,
    error: decision.error,
    body: delivery.body,
    headers: delivery.headers,
    firstAttemptAt: ofThisRound[0]?.started_at ?? work.startedAt,
    deadAt: now,
  };
}

/** The attempt that was made now. */
function attemptOf(
  { attempt: { round, attempt }, startedAt, durationMs }: Decided<unknown>,
  error: DeadLetterAttempt['error'],
  worker: string,
): DeadLetterAttempt {
  return { round, attempt, error, worker, started_at: startedAt.toISOString(), duration_ms: durationMs };
}

function earlierAttempt(attempt: number, round: number, logged: readonly AttemptDocument[]): DeadLetterAttempt {
  const document = logged.find((candidate) => candidate.attempt === attempt);
  return {
    round,
    attempt,
    error: document?.error ?? null,
    worker: document?.worker ?? null,
    started_at: document?.started_at.toISOString() ?? null,
    duration_ms: document?.duration_ms ?? null,
  };
}
