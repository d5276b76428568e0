import { BatchBuffer } from './batch-buffer.ts';
import type { Broker } from './broker.ts';
import type { ConsumeOptions, Settlement } from './consumer.ts';
import type { Delivery } from './delivery.ts';
import { firstProbes, windowOf } from './intake-window.ts';
import { begun, SessionChannel, settledWithin } from './session-channel.ts';
import { HELD_TOO_MUCH, MAX_HELD_BYTES, STOPPED, type Session } from './session.ts';
import type { StillRunning } from './still-running.ts';

/** How long probes may run before more join them, in milliseconds: one that may run for hours holds back nobody. */
const PROBES_RUN_MS = 10_000;

/** How much is taken, and what earlier sessions have left. */
interface EachIntake {
  readonly prefetch: number;
  readonly stillRunning: StillRunning;
  readonly isProbing: boolean;
}

/**
 * One stretch of consuming message by message. Up to `batchesInFlight` run at once, and each is acked by itself when it
 * is done, so that a slow one holds back nobody. Nor does it after a fault: the session stops taking, gives back what
 * has not begun, and keeps its channel for what runs; the next session begins meanwhile.
 *
 * That one takes two messages, and all when one of them is acked. While they run, and none came back, twice as many join
 * them every now and then. So in an outage the others stay where they are: each return spends a delivery of a message.
 */
export class EachSession implements Session {
  readonly #channel: SessionChannel;
  readonly #options: ConsumeOptions;
  readonly #prefetch: number;
  readonly #stillRunning: StillRunning;
  readonly #buffer: BatchBuffer<Delivery>;
  /** What runs now. */
  readonly #running: Map<Promise<void>, Delivery>;
  /** What runs in earlier sessions, and has a copy here that waits for it. */
  readonly #copied = new Set<Promise<void>>();
  /** What is to be given back once nothing more is delivered: the broker would hand it out again at once. */
  #returned: Delivery[] = [];
  readonly #abandoned = Promise.withResolvers<undefined>();
  /** How many may be held: the prefetch of all consumers together. */
  #window = 0;
  #probes: number;
  #heldBytes = 0;
  #hasAcked = false;
  #hasReturned = false;
  #isCancelled = false;
  #leaving: Promise<void> | undefined;
  #over: Promise<void> | undefined;

  /** Opens a channel and starts to consume; to probe, a few messages until the first is acked. */
  static async open(broker: Broker, options: ConsumeOptions, intake: EachIntake): Promise<EachSession> {
    const running = new Map<Promise<void>, Delivery>();
    const { queue, logger } = options;
    const channel = await SessionChannel.open(broker, { queue, logger, inWork: () => running.values() });
    const session = new EachSession(channel, options, intake, running);
    return begun(broker, queue, session, () => session.#begin());
  }

  private constructor(
    channel: SessionChannel,
    options: ConsumeOptions,
    { prefetch, stillRunning, isProbing }: EachIntake,
    running: Map<Promise<void>, Delivery>,
  ) {
    this.#channel = channel;
    this.#options = options;
    this.#prefetch = prefetch;
    this.#stillRunning = stillRunning;
    this.#running = running;
    this.#probes = firstProbes(isProbing, options.batchesInFlight);
    this.#buffer = new BatchBuffer(options.keyOf);
  }

  async #begin(): Promise<void> {
    this.#stillRunning.afterEach(() => {
      this.#takeMore();
      this.#startNext();
    });
    await this.#widen();
    const more = setInterval(() => {
      if (!this.#channel.taking || !Number.isFinite(this.#probes)) {
        clearInterval(more);
        return;
      }
      this.#probes *= 2;
      this.#takeMore();
    }, PROBES_RUN_MS).unref();
  }

  /** Takes as many more as it may hold by now. */
  async #widen(): Promise<void> {
    if (!this.#channel.taking) return;
    const elsewhere = this.#stillRunning.sizeBeside(this.#copied);
    const more = windowOf({ prefetch: this.#prefetch, elsewhere, probes: this.#probes }) - this.#window;
    if (more <= 0) return;
    this.#window += more;
    await this.#channel.consume(more, (delivery) => {
      this.#take(delivery);
    });
  }

  /** Where the channel went, its end tells why. */
  #takeMore(): void {
    this.#widen().catch(() => undefined);
  }

  get fault() {
    return this.#channel.fault;
  }

  #take(delivery: Delivery): void {
    this.#heldBytes += delivery.body.byteLength;
    if (this.#heldBytes > MAX_HELD_BYTES && this.#window > 1) {
      const message = `${this.#window} messages ahead are more than ${MAX_HELD_BYTES} bytes; taking fewer at once.`;
      this.#channel.end({ code: HELD_TOO_MUCH, message });
    }
    const earlier = this.#stillRunning.copyOf(this.#nameOf(delivery));
    if (earlier === undefined) {
      this.#wait(delivery);
      return;
    }
    this.#copied.add(earlier);
    this.#takeMore();
    void earlier.then(() => {
      this.#wait(delivery);
    });
  }

  /** What its copies are known by. Of a message without an id nobody knows whether another is its copy. */
  #nameOf(delivery: Delivery): string | undefined {
    return delivery.messageId === undefined ? undefined : this.#options.keyOf(delivery);
  }

  /** What comes when nothing is taken any more goes back. */
  #wait(delivery: Delivery): void {
    if (!this.#channel.taking) this.#giveBack(delivery);
    else {
      this.#buffer.add(delivery);
      this.#startNext();
    }
  }

  #startNext(): void {
    const { batchesInFlight } = this.#options;
    while (this.#channel.taking && this.#running.size + this.#stillRunning.size < batchesInFlight) {
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
      this.#channel.end({ code: 'message-failed', message: (error as Error).message });
      this.#giveBack(delivery);
    }
  }

  #settle(delivery: Delivery, settlement: Settlement | undefined): void {
    if (settlement?.kind !== 'ack') {
      this.#hasReturned = true;
      this.#channel.end(
        settlement?.fault ?? { code: 'unsettled', message: 'The handler did not settle its delivery.' },
      );
      this.#giveBack(delivery);
    } else if (this.#channel.isOpen) {
      this.#hasAcked = true;
      this.#stillRunning.acked += 1;
      this.#channel.ack(delivery.tag);
      this.#probes = Number.POSITIVE_INFINITY;
      this.#takeMore();
    }
  }

  /** Others that were acked say nothing of one that came back: it is not to come at once, again and again. */
  get progressed(): boolean {
    return this.#hasAcked && !this.#hasReturned;
  }

  get isOver(): boolean {
    return !this.#channel.isOpen && this.#running.size === 0;
  }

  #giveBack(delivery: Delivery): void {
    if (!this.#isCancelled) this.#returned.push(delivery);
    else if (this.#channel.isOpen) this.#channel.giveBack(delivery.tag);
  }

  async stop(withinMs: number): Promise<void> {
    this.#channel.taking = false;
    await settledWithin(this.#running.keys(), withinMs);
    this.#abandoned.resolve(undefined);
    this.#channel.end({ code: STOPPED, message: 'The consumer was stopped.' });
    await this.leave();
    await this.#over;
  }

  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  /** Cancels, and gives back what has not begun. What runs is acked on its channel, which closes after the last. */
  async #leave(): Promise<void> {
    this.#channel.taking = false;
    for (const [run, delivery] of this.#running) this.#stillRunning.add(run, this.#nameOf(delivery));
    await this.#channel.cancel();
    this.#isCancelled = true;
    for (const delivery of [...this.#buffer.takeAll(), ...this.#returned.splice(0)]) this.#giveBack(delivery);
    this.#over = Promise.race([Promise.allSettled(this.#running.keys()), this.#abandoned.promise]).then(() =>
      this.#channel.close(),
    );
  }
}
