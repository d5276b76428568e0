import type { JsonValue } from './json.ts';

/** Why an attempt failed. `code` is stable and short (groups are made by it), `message` is for people. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** An infrastructure fault: nothing is known about the message, so no attempt is spent. */
export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** How an attempt ended. A closed union: `decide` says what follows from each. */
export type Outcome =
  | { readonly kind: 'succeeded'; readonly result?: JsonValue }
  | { readonly kind: 'retry'; readonly error: Failure; readonly afterMs?: number }
  | { readonly kind: 'dead-letter'; readonly error: Failure }
  | { readonly kind: 'skip'; readonly why: 'at-rest' | 'taken' }
  | { readonly kind: 'return'; readonly fault: Fault };

/** The outcomes a handler may give. `return` is for one that can't do its work at all now: no attempt is spent. */
export type HandlerOutcome = Exclude<Outcome, { kind: 'skip' }>;

/** Every reason. */
export const DEAD_LETTER_REASONS = [
  'attempts-exhausted',
  'refused',
  'invalid',
  'identity-conflict',
  'rejected-by-store',
  'delivery-limit',
  'crashed-consumer',
] as const;
/** Why a message is a dead letter. `attempts-exhausted` is the only one that spends all attempts. */
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];

/** Whether the last attempt was made of what died of this; for any other reason it died before it. */
export function diedOfAnAttempt(reason: DeadLetterReason): boolean {
  return AFTER_AN_ATTEMPT.has(reason);
}

const AFTER_AN_ATTEMPT: ReadonlySet<DeadLetterReason> = new Set([
  'attempts-exhausted',
  'refused',
  'identity-conflict',
  'rejected-by-store',
]);
