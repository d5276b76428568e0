import type { Attempt } from './message.ts';
import type { HandlerOutcome } from './outcome.ts';

/** What a handler knows beside the message. */
export interface HandlerContext {
  readonly attempt: Attempt;
  /** Fires when the attempt has run out of time, or the consumer stops without waiting any longer. */
  readonly signal: AbortSignal;
  /** The message as it came, bytes unchanged. */
  readonly body: Uint8Array;
  /** W3C trace context of the message, to be passed on. */
  readonly traceparent?: string;
}

/**
 * A pipeline's work. It need not repeat its answer for the same message. A rejection is a `retry` with the error's
 * text; an attempt that outlives its signal is spent.
 */
export interface Handler<M> {
  readonly name: string;
  /** The most attempts at once; the time of each begins when it gets a slot. Without it a batch begins all at once. */
  readonly concurrency?: number;
  handle(message: M, context: HandlerContext): HandlerOutcome | Promise<HandlerOutcome>;
  /** Rejects, saying why, while it can't do its work. */
  check?(): Promise<void>;
  /** Ends what it holds open. Nothing is handled afterwards. */
  close?(): Promise<void>;
}
