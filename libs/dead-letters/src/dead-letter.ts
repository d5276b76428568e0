import type { DeadLetterReason, Failure, WireHeaders } from '@esteira/pipeline';

/** One attempt in a dead letter's list. What the attempt log no longer knew is null. */
export interface DeadLetterAttempt {
  readonly round: number;
  readonly attempt: number;
  readonly error: Failure | null;
  readonly worker: string | null;
  /** ISO 8601. */
  readonly started_at: string | null;
  readonly duration_ms: number | null;
}

/** A message that ran out of attempts or is permanently invalid, as it is written. */
export interface DeadLetter {
  readonly messageId: string;
  readonly pipeline: string;
  /** The lane that the message came from; a redrive sends it there. */
  readonly lane: string;
  /** The AMQP type that it had; null where it had none. A redrive sends it with that. */
  readonly type: string | null;
  /** Null where the message did not tell. */
  readonly origin: string | null;
  /** Null where the message did not tell. */
  readonly key: string | null;
  /** Null where the message did not tell, or its pipeline has none. */
  readonly incarnation: string | null;
  readonly round: number;
  /** The attempts of this round; none for a message that was never attempted. */
  readonly attempts: readonly DeadLetterAttempt[];
  readonly reason: DeadLetterReason;
  readonly error: Failure;
  /** The message's bytes, unchanged. */
  readonly body: Uint8Array;
  readonly headers: WireHeaders;
  readonly firstAttemptAt: Date;
  readonly deadAt: Date;
}

/**
 * What became of a dead letter's write. `written`: it is dead now. `same`: it was already. `late`: a copy of an earlier
 * round, or of a discarded message; nothing changed. `stored`: the message rests in the endput; nothing changed.
 * `conflict`: its id belongs to another incarnation; nothing changed.
 */
export type DeadLetterWrite = 'written' | 'same' | 'late' | 'stored' | 'conflict';
