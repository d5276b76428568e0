import { setTimeout as delay } from 'node:timers/promises';
import type { Channel } from 'amqplib';
import type { Fault } from '@esteira/pipeline';
import { BatchBuffer } from './batch-buffer.ts';
import type { Broker } from './broker.ts';
import type { ConsumeOptions, Settlement } from './consumer.ts';
import { deliveryOf, type Delivery } from './delivery.ts';
import { withPermission } from './permissions.ts';
import { HELD_TOO_MUCH, MAX_HELD_BYTES, STOPPED, type Session } from './session.ts';
import { TakenBack } from './taken-back.ts';

/** What runs in sessions that ended, by key: it is not begun once more beside itself. */
export type StillRunning = Map<string, Promise<void>>;

/**
 * One stretch of consuming message by message. Up to `batchesInFlight` run at once, and each is acked by itself when it
 * is done, so that a slow one holds back nobody. Nor does it after a fault: the session stops taking, gives back what
 * has not begun, and keeps its channel for what runs; the next session begins meanwhile.
 */
export class EachSession implements Session {
  readonly fault: Promise<Fault>;

  readonly #channel: Channel;
  readonly #options: ConsumeOptions;
  readonly #prefetch: number;
  readonly #stillRunning: StillRunning;
  readonly #buffer: BatchBuffer<Delivery>;
  /** What runs now. */
  readonly #running = new Map<Promise<void>, Delivery>();
  /** What is to be given back once nothing more is delivered: the broker would hand it out again at once. */
  #returned: Delivery[] = [];
  readonly #end: (fault: Fault) => void;
  readonly #abandoned = Promise.withResolvers<undefined>();
  readonly #takenBack: TakenBack;
  #consumerTag = '';
  #heldBytes = 0;
  #hasAcked = false;
  #hasReturned = false;
  #taking = true;
  #isCancelled = false;
  #open = true;
  #leaving: Promise<void> | undefined;
  #over: Promise<void> | undefined;

  /** Opens a channel and starts to consume. */
  static async open(
    broker: Broker,
    options: ConsumeOptions,
    prefetch: number,
    stillRunning: StillRunning,
  ): Promise<EachSession> {
    const session = new EachSession(await broker.channel(), options, prefetch, stillRunning);
    try {
      await session.#begin();
    } catch (error) {
      throw withPermission(error, broker, 'read', `queue ${options.queue}`);
    }
    return session;
  }

  private constructor(channel: Channel, options: ConsumeOptions, prefetch: number, stillRunning: StillRunning) {
    this.#channel = channel;
    this.#options = options;
    this.#prefetch = prefetch;
    this.#stillRunning = stillRunning;
    this.#buffer = new BatchBuffer(options.keyOf);
    this.#takenBack = new TakenBack(options.queue, options.logger);
    const { promise, resolve } = Promise.withResolvers<Fault>();
    this.fault = promise;
    this.#end = (fault) => {
      this.#taking = false;
      resolve(fault);
    };
    let reason = 'the connection was lost, or RabbitMQ ended it';
    channel.once('error', (error: Error) => (reason = error.message));
    channel.once('close', () => {
      if (this.#open) this.#takenBack.tell(this.#running.values());
      this.#open = false;
      this.#end({ code: 'channel-closed', message: `The channel that consumed ${options.queue} closed: ${reason}` });
    });
  }

  async #begin(): Promise<void> {
    await this.#channel.prefetch(this.#prefetch);
    const { queue } = this.#options;
    const { consumerTag } = await this.#channel.consume(queue, (message) => {
      if (message !== null) {
        this.#take(deliveryOf(message));
        return;
      }
      this.#takenBack.tell(this.#running.values());
      const why = 'the queue was deleted, or (from 4.3 on) a message was held for longer than its consumer timeout';
      this.#end({ code: 'consumer-cancelled', message: `RabbitMQ cancelled the consumer of ${queue}: ${why}.` });
    });
    this.#consumerTag = consumerTag;
  }

  #take(delivery: Delivery): void {
    this.#heldBytes += delivery.body.byteLength;
    if (this.#heldBytes > MAX_HELD_BYTES && this.#prefetch > 1) {
      const message = `${this.#prefetch} messages ahead are more than ${MAX_HELD_BYTES} bytes; taking fewer at once.`;
      this.#end({ code: HELD_TOO_MUCH, message });
    }
    // Of one without an id nobody knows whether it is a copy.
    const earlier =
      delivery.messageId === undefined ? undefined : this.#stillRunning.get(this.#options.keyOf(delivery));
    if (earlier === undefined) this.#wait(delivery);
    else
      void earlier.then(() => {
        this.#wait(delivery);
      });
  }

  /** What comes when nothing is taken any more goes back. */
  #wait(delivery: Delivery): void {
    if (!this.#taking) this.#giveBack(delivery);
    else {
      this.#buffer.add(delivery);
      this.#startNext();
    }
  }

  #startNext(): void {
    while (this.#taking && this.#running.size < this.#options.batchesInFlight) {
      const [delivery] = this.#buffer.take(1);
      if (delivery === undefined) return;
      const run = this.#run(delivery).finally(() => {
        this.#running.delete(run);
        this.#buffer.done([delivery]);
        this.#heldBytes -= delivery.body.byteLength;
        this.#startNext();
      });
      this.#running.set(run, delivery);
    }
  }

  async #run(delivery: Delivery): Promise<void> {
    try {
      const [settlement] = await this.#options.handler([delivery], () => undefined);
      this.#settle(delivery, settlement);
    } catch (error) {
      const { queue, logger } = this.#options;
      logger.warn({ queue, err: error }, 'a message could not be handled; it is given back');
      this.#hasReturned = true;
      this.#end({ code: 'message-failed', message: (error as Error).message });
      this.#giveBack(delivery);
    }
  }

  #settle(delivery: Delivery, settlement: Settlement | undefined): void {
    if (settlement?.kind !== 'ack') {
      this.#hasReturned = true;
      this.#end(settlement?.fault ?? { code: 'unsettled', message: 'The handler did not settle its delivery.' });
      this.#giveBack(delivery);
    } else if (this.#open) {
      this.#hasAcked = true;
      this.#channel.ack(withTag(delivery));
    }
  }

  /** Others that were acked say nothing of one that came back: it is not to come at once, again and again. */
  get progressed(): boolean {
    return this.#hasAcked && !this.#hasReturned;
  }

  get isOver(): boolean {
    return !this.#open && this.#running.size === 0;
  }

  #giveBack(delivery: Delivery): void {
    if (!this.#isCancelled) this.#returned.push(delivery);
    else if (this.#open) this.#channel.nack(withTag(delivery), false, true);
  }

  async stop(withinMs: number): Promise<void> {
    this.#taking = false;
    const timer = new AbortController();
    await Promise.race([
      Promise.allSettled(this.#running.keys()),
      delay(withinMs, undefined, { signal: timer.signal }).catch(() => undefined),
    ]);
    timer.abort();
    this.#abandoned.resolve(undefined);
    this.#end({ code: STOPPED, message: 'The consumer was stopped.' });
    await this.leave();
    await this.#over;
  }

  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  /** Cancels, and gives back what has not begun. What runs is acked on its channel, which closes after the last. */
  async #leave(): Promise<void> {
    this.#taking = false;
    for (const [run, delivery] of this.#running) {
      if (delivery.messageId === undefined) continue;
      const key = this.#options.keyOf(delivery);
      const over = run.finally(() => this.#stillRunning.delete(key));
      this.#stillRunning.set(key, over);
    }
    try {
      if (this.#open) await this.#channel.cancel(this.#consumerTag);
    } catch (error) {
      this.#options.logger.debug({ queue: this.#options.queue, err: error }, 'the channel closed while giving back');
    }
    this.#isCancelled = true;
    for (const delivery of [...this.#buffer.takeAll(), ...this.#returned.splice(0)]) this.#giveBack(delivery);
    this.#over = this.#close();
  }

  async #close(): Promise<void> {
    await Promise.race([Promise.allSettled(this.#running.keys()), this.#abandoned.promise]);
    if (!this.#open) return;
    // From here on nothing is acked: what was not waited for is given back.
    this.#open = false;
    try {
      this.#channel.nackAll(true);
      await this.#channel.close();
    } catch (error) {
      // The channel went first: the broker gives everything back by itself.
      this.#options.logger.debug({ queue: this.#options.queue, err: error }, 'the channel closed while giving back');
    }
  }
}

const withTag = ({ tag }: Delivery) => ({ fields: { deliveryTag: tag } }) as Parameters<Channel['ack']>[0];
