import type { Logger } from '@esteira/observability';
import type { Fault } from '@esteira/pipeline';
import type { Delivery } from './delivery.ts';

/** What becomes of a delivery: `ack` when its way is done, `return` when nothing could be done with it now. */
export type Settlement = { readonly kind: 'ack' } | { readonly kind: 'return'; readonly fault: Fault };

/**
 * Says of deliveries that their way is done, before that of the others in their batch. They are acked with the batch, or
 * soon, if the others take long; whatever becomes of the others.
 */
export type Done = (deliveries: readonly Delivery[]) => void;

/**
 * Handles a batch and settles each delivery, in the order given. A rejection returns the whole batch, but for those of
 * which it has said `done` before.
 */
export type BatchHandler = (batch: readonly Delivery[], done: Done) => Promise<readonly Settlement[]>;

/** How a queue is consumed. */
export interface ConsumeOptions {
  readonly queue: string;
  /**
   * In batches, or each message by itself: handled as a batch of one, acked when it is done, whatever runs beside it.
   * In batches where nothing is said.
   */
  readonly mode?: 'batch' | 'each';
  /** Deliveries the broker hands out ahead of acks. */
  readonly prefetch: number;
  /** The most deliveries in one batch; with `each` it is 1. */
  readonly batchSize: number;
  /** How many batches may run at once, with `each` how many messages; the steps of one message never overlap. */
  readonly batchesInFlight: number;
  /** Two deliveries with the same key never run at once. */
  readonly keyOf: (delivery: Delivery) => string;
  readonly handler: BatchHandler;
  /**
   * Asked before anything is taken; a rejection says why nothing could be handled now, and is asked again after a
   * backoff. Without it a long outage would take and return the same messages until their delivery limit.
   */
  readonly ready?: () => Promise<unknown>;
  readonly logger: Logger;
}

/** What a consumer is doing. */
export type ConsumerState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'consuming' }
  | { readonly kind: 'backing-off'; readonly fault: Fault }
  | { readonly kind: 'stopped' };

/** A running consumer. */
export interface Consumer {
  readonly state: ConsumerState;
  /**
   * Stops taking, finishes the batches in flight within `withinMs`, settles them, and gives back the rest. A broker that
   * does not answer is waited for two seconds more; it takes everything back by itself.
   */
  stop(withinMs: number): Promise<void>;
}
