import { setTimeout as delay } from 'node:timers/promises';
import type { Channel } from 'amqplib';
import type { Fault } from '@esteira/pipeline';
import { AckTracker } from './ack-tracker.ts';
import { BatchBuffer } from './batch-buffer.ts';
import type { Broker } from './broker.ts';
import type { ConsumeOptions, Settlement } from './consumer.ts';
import { deliveryOf, type Delivery } from './delivery.ts';
import { withPermission } from './permissions.ts';
import { HELD_TOO_MUCH, MAX_HELD_BYTES, STOPPED, type Session } from './session.ts';
import { TakenBack } from './taken-back.ts';

/** What goes into one batch, in bytes: its statements must fit into a string several times over. */
const MAX_BATCH_BYTES = 16 * 2 ** 20;
/** How long a delivery that is done waits for the others of its batch, in milliseconds: one ack is for all, mostly. */
const DONE_WAITS_MS = 1_000;
/** No fault: what a probe ends with. */
export const PROBED = 'probed';

/** One stretch of consuming in batches. */
export class ConsumeSession implements Session {
  readonly fault: Promise<Fault>;
  progressed = false;

  readonly #channel: Channel;
  readonly #probing: boolean;
  readonly #prefetch: number;
  readonly #options: ConsumeOptions;
  readonly #buffer: BatchBuffer<Delivery>;
  readonly #acks = new AckTracker();
  /** The batches that are handled now. */
  readonly #running = new Map<Promise<void>, readonly Delivery[]>();
  readonly #end: (fault: Fault) => void;
  #consumerTag = '';
  #starting = false;
  #taking = true;
  /** Resolves when the time to finish is over: what is still being handled is given back too. */
  readonly #abandoned = Promise.withResolvers<undefined>();
  #closing: Promise<void> | undefined;
  #open = true;
  readonly #takenBack: TakenBack;
  /** Bytes of the deliveries that are held: waiting, or being handled. */
  #heldBytes = 0;

  /** Opens a channel and starts to consume; to probe, one message at a time until the first is settled. */
  static async open(
    broker: Broker,
    options: ConsumeOptions,
    prefetch: number,
    probing = false,
  ): Promise<ConsumeSession> {
    const session = new ConsumeSession(await broker.channel(), options, prefetch, probing);
    try {
      await session.#begin();
    } catch (error) {
      throw withPermission(error, broker, 'read', `queue ${options.queue}`);
    }
    return session;
  }

  private constructor(channel: Channel, options: ConsumeOptions, prefetch: number, probing: boolean) {
    this.#probing = probing;
    this.#prefetch = probing ? 1 : prefetch;
    this.#channel = channel;
    this.#options = options;
    this.#buffer = new BatchBuffer(options.keyOf, ({ body }) => body.byteLength);
    const { promise, resolve } = Promise.withResolvers<Fault>();
    this.fault = promise;
    this.#end = (fault) => {
      this.#taking = false;
      resolve(fault);
    };
    this.#takenBack = new TakenBack(options.queue, options.logger);
    let reason = 'the connection was lost, or RabbitMQ ended it';
    channel.once('error', (error: Error) => (reason = error.message));
    channel.once('close', () => {
      if (this.#open) this.#takenBack.tell([...this.#running.values()].flat());
      this.#open = false;
      this.#end({ code: 'channel-closed', message: `The channel that consumed ${options.queue} closed: ${reason}` });
    });
  }

  async #begin(): Promise<void> {
    await this.#channel.prefetch(this.#prefetch);
    const { consumerTag } = await this.#channel.consume(this.#options.queue, (message) => {
      if (message === null) {
        this.#end({
          code: 'consumer-cancelled',
          message: `RabbitMQ cancelled the consumer of ${this.#options.queue}: the queue was deleted, or (from 4.3 on) a message was held for longer than its consumer timeout.`,
        });
        this.#takenBack.tell([...this.#running.values()].flat());
        this.#giveBackWaiting();
        return;
      }
      this.#take(deliveryOf(message));
    });
    this.#consumerTag = consumerTag;
  }

  /** What no batch has taken need not wait for those that run: a cancelled consumer holds it for nothing. */
  #giveBackWaiting(): void {
    for (const { tag } of this.#buffer.takeAll())
      this.#channel.nack({ fields: { deliveryTag: tag } } as Parameters<Channel['nack']>[0], false, true);
  }

  #take(delivery: Delivery): void {
    this.#heldBytes += delivery.body.byteLength;
    if (this.#heldBytes > MAX_HELD_BYTES && this.#prefetch > 1) {
      const message = `${this.#prefetch} messages ahead are more than ${MAX_HELD_BYTES} bytes; taking fewer at once.`;
      this.#end({ code: HELD_TOO_MUCH, message });
      return;
    }
    this.#buffer.add(delivery);
    this.#startSoon();
  }

  /** Starts batches once everything that the socket brought has been taken in. */
  #startSoon(): void {
    if (this.#starting) return;
    this.#starting = true;
    setImmediate(() => {
      this.#starting = false;
      this.#startBatches();
    });
  }

  #startBatches(): void {
    while (this.#taking && this.#running.size < this.#options.batchesInFlight) {
      const batch = this.#buffer.take(this.#options.batchSize, MAX_BATCH_BYTES);
      if (batch.length === 0) return;
      const run = this.#runBatch(batch).finally(() => {
        this.#running.delete(run);
        this.#buffer.done(batch);
        for (const { body } of batch) this.#heldBytes -= body.byteLength;
        if (this.#buffer.size > 0) this.#startBatches();
      });
      this.#running.set(run, batch);
    }
  }

  async #runBatch(batch: readonly Delivery[]): Promise<void> {
    let late: NodeJS.Timeout | undefined;
    try {
      const settlements = await this.#options.handler(batch, (done) => {
        for (const { tag } of done) this.#acks.settle(tag);
        // A probe's ack would make the broker hand out the next message.
        if (!this.#probing)
          late ??= setInterval(() => {
            this.#ackBeyondGap();
          }, DONE_WAITS_MS).unref();
      });
      for (const [index, delivery] of batch.entries()) this.#settle(delivery, settlements[index]);
      // A probe is acked once the consumer is cancelled: an ack would make the broker hand out the next message first.
      if (this.#probing) this.#end({ code: PROBED, message: 'A message went through: consuming goes on in full.' });
      else this.#ackSettled();
    } catch (error) {
      this.#options.logger.warn(
        { queue: this.#options.queue, err: error },
        'a batch could not be handled; it is given back',
      );
      this.#end({ code: 'batch-failed', message: (error as Error).message });
    } finally {
      clearInterval(late);
    }
  }

  #settle(delivery: Delivery, settlement: Settlement | undefined): void {
    if (settlement?.kind === 'ack') this.#acks.settle(delivery.tag);
    else this.#end(settlement?.fault ?? { code: 'unsettled', message: 'The handler settled too few deliveries.' });
  }

  #ackSettled(): void {
    const upTo = this.#acks.advance();
    if (upTo === undefined || !this.#open) return;
    this.progressed = true;
    this.#ack(upTo, true);
  }

  /** Also what lies above a delivery that is not settled: one by one, since an ack for several never reaches across it. */
  #ackBeyondGap(): void {
    this.#ackSettled();
    if (!this.#open) return;
    for (const tag of this.#acks.takeBeyondGap()) {
      this.progressed = true;
      this.#ack(tag, false);
    }
  }

  #ack(tag: number, allUpTo: boolean): void {
    this.#channel.ack({ fields: { deliveryTag: tag } } as Parameters<Channel['ack']>[0], allUpTo);
  }

  get isOver(): boolean {
    return !this.#open;
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
  }

  /** Cancels, waits for batches in flight, acks what is settled beyond a gap, gives back the rest, closes. */
  leave(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#taking = false;
    try {
      if (this.#open) await this.#channel.cancel(this.#consumerTag);
      // Also when the channel is gone: the next session is given the same messages, and must not run beside this one.
      await Promise.race([Promise.allSettled(this.#running.keys()), this.#abandoned.promise]);
      if (!this.#open) return;
      this.#ackBeyondGap();
      // From here on nothing is acked: what a batch that was not waited for calls done has been given back.
      this.#open = false;
      this.#channel.nackAll(true);
      await this.#channel.close();
    } catch (error) {
      // The channel went first: the broker gives everything back by itself.
      this.#options.logger.debug({ queue: this.#options.queue, err: error }, 'the channel closed while giving back');
    }
  }
}
