import { bulkhead } from 'cockatiel';

/** An attempt that has begun: what it comes to, and when the handler is done with it (later, if it ran out of time). */
export interface Begun<T> {
  readonly outcome: Promise<T>;
  readonly over: Promise<unknown>;
}

/** Lets attempts begin: at most so many at once, over all batches, and none after the stop. */
export class AttemptSlots {
  /** Fires when attempts that still run are not waited for any longer. */
  readonly cut: AbortSignal;
  /** The most attempts at once; where there is no limit a batch begins all at once. */
  readonly concurrency: number;
  readonly #cut = new AbortController();
  readonly #bulkhead;
  #stopping = false;

  constructor(concurrency = Number.POSITIVE_INFINITY) {
    this.concurrency = concurrency;
    this.cut = this.#cut.signal;
    this.#bulkhead = bulkhead(concurrency, Number.POSITIVE_INFINITY);
  }

  /** Runs `begin` when a slot is free; undefined where the stop came first. A slot is taken until the handler is done. */
  run<T>(begin: () => Begun<T>): Promise<T | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
    const inSlot = async () => {
      if (this.#stopping) {
        resolve(undefined);
        return;
      }
      const { outcome, over } = begin();
      outcome.then(resolve, reject);
      await over;
    };
    this.#bulkhead.execute(inSlot).catch(reject);
    return promise;
  }

  /** From now on nothing begins. What runs may go on for `graceMs`. */
  stop(graceMs: number): void {
    this.#stopping = true;
    setTimeout(() => {
      this.#cut.abort();
    }, graceMs).unref();
  }
}
