import type { Handler, HandlerContext, HandlerOutcome } from '@esteira/pipeline';
import type { OrderMessage } from './order-message.ts';

/** What a verifier knows beside the order. */
export type VerifierContext = HandlerContext;

/**
 * The orders pipeline's handler. It need not repeat its answer for the same order. A rejection is a `retry` with the
 * error's text; an attempt that outlives its signal is spent.
 */
export interface Verifier extends Omit<Handler<OrderMessage>, 'handle'> {
  verify(message: OrderMessage, context: VerifierContext): HandlerOutcome | Promise<HandlerOutcome>;
}
