import type { Attempt, VerifierOutcome } from '@esteira/pipeline';
import type { OrderMessage } from './order-message.ts';

/** What a verifier knows beside the order. */
export interface VerifierContext {
  readonly attempt: Attempt;
  /** Fires when the attempt has run out of time, or the consumer stops without waiting any longer. */
  readonly signal: AbortSignal;
  /** The message as it came, bytes unchanged. */
  readonly body: Uint8Array;
  /** W3C trace context of the message, to be passed on. */
  readonly traceparent?: string;
}

/**
 * The orders pipeline's handler. It need not repeat its answer for the same order. A rejection is a `retry` with the
 * error's text; an attempt that outlives its signal is spent.
 */
export interface Verifier {
  readonly name: string;
  /** The most attempts at once; the time of each begins when it is its turn. Without it a batch begins all at once. */
  readonly concurrency?: number;
  verify(message: OrderMessage, context: VerifierContext): VerifierOutcome | Promise<VerifierOutcome>;
  /** Rejects, saying why, while it can't do its work. */
  check?(): Promise<void>;
  /** Ends what it holds open. Nothing is verified afterwards. */
  close?(): Promise<void>;
}
