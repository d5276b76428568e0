import { setTimeout as delay } from 'node:timers/promises';
import type { Channel } from 'amqplib';
import type { Logger } from '@esteira/observability';
import type { Fault } from '@esteira/pipeline';
import type { Broker } from './broker.ts';
import { closeChannel } from './close-channel.ts';
import { deliveryOf, type Delivery } from './delivery.ts';
import { withPermission } from './permissions.ts';
import { TakenBack } from './taken-back.ts';

/** Whose channel it is. */
interface Owner {
  readonly queue: string;
  readonly logger: Logger;
  /** What is being handled: told of when the broker takes it back. */
  readonly inWork: () => Iterable<Delivery>;
}

/** The channel of a session, and how the session ends: by the broker, or by whoever calls `end`. */
export class SessionChannel {
  /** Resolves with the first reason to take no more. */
  readonly fault: Promise<Fault>;
  /** Whether more is taken. */
  taking = true;
  /** Whether what is held can be acked, or given back. */
  isOpen = true;

  readonly #channel: Channel;
  readonly #owner: Owner;
  readonly #takenBack: TakenBack;
  readonly #resolve: (fault: Fault) => void;
  /** The tags of its consumers. */
  readonly #consumers: Promise<string>[] = [];

  private constructor(channel: Channel, owner: Owner) {
    this.#channel = channel;
    this.#owner = owner;
    const { queue, logger } = owner;
    this.#takenBack = new TakenBack(queue, logger);
    const { promise, resolve } = Promise.withResolvers<Fault>();
    this.fault = promise;
    this.#resolve = resolve;
    let reason = 'the connection was lost, or RabbitMQ ended it';
    channel.once('error', (error: Error) => (reason = error.message));
    channel.once('close', () => {
      if (this.isOpen) this.#takenBack.tell(owner.inWork());
      this.isOpen = false;
      this.end({ code: 'channel-closed', message: `The channel that consumed ${queue} closed: ${reason}` });
    });
  }

  static async open(broker: Broker, owner: Owner): Promise<SessionChannel> {
    return new SessionChannel(await broker.channel(), owner);
  }

  end(fault: Fault): void {
    this.taking = false;
    this.#resolve(fault);
  }

  /**
   * Consumes, beside consumers that it has: what one may hold never changes.
   *
   * @param cancelled is called when the broker ends this consumer.
   */
  consume(prefetch: number, take: (delivery: Delivery) => void, cancelled?: () => void): Promise<unknown> {
    const { queue, inWork } = this.#owner;
    // Both are sent at once, so that no other consumer comes in between.
    const limited = this.#channel.prefetch(prefetch);
    const consuming = this.#channel.consume(queue, (message) => {
      if (message !== null) {
        take(deliveryOf(message));
        return;
      }
      const why = 'the queue was deleted, or (from 4.3 on) a message was held for longer than its consumer timeout';
      this.end({ code: 'consumer-cancelled', message: `RabbitMQ cancelled the consumer of ${queue}: ${why}.` });
      this.#takenBack.tell(inWork());
      cancelled?.();
    });
    const consumer = Promise.all([limited, consuming]).then(([, { consumerTag }]) => consumerTag);
    this.#consumers.push(consumer);
    return consumer;
  }

  /** @param allUpTo acks all before it too. */
  ack(tag: number, allUpTo = false): void {
    this.#channel.ack(withTag(tag), allUpTo);
  }

  giveBack(tag: number): void {
    this.#channel.nack(withTag(tag), false, true);
  }

  /** Resolves when nothing more is delivered. */
  cancel(): Promise<void> {
    return this.#unlessGone(async () => {
      for (const consumer of this.#consumers) {
        const consumerTag = await consumer;
        if (this.isOpen) await this.#channel.cancel(consumerTag);
      }
    });
  }

  /** Gives back all that is held, and closes. @param before acks what is still to be acked. */
  close(before?: () => void): Promise<void> {
    return this.#unlessGone(async () => {
      if (!this.isOpen) return;
      before?.();
      // From here on nothing is acked: what was not waited for has been given back, whatever it comes to.
      this.isOpen = false;
      this.#channel.nackAll(true);
      await closeChannel(this.#channel);
    });
  }

  async #unlessGone(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      // The channel went first: the broker gives everything back by itself.
      const { queue, logger } = this.#owner;
      logger.debug({ queue, err: error }, 'the channel closed while giving back');
    }
  }
}

/** Names the permission that is missing, where that is why a session could not begin. */
export async function begun<S>(broker: Broker, queue: string, session: S, begin: () => Promise<unknown>): Promise<S> {
  try {
    await begin();
  } catch (error) {
    throw withPermission(error, broker, 'read', `queue ${queue}`);
  }
  return session;
}

/** Waits for what runs, at most so long. */
export async function settledWithin(runs: Iterable<Promise<unknown>>, withinMs: number): Promise<void> {
  const timer = new AbortController();
  await Promise.race([
    Promise.allSettled(runs),
    delay(withinMs, undefined, { signal: timer.signal }).catch(() => undefined),
  ]);
  timer.abort();
}

/** What an ack or nack names: the driver reads nothing else of a message. */
const withTag = (deliveryTag: number) => ({ fields: { deliveryTag } }) as Parameters<Channel['ack']>[0];
