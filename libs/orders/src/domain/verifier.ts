import type { Attempt, VerifierOutcome } from '@esteira/pipeline';
import type { OrderMessage } from './order-message.ts';

/** What a verifier knows beside the order. */
export interface VerifierContext {
  readonly attempt: Attempt;
  /** Fires when the attempt has run out of time. */
  readonly signal: AbortSignal;
}

/**
 * The orders pipeline's handler. It need not repeat its answer for the same order. A rejection is a `retry` with the
 * error's text; an attempt that outlives its signal is spent.
 */
export interface Verifier {
  readonly name: string;
  verify(message: OrderMessage, context: VerifierContext): VerifierOutcome | Promise<VerifierOutcome>;
}
