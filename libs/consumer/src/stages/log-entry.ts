import type { AttemptDocument } from '@esteira/attempt-log';
import {
  attemptInfo,
  typeOf,
  type AttemptStatus,
  type Failure,
  type JsonValue,
  type Pipeline,
} from '@esteira/pipeline';
import type { Subject } from '../subject.ts';
import type { Stored } from '../work.ts';
import { logIdOf } from './log-id.ts';

/** Who writes into the log, and of what. */
export interface LogWriter<M> {
  readonly pipeline: Pipeline;
  readonly subject: Subject<M>;
  readonly worker: string;
  /** How long the log keeps a document. */
  readonly logTtlSeconds: number;
}

/**
 * What the log keeps of a delivery: one document for an attempt that was made now, or that an earlier delivery made
 * and did not come to log, or that the log knows by the end a copy of it came to; none for anything else. Pure.
 */
export function logEntryOf<M>(work: Stored<M>, writer: LogWriter<M>, now: Date): AttemptDocument | undefined {
  if (work.made !== undefined && work.decision.kind !== 'skip') return undefined;
  switch (work.decision.kind) {
    case 'store':
      return entry(work, { status: 'succeeded', result: work.decision.result ?? null }, writer, now);
    case 'wait':
      return entry(work, { status: 'failed', error: work.decision.error }, writer, now);
    case 'dead-letter': {
      const { error, reason } = work.decision;
      if (reason === 'delivery-limit' || reason === 'crashed-consumer') return undefined;
      if (work.content.kind === 'unreadable') return entry(work, { status: 'invalid', error, reason }, writer, now);
      return diedOfAttempt(work) ? entry(work, { status: 'dead-lettered', error, reason }, writer, now) : undefined;
    }
    case 'skip':
      return unlogged(work, writer, now);
    case 'return':
      return undefined;
  }
}

/** Whether this attempt was made: what was given up may become an identity conflict without one. */
function diedOfAttempt({ deadLetter, attempt }: Stored<unknown>): boolean {
  return deadLetter?.attempts.some((a) => a.round === attempt.round && a.attempt === attempt.attempt) ?? false;
}

/**
 * The attempt that brought a message to rest, when its consumer ended between the effect and the log. The log may hold
 * the failure of a copy in its place: the endput has decided, and the log follows it.
 */
function unlogged<M>(work: Stored<M>, writer: LogWriter<M>, now: Date): AttemptDocument | undefined {
  const { rest, attempt } = work;
  if (rest === undefined) return undefined;
  const [round, made, at] =
    rest.kind === 'stored'
      ? [rest.round, rest.attempts, rest.storedAt]
      : [rest.last?.round, rest.last?.attempt, rest.deadAt];
  const restedAt = new Date(at);
  const expired = now.getTime() - restedAt.getTime() > writer.logTtlSeconds * 1000;
  if (round !== attempt.round || made !== attempt.attempt || expired) return undefined;
  const end: End =
    rest.kind === 'stored'
      ? { status: 'succeeded' }
      : { status: 'dead-lettered', error: rest.last?.error ?? null, reason: rest.reason };
  if (work.made?.status === end.status) return undefined;
  return { ...entry(work, end, writer, restedAt), started_at: restedAt, duration_ms: 0 };
}

interface End {
  readonly status: AttemptStatus;
  readonly error?: Failure | null;
  readonly reason?: string;
  readonly result?: JsonValue | null;
}

function entry<M>(work: Stored<M>, end: End, writer: LogWriter<M>, processedAt: Date): AttemptDocument {
  const { subject, worker } = writer;
  const { messageId, pipeline, round, attempt, maxAttempts } = work.attempt;
  const message = work.content.kind === 'readable' ? work.content.message : undefined;
  return {
    _id: logIdOf(work),
    pipeline,
    type: typeOf(writer.pipeline, work.delivery.type).name,
    message_id: messageId,
    round,
    attempt,
    max_attempts: maxAttempts,
    status: end.status,
    info: attemptInfo(end.status, attempt, maxAttempts),
    error: end.error ?? null,
    reason: end.reason ?? null,
    result: end.result ?? null,
    origin: message === undefined ? null : (subject.originOf?.(message) ?? work.attempt.origin),
    key: work.attempt.key || null,
    incarnation: work.attempt.incarnation,
    [subject.name]: message === undefined ? null : subject.of(message),
    worker,
    started_at: work.startedAt,
    duration_ms: work.durationMs,
    processed_at: processedAt,
  };
}
