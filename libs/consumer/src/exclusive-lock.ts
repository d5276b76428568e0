/** Lets many run together, or one alone: who asks to be alone waits for those that run, and holds back all others. */
export class ExclusiveLock {
  #sharing = 0;
  /** Those who want to be alone, one after the other. */
  #queue: Promise<void> = Promise.resolve();
  #quiet: (() => void) | undefined;

  /** Runs beside others, but never beside one that is alone. */
  async shared<T>(work: () => Promise<T>): Promise<T> {
    await this.#queueEnds();
    this.#sharing += 1;
    try {
      return await work();
    } finally {
      this.#sharing -= 1;
      if (this.#sharing === 0) this.#quiet?.();
    }
  }

  /** Runs when nothing else does. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#queue.then(async () => {
      await this.#untilQuiet();
      return work();
    });
    this.#queue = run.then(
      () => undefined,
      () => undefined, // The one who asked hears of it; the next one runs all the same.
    );
    return run;
  }

  /** Waits for everyone who is, or wants to be, alone; also for those who came while it waited. */
  async #queueEnds(): Promise<void> {
    let seen: Promise<void>;
    do {
      seen = this.#queue;
      await seen;
    } while (seen !== this.#queue);
  }

  async #untilQuiet(): Promise<void> {
    if (this.#sharing === 0) return;
    await new Promise<void>((resolve) => (this.#quiet = resolve));
    this.#quiet = undefined;
  }
}
