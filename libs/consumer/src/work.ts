import type { AttemptDocument } from '@esteira/attempt-log';
import type { AtRest, DeadLetter } from '@esteira/dead-letters';
import type { Delivery } from '@esteira/messaging';
import type { Attempt, Decision, Failure, Fault, JourneyHeaders, Outcome } from '@esteira/pipeline';

/**
 * One delivery on its way: each stage gives it back with more known, in the order of these types.
 * Decoded → Recalled → Begun → Handled → Decided → Stored → (settled).
 */
export interface Decoded<M> {
  readonly delivery: Delivery;
  /** Who it is. Of an unreadable message what could be read; its id is then one of its bytes. */
  readonly attempt: Attempt;
  /** When the thing was made at its source, ISO 8601; null where the message did not tell. */
  readonly madeAt: string | null;
  readonly content: Content<M>;
}

/** What a message holds. */
export type Content<M> =
  | { readonly kind: 'readable'; readonly message: M; readonly headers: JourneyHeaders }
  | { readonly kind: 'unreadable'; readonly failure: Failure }
  /** Made by a newer release: it is given back for a consumer that knows it. */
  | { readonly kind: 'too-new'; readonly fault: Fault };

export interface Recalled<M> extends Decoded<M> {
  /** Where the message rests already. */
  readonly rest?: AtRest;
  /** This very attempt, if the log still has it: it is not made again. */
  readonly made?: AttemptDocument;
  /** The log has another one's attempt under the id of this one. */
  readonly idTaken?: true;
}

/** A message whose attempt may begin, or must not: where the pipeline's store keeps states of its own. */
export interface Begun<M> extends Recalled<M> {
  /** The fencing token of this attempt. */
  readonly token?: number;
  /** Why it is not to be attempted: a copy or cancelled, or nothing that the store knows. */
  readonly notBegun?: 'taken' | 'unknown';
}

export interface Handled<M> extends Begun<M> {
  readonly outcome: Outcome;
  readonly startedAt: Date;
  readonly durationMs: number;
}

export interface Decided<M> extends Handled<M> {
  readonly decision: Decision;
}

/** The decision after the endput had its say: what it could not store is a dead letter, what rests is skipped. */
export interface Stored<M> extends Decided<M> {
  /** The dead letter it became. */
  readonly deadLetter?: DeadLetter;
}
