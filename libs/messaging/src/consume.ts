import { setTimeout as delay } from 'node:timers/promises';
import { ExponentialBackoff, type IBackoff } from 'cockatiel';
import type { Logger } from '@esteira/observability';
import type { Fault } from '@esteira/pipeline';
import { BrokerUnavailable, type Broker } from './broker.ts';
import { ConsumeSession } from './consume-session.ts';
import type { Delivery } from './delivery.ts';

/** What becomes of a delivery: `ack` when its way is done, `return` when nothing could be done with it now. */
export type Settlement = { readonly kind: 'ack' } | { readonly kind: 'return'; readonly fault: Fault };

/** Handles a batch and settles each delivery, in the order given. A rejection returns the whole batch. */
export type BatchHandler = (batch: readonly Delivery[]) => Promise<readonly Settlement[]>;

/** How a queue is consumed. */
export interface ConsumeOptions {
  readonly queue: string;
  /** Deliveries the broker hands out ahead of acks. */
  readonly prefetch: number;
  /** The most deliveries in one batch. */
  readonly batchSize: number;
  /** How many batches may run at once; the steps of one message never overlap. */
  readonly batchesInFlight: number;
  /** Two deliveries with the same key never run at once. */
  readonly keyOf: (delivery: Delivery) => string;
  readonly handler: BatchHandler;
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
  /** Stops taking, finishes the batches in flight within `withinMs`, settles them, and gives back the rest. */
  stop(withinMs: number): Promise<void>;
}

/**
 * Consumes a queue in batches until it is stopped. A batch closes when it is full or when nothing more is waiting, so
 * a lone message never waits for company. After a fault everything held is given back, and consuming starts again
 * after a backoff.
 */
export function consume(broker: Broker, options: ConsumeOptions): Consumer {
  const loop = new ConsumeLoop(broker, options);
  loop.start();
  return loop;
}

const firstBackoff = () => new ExponentialBackoff({ initialDelay: 200, maxDelay: 10_000 }).next();

class ConsumeLoop implements Consumer {
  state: ConsumerState = { kind: 'connecting' };
  readonly #broker: Broker;
  readonly #options: ConsumeOptions;
  readonly #stopping = new AbortController();
  #session: ConsumeSession | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(broker: Broker, options: ConsumeOptions) {
    this.#broker = broker;
    this.#options = options;
  }

  start(): void {
    this.#ended = this.#run();
  }

  async #run(): Promise<void> {
    let backoff: IBackoff<unknown> = firstBackoff();
    while (!this.#stopping.signal.aborted) {
      const { fault, progressed } = await this.#oneSession();
      if (this.#stopped()) break;
      if (progressed) backoff = firstBackoff();
      this.state = { kind: 'backing-off', fault };
      this.#options.logger.warn(
        { queue: this.#options.queue, fault, resumesInMs: backoff.duration },
        'gave back what was held',
      );
      await delay(backoff.duration, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      backoff = backoff.next(undefined);
    }
    this.state = { kind: 'stopped' };
  }

  /** A getter in words: TypeScript would take the loop's condition as settled for its whole body. */
  #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #oneSession(): Promise<{ fault: Fault; progressed: boolean }> {
    let session: ConsumeSession | undefined;
    try {
      await this.#broker.untilConnected(this.#stopping.signal);
      session = await ConsumeSession.open(this.#broker, this.#options);
      this.#session = session;
      this.state = { kind: 'consuming' };
      return { fault: await session.fault, progressed: session.progressed };
    } catch (error) {
      const code = error instanceof BrokerUnavailable ? 'broker-unavailable' : 'consume-failed';
      return { fault: { code, message: (error as Error).message }, progressed: false };
    } finally {
      await session?.close();
      this.#session = undefined;
    }
  }

  async stop(withinMs: number): Promise<void> {
    this.#stopping.abort();
    await this.#session?.stop(withinMs);
    await this.#ended;
  }
}
