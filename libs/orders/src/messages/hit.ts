import type { AttemptDocument } from '@esteira/attempt-log';
import type { DeadLetterItem } from '@esteira/dead-letters';
import type { AttemptStatus, Failure } from '@esteira/pipeline';
import type { StoredOrder } from '../endput/index.ts';
import type { SourceOrder } from '../source/index.ts';

/** How a message did: in one attempt, or in the end. `under-way`: neither stored nor a dead letter. */
export type HitStatus = AttemptStatus | 'discarded' | 'redriven' | 'under-way';

/** One line of a search: an attempt that the log still has, or a message as one of the tables knows it. */
export interface MessageHit {
  readonly messageId: string;
  readonly system: string | null;
  /** Decimal text. */
  readonly sourceId: string | null;
  readonly product: string | null;
  readonly status: HitStatus;
  readonly round: number;
  /** The attempt, or how many were made; null where the message is known from its source row alone. */
  readonly attempt: number | null;
  readonly maxAttempts: number | null;
  readonly error: Failure | null;
  readonly worker: string | null;
  readonly durationMs: number | null;
  /** When it was processed, stored, dead-lettered or, of a source row, made; ISO 8601. */
  readonly at: string;
  readonly foundIn: 'attempt-log' | 'endput' | 'dead-letters' | 'source';
}

/** What the consumer adds to an attempt of this pipeline. */
type OrderAttempt = AttemptDocument & {
  readonly order?: { readonly id?: string; readonly product?: string } | null;
};

/** An attempt of the log. Pure. */
export function hitOfAttempt(document: OrderAttempt): MessageHit {
  const origin = document.origin as { readonly system?: string } | null;
  return {
    messageId: document.message_id,
    system: origin?.system ?? null,
    sourceId: document.order?.id ?? null,
    product: document.order?.product ?? null,
    status: document.status,
    round: document.round,
    attempt: document.attempt,
    maxAttempts: document.max_attempts,
    error: document.error,
    worker: document.worker,
    durationMs: document.duration_ms,
    at: document.processed_at.toISOString(),
    foundIn: 'attempt-log',
  };
}

const UNKNOWN = { product: null, maxAttempts: null, error: null, worker: null, durationMs: null } as const;

/** A stored order. Pure. */
export function hitOfStored(order: StoredOrder): MessageHit {
  return {
    ...UNKNOWN,
    messageId: order.message_id,
    system: order.system,
    sourceId: order.source_id,
    product: order.product,
    status: 'succeeded',
    round: order.round,
    attempt: order.attempts,
    at: order.stored_at,
    foundIn: 'endput',
  };
}

/** A row of a source whose message rests nowhere. Pure. */
export function hitOfSource(order: SourceOrder, system: string, messageId: string): MessageHit {
  return {
    ...UNKNOWN,
    messageId,
    system,
    sourceId: order.id,
    product: order.product,
    status: 'under-way',
    round: 1,
    attempt: null,
    at: order.created_at,
    foundIn: 'source',
  };
}

/** A dead letter. Pure. */
export function hitOfDeadLetter(deadLetter: DeadLetterItem): MessageHit {
  return {
    ...UNKNOWN,
    messageId: deadLetter.messageId,
    system: deadLetter.origin,
    sourceId: deadLetter.key,
    status: statusOf(deadLetter),
    round: deadLetter.round,
    attempt: deadLetter.attempts,
    error: deadLetter.error,
    at: deadLetter.deadAt,
    foundIn: 'dead-letters',
  };
}

function statusOf({ state, reason }: DeadLetterItem): HitStatus {
  if (state !== 'dead') return state;
  return reason === 'invalid' ? 'invalid' : 'dead-lettered';
}
