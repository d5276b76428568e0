import type { Identity } from './codec.ts';
import type { WireHeaders } from './headers.ts';

/** A message on its way to the broker. */
export interface OutgoingMessage {
  readonly messageId: string;
  /** The AMQP `type`, for example `order.placed`. */
  readonly type: string;
  /** The lane it goes to (its routing key). */
  readonly lane: string;
  readonly body: Uint8Array;
  readonly headers: WireHeaders;
}

/**
 * What became of a publish. `confirmed`: the broker has it safely. `unroutable`: it came back, no queue took it.
 * `refused`: the broker answered with a nack; it may be sent again.
 */
export type PublishOutcome = 'confirmed' | 'unroutable' | 'refused';

/**
 * Publishes messages, pipelined, and resolves when the broker has answered for every one, in the order given.
 * Rejects when the connection was lost before all answers came: then nothing is known, and all may be sent again.
 */
export type Publish = (messages: readonly OutgoingMessage[]) => Promise<PublishOutcome[]>;

/** One execution of the handler for a message. Of a message that did not tell, origin and key are empty. */
export interface Attempt extends Identity {
  readonly pipeline: string;
  readonly round: number;
  /** 1-based. */
  readonly attempt: number;
  readonly maxAttempts: number;
}
