import { setTimeout as delay } from 'node:timers/promises';
import { ExponentialBackoff, type IBackoff } from 'cockatiel';
import type { Fault } from '@esteira/pipeline';
import { BrokerUnavailable, type Broker } from './broker.ts';
import { ConsumeSession, PROBED } from './consume-session.ts';
import type { ConsumeOptions, Consumer, ConsumerState } from './consumer.ts';
import { EachSession } from './each-session.ts';
import { settledWithin } from './session-channel.ts';
import { HELD_TOO_MUCH, LEAVING_MS, STOPPED, type Session } from './session.ts';
import { StillRunning } from './still-running.ts';

/**
 * Consumes a queue until it is stopped. A batch closes when it is full or when nothing more is waiting, so a lone message
 * never waits for company. After a fault what is held is given back, and consuming starts again after a backoff; of
 * messages that are consumed each by itself, what runs goes on meanwhile.
 */
export function consume(broker: Broker, options: ConsumeOptions): Consumer {
  const loop = new ConsumeLoop(broker, options);
  loop.start();
  return loop;
}

/** How a session ends when nothing is wrong. */
const GOES_ON = new Set([HELD_TOO_MUCH, PROBED, STOPPED]);

const firstBackoff = () => new ExponentialBackoff({ initialDelay: 200, maxDelay: 10_000 }).next();

class ConsumeLoop implements Consumer {
  state: ConsumerState = { kind: 'connecting' };
  readonly #broker: Broker;
  readonly #options: ConsumeOptions;
  readonly #stopping = new AbortController();
  #session: Session | undefined;
  /** Sessions that ended while messages of theirs still run. */
  #left: Session[] = [];
  readonly #stillRunning = new StillRunning();
  #prefetch: number;
  #ended: Promise<void> = Promise.resolve();

  constructor(broker: Broker, options: ConsumeOptions) {
    this.#broker = broker;
    this.#options = options;
    this.#prefetch = options.prefetch;
  }

  start(): void {
    this.#ended = this.#run();
  }

  async #run(): Promise<void> {
    let backoff: IBackoff<unknown> = firstBackoff();
    // After a fault one message finds out whether things work again: each return of a message spends a delivery of it.
    let probing: boolean = false;
    while (!this.#stopping.signal.aborted) {
      const { fault, progressed } = await this.#oneSession(probing);
      if (this.#stopped()) break;
      if (progressed) backoff = firstBackoff();
      const worked = fault.code === PROBED && progressed;
      probing = !worked && fault.code !== HELD_TOO_MUCH;
      if (worked || this.#takesFewer(fault)) continue;
      this.state = { kind: 'backing-off', fault };
      const { queue, logger } = this.#options;
      logger.warn({ queue, fault, resumesInMs: backoff.duration }, 'not consuming; nothing is held');
      const { acked } = this.#stillRunning;
      await delay(backoff.duration, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      backoff = backoff.next(undefined);
      // What still ran, and was acked since, has found out that things work.
      probing &&= this.#stillRunning.acked === acked;
    }
    this.state = { kind: 'stopped' };
  }

  /** Large messages: with a quarter of the prefetch at once, and so on, until they fit. */
  #takesFewer(fault: Fault): boolean {
    if (fault.code !== HELD_TOO_MUCH) return false;
    this.#prefetch = Math.max(1, Math.floor(this.#prefetch / 4));
    const { queue, logger } = this.#options;
    logger.info({ queue, prefetch: this.#prefetch }, 'messages are large; taking fewer at once');
    return true;
  }

  /** A getter in words: TypeScript would take the loop's condition as settled for its whole body. */
  #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #oneSession(probing: boolean): Promise<{ fault: Fault; progressed: boolean }> {
    let session: Session | undefined;
    try {
      await this.#broker.untilConnected(this.#stopping.signal);
      await this.#options.ready?.();
      session = await this.#open(probing);
      this.#session = session;
      if (this.#stopped()) await session.stop(0);
      this.state = { kind: 'consuming' };
      const fault = await session.fault;
      // What runs of a batch is waited for, however long that takes; nothing is taken meanwhile.
      if (!GOES_ON.has(fault.code)) this.state = { kind: 'backing-off', fault };
      await session.leave();
      return { fault, progressed: session.progressed };
    } catch (error) {
      const code = error instanceof BrokerUnavailable ? 'broker-unavailable' : 'consume-failed';
      return { fault: { code, message: (error as Error).message }, progressed: false };
    } finally {
      await session?.leave();
      this.#left = [...this.#left, ...(session === undefined ? [] : [session])].filter(({ isOver }) => !isOver);
      this.#session = undefined;
    }
  }

  #open(probing: boolean): Promise<Session> {
    const prefetch = this.#prefetch;
    return this.#options.mode === 'each'
      ? EachSession.open(this.#broker, this.#options, {
          prefetch,
          stillRunning: this.#stillRunning,
          isProbing: probing,
        })
      : ConsumeSession.open(this.#broker, this.#options, prefetch, probing);
  }

  async stop(withinMs: number): Promise<void> {
    this.#stopping.abort();
    const sessions = this.#session === undefined ? this.#left : [...this.#left, this.#session];
    const left = sessions.map((session) => session.stop(withinMs));
    await settledWithin([...left, this.#ended], withinMs + LEAVING_MS);
  }
}
