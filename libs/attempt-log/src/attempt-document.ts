import { inPresentWords, type AttemptStatus, type Failure, type JsonValue } from '@esteira/pipeline';

/**
 * One attempt, as the log keeps it. Its id is `<message id>:<round>:<attempt>`, so it is written once. A pipeline adds
 * a field for what was attempted (`order` in the pipeline orders).
 */
export interface AttemptDocument {
  readonly _id: string;
  readonly pipeline: string;
  /** The message's AMQP type. */
  readonly type: string;
  readonly message_id: string;
  readonly round: number;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly status: AttemptStatus;
  /** A sentence for people. */
  readonly info: string;
  readonly error: Failure | null;
  /** Why it was dead-lettered; null otherwise. */
  readonly reason: string | null;
  /** What the handler gave back. */
  readonly result: JsonValue | null;
  /** Where its message comes from: the origin, or an object whose `system` is the origin; null where it did not tell. */
  readonly origin: JsonValue | null;
  /** What it is there; absent in documents of earlier releases. */
  readonly key?: string | null;
  /** What tells it from another that had its key before; absent in documents of earlier releases. */
  readonly incarnation?: string | null;
  readonly worker: string;
  readonly started_at: Date;
  readonly duration_ms: number;
  /** The log's TTL counts from here. */
  readonly processed_at: Date;
}

/** The id of an attempt's document. */
export function attemptId(messageId: string, round: number, attempt: number): string {
  return `${messageId}:${round}:${attempt}`;
}

/**
 * An attempt in the words of this release. Those that an earlier one wrote are read, not rewritten: they expire, there
 * may be many, and nothing is looked up by what has changed. Pure.
 */
export function attemptInPresentWords(document: AttemptDocument): AttemptDocument {
  const { reason, error } = document;
  const present = reason === null ? null : inPresentWords(reason);
  if (present === null || present === reason) return document;
  return { ...document, reason: present, error: error?.code === reason ? { ...error, code: present } : error };
}
