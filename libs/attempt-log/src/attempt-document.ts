import type { AttemptStatus, Failure, JsonValue } from '@esteira/pipeline';

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
  readonly origin: JsonValue | null;
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
