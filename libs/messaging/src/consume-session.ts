import { AckTracker } from './ack-tracker.ts';
import { BatchBuffer } from './batch-buffer.ts';
import type { Broker } from './broker.ts';
import type { ConsumeOptions, Settlement } from './consumer.ts';
import type { Delivery } from './delivery.ts';
import { begun, SessionChannel, settledWithin } from './session-channel.ts';
import { HELD_TOO_MUCH, MAX_HELD_BYTES, STOPPED, type Session } from './session.ts';

/** What goes into one batch, in bytes: its statements must fit into a string several times over. */
const MAX_BATCH_BYTES = 16 * 2 ** 20;
/** How long a delivery that is done waits for the others of its batch, in milliseconds: one ack is for all, mostly. */
const DONE_WAITS_MS = 1_000;
/** No fault: what a probe ends with. */
export const PROBED = 'probed';

/** One stretch of consuming in batches. */
export class ConsumeSession implements Session {
  progressed = false;

  readonly #channel: SessionChannel;
  readonly #probing: boolean;
  readonly #prefetch: number;
  readonly #options: ConsumeOptions;
  readonly #buffer: BatchBuffer<Delivery>;
  readonly #acks = new AckTracker();
  /** The batches that are handled now. */
  readonly #running: Map<Promise<void>, readonly Delivery[]>;
  #starting = false;
  /** Resolves when the time to finish is over: what is still being handled is given back too. */
  readonly #abandoned = Promise.withResolvers<undefined>();
  #closing: Promise<void> | undefined;
  /** Bytes of the deliveries that are held: waiting, or being handled. */
  #heldBytes = 0;

  /** Opens a channel and starts to consume; to probe, one message at a time until the first is settled. */
  static async open(
    broker: Broker,
    options: ConsumeOptions,
    prefetch: number,
    probing = false,
  ): Promise<ConsumeSession> {
    const running = new Map<Promise<void>, readonly Delivery[]>();
    const { queue, logger } = options;
    const channel = await SessionChannel.open(broker, { queue, logger, inWork: () => [...running.values()].flat() });
    const session = new ConsumeSession(channel, options, { prefetch, probing }, running);
    return begun(broker, queue, session, () => session.#begin());
  }

  private constructor(
    channel: SessionChannel,
    options: ConsumeOptions,
    { prefetch, probing }: { readonly prefetch: number; readonly probing: boolean },
    running: Map<Promise<void>, readonly Delivery[]>,
  ) {
    this.#probing = probing;
    this.#prefetch = probing ? 1 : prefetch;
    this.#channel = channel;
    this.#options = options;
    this.#running = running;
    this.#buffer = new BatchBuffer(options.keyOf, ({ body }) => body.byteLength);
  }

  async #begin(): Promise<void> {
    const take = (delivery: Delivery) => {
      this.#take(delivery);
    };
    await this.#channel.consume(this.#prefetch, take, () => {
      this.#giveBackWaiting();
    });
  }

  get fault() {
    return this.#channel.fault;
  }

  /** What no batch has taken need not wait for those that run: a cancelled consumer holds it for nothing. */
  #giveBackWaiting(): void {
    for (const { tag } of this.#buffer.takeAll()) this.#channel.giveBack(tag);
  }

  #take(delivery: Delivery): void {
    this.#heldBytes += delivery.body.byteLength;
    if (this.#heldBytes > MAX_HELD_BYTES && this.#prefetch > 1) {
      const message = `${this.#prefetch} messages ahead are more than ${MAX_HELD_BYTES} bytes; taking fewer at once.`;
      this.#channel.end({ code: HELD_TOO_MUCH, message });
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
    while (this.#channel.taking && this.#running.size < this.#options.batchesInFlight) {
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
      if (this.#probing)
        this.#channel.end({ code: PROBED, message: 'A message went through: consuming goes on in full.' });
      else this.#ackSettled();
    } catch (error) {
      this.#options.logger.warn(
        { queue: this.#options.queue, err: error },
        'a batch could not be handled; it is given back',
      );
      this.#channel.end({ code: 'batch-failed', message: (error as Error).message });
    } finally {
      clearInterval(late);
    }
  }

  #settle(delivery: Delivery, settlement: Settlement | undefined): void {
    if (settlement?.kind === 'ack') this.#acks.settle(delivery.tag);
    else
      this.#channel.end(settlement?.fault ?? { code: 'unsettled', message: 'The handler settled too few deliveries.' });
  }

  #ackSettled(): void {
    const upTo = this.#acks.advance();
    if (upTo === undefined || !this.#channel.isOpen) return;
    this.progressed = true;
    this.#channel.ack(upTo, true);
  }

  /** Also what lies above a delivery that is not settled: one by one, since an ack for several never reaches across it. */
  #ackBeyondGap(): void {
    this.#ackSettled();
    if (!this.#channel.isOpen) return;
    for (const tag of this.#acks.takeBeyondGap()) {
      this.progressed = true;
      this.#channel.ack(tag);
    }
  }

  get isOver(): boolean {
    return !this.#channel.isOpen;
  }

  async stop(withinMs: number): Promise<void> {
    this.#channel.taking = false;
    await settledWithin(this.#running.keys(), withinMs);
    this.#abandoned.resolve(undefined);
    this.#channel.end({ code: STOPPED, message: 'The consumer was stopped.' });
  }

  /** Cancels, waits for batches in flight, acks what is settled beyond a gap, gives back the rest, closes. */
  leave(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#channel.taking = false;
    await this.#channel.cancel();
    // Also when the channel is gone: the next session is given the same messages, and must not run beside this one.
    await Promise.race([Promise.allSettled(this.#running.keys()), this.#abandoned.promise]);
    await this.#channel.close(() => {
      this.#ackBeyondGap();
    });
  }
}
