/**
 * Lets many run together, or one alone: who asks to be alone waits for those that run, and holds back all others; each
 * of both for so long at most. Who is still there afterwards goes on beside them.
 */
export class ExclusiveLock {
  readonly #patienceMs: number;
  #running = 0;
  /** Those who want to be alone, one after the other. */
  #queue: Promise<void> = Promise.resolve();
  #quiet: (() => void) | undefined;

  /** @param patienceMs for ever where it is not set: alone is alone, from the first to the last moment. */
  constructor(patienceMs = Number.POSITIVE_INFINITY) {
    this.#patienceMs = patienceMs;
  }

  /** Runs beside others, but not beside one that is alone. */
  async shared<T>(work: () => Promise<T>): Promise<T> {
    await this.#queueEnds();
    return this.#counted(work);
  }

  /**
   * Runs when nothing else does.
   *
   * @param beforeOthers done before others come in while the work goes on; it never rejects.
   */
  exclusive<T>(work: () => Promise<T>, beforeOthers: () => Promise<void> = () => Promise.resolve()): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#queue = this.#queue.then(async () => {
      await this.#patiently(this.#untilQuiet());
      const run = this.#counted(work);
      run.then(resolve, reject);
      if (!(await this.#patiently(run))) await beforeOthers();
    });
    return promise;
  }

  async #counted<T>(work: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#quiet?.();
    }
  }

  /** Whether something ended, well or not, while it was waited for. */
  async #patiently(something: Promise<unknown>): Promise<boolean> {
    const ended = something.then(
      () => true,
      () => true,
    );
    if (this.#patienceMs === Number.POSITIVE_INFINITY) return ended;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, this.#patienceMs, false)));
    return Promise.race([ended, patience]).finally(() => {
      clearTimeout(timer);
    });
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
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => (this.#quiet = resolve));
  }
}
