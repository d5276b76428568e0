import type { DeadLetterReason, Failure, WireHeaders } from '@esteira/pipeline';
import { isoTime } from '@esteira/postgres';
import type { DeadLetterAttempt } from './dead-letter.ts';
import type { DeadLetterState } from './filter.ts';

/** What happened to a dead letter. Times are ISO 8601 text; `by` is the name of a person's key. */
export type DeadLetterEvent =
  | { readonly action: 'superseded'; readonly at: string; readonly round: number; readonly why: string }
  | {
      readonly action: 'edited';
      readonly at: string;
      readonly round: number;
      readonly by: string;
      readonly why: string;
      /** SHA-256 of the bytes before and after, hexadecimal. */
      readonly from_sha256: string;
      readonly to_sha256: string;
    }
  | {
      readonly action: 'redriven' | 'discarded';
      readonly at: string;
      /** The round that began; of a discarded one, the round it was in. */
      readonly round: number;
      readonly by: string;
      readonly why: string;
      /** The id of the job that did it. */
      readonly job: string;
    };

/** A dead letter in a list. Times are ISO 8601 text with microseconds. */
export interface DeadLetterItem {
  readonly messageId: string;
  /** The lane that it came in; null where an earlier release wrote it, which knew one. */
  readonly lane: string | null;
  readonly origin: string | null;
  readonly key: string | null;
  readonly state: DeadLetterState;
  readonly round: number;
  /** How many attempts were made, over all rounds. */
  readonly attempts: number;
  readonly reason: DeadLetterReason;
  readonly error: Failure;
  readonly bodyBytes: number;
  /** Whether a person has changed its body. */
  readonly isEdited: boolean;
  readonly firstAttemptAt: string;
  readonly deadAt: string;
}

/** A dead letter, whole. */
export interface StoredDeadLetter extends Omit<DeadLetterItem, 'attempts'> {
  readonly pipeline: string;
  readonly incarnation: string | null;
  readonly attempts: readonly DeadLetterAttempt[];
  readonly body: Buffer;
  /** The bytes that died first, where a person has changed them. */
  readonly originalBody: Buffer | null;
  readonly headers: WireHeaders;
  /** Oldest first. */
  readonly history: readonly DeadLetterEvent[];
}

const SHARED = `message_id AS "messageId", lane, origin, key, state, round, reason, error,
  octet_length(body) AS "bodyBytes", original_body IS NOT NULL AS "isEdited",
  ${isoTime('first_attempt_at', 'firstAttemptAt')}, ${isoTime('dead_at', 'deadAt')}`;

/** The columns of a {@link DeadLetterItem}. */
export const ITEM_COLUMNS = `${SHARED}, jsonb_array_length(attempts) AS attempts`;

/** The columns of a {@link StoredDeadLetter}. */
export const WHOLE_COLUMNS = `${SHARED}, pipeline, incarnation, attempts, body,
  original_body AS "originalBody", headers, history`;
