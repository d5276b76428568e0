import { limitsOf, waitAt, waited, type Patience, type PatienceLimits } from './patience.ts';

/** One that runs, and whether it was waited for long enough: nobody waits for it again. */
interface Run {
  outlasted: boolean;
}

/**
 * Lets many run together, or one alone: who asks to be alone waits for those that run, and holds back all others; each
 * of both for so long at most, and in all for so long. Who is still there afterwards goes on beside them, and is waited
 * for no more.
 */
export class ExclusiveLock {
  readonly #limits: PatienceLimits;
  #patience: Patience;
  readonly #running = new Set<Run>();
  /** Those who want to be alone, one after the other. */
  #queue: Promise<void> = Promise.resolve();
  #quiet: (() => void) | undefined;

  /** @param longestMs for ever where it is not set: alone is alone, from the first to the last moment. */
  constructor(longestMs = Number.POSITIVE_INFINITY) {
    this.#limits = limitsOf(longestMs);
    this.#patience = { leftMs: this.#limits.totalMs, at: performance.now() };
  }

  /** Runs beside others, but not beside one that is alone. */
  async shared<T>(work: () => Promise<T>): Promise<T> {
    await this.#queueEnds();
    return this.#counted(work, { outlasted: false });
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
      const alone = { outlasted: false };
      const run = this.#counted(work, alone);
      run.then(resolve, reject);
      if (!(await this.#patiently(run))) await beforeOthers();
    });
    return promise;
  }

  async #counted<T>(work: () => Promise<T>, run: Run): Promise<T> {
    this.#running.add(run);
    try {
      return await work();
    } finally {
      this.#running.delete(run);
      if (this.#isQuiet()) this.#quiet?.();
    }
  }

  /** Whether something ended, well or not, while it was waited for. If not, nobody waits again for what runs now. */
  async #patiently(something: Promise<unknown>): Promise<boolean> {
    const ended = something.then(
      () => true,
      () => true,
    );
    if (this.#limits.longestMs === Number.POSITIVE_INFINITY) return ended;
    const since = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const patienceMs = waitAt(this.#patience, since, this.#limits);
    const patience = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, patienceMs, false)));
    const inTime = await Promise.race([ended, patience]);
    clearTimeout(timer);
    const now = performance.now();
    this.#patience = waited(this.#patience, now - since, now, this.#limits);
    if (!inTime) for (const run of this.#running) run.outlasted = true;
    return inTime;
  }

  /** Waits for everyone who is, or wants to be, alone; also for those who came while it waited. */
  async #queueEnds(): Promise<void> {
    let seen: Promise<void>;
    do {
      seen = this.#queue;
      await seen;
    } while (seen !== this.#queue);
  }

  #isQuiet(): boolean {
    return [...this.#running].every(({ outlasted }) => outlasted);
  }

  async #untilQuiet(): Promise<void> {
    if (this.#isQuiet()) return;
    await new Promise<void>((resolve) => (this.#quiet = resolve));
  }
}
