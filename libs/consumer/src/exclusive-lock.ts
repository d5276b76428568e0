import { heldUp, leftAt, limitsOf, type Patience, type PatienceLimits } from './patience.ts';

/** One that runs, and whether it was waited for as long as anybody is: nobody waits for it again. */
interface Run {
  outlasted: boolean;
}

/** A time in which some are, or want to be, alone. */
interface Hold {
  readonly since: number;
  /** Resolves when others may come in. */
  readonly over: Promise<undefined>;
  /** Others have waited long enough: they come in, though some want to be alone. */
  isOver: boolean;
  readonly end: () => void;
}

/**
 * Lets many run together, or one alone: who asks to be alone waits for those that run, and holds back all others; each of
 * both for so long at most. Who is still there afterwards goes on beside them, and is waited for no more. Of those who
 * want to be alone one begins after the other, so that no two of them begin together; others are held back for so long in
 * all, and then come in beside them.
 */
export class ExclusiveLock {
  readonly #limits: PatienceLimits;
  #patience: Patience;
  readonly #running = new Set<Run>();
  /** Those who want to be alone, one after the other, and how many there are. */
  #queue: Promise<void> = Promise.resolve();
  #asking = 0;
  #hold: Hold | undefined;
  #quiet: (() => void) | undefined;

  /** @param longestMs for ever where it is not set: alone is alone, from the first to the last moment. */
  constructor(longestMs = Number.POSITIVE_INFINITY) {
    this.#limits = limitsOf(longestMs);
    this.#patience = { leftMs: this.#limits.totalMs, at: performance.now() };
  }

  /** Runs beside others, but not beside one that is alone. */
  async shared<T>(work: () => Promise<T>): Promise<T> {
    while (this.#hold !== undefined && !this.#hold.isOver) await this.#hold.over;
    return this.#counted(work, { outlasted: false });
  }

  /**
   * Runs when nothing else does.
   *
   * @param beforeOthers done before another may be alone while the work goes on; it never rejects.
   */
  exclusive<T>(work: () => Promise<T>, beforeOthers: () => Promise<void> = () => Promise.resolve()): Promise<T> {
    const hold = (this.#hold ??= this.#holdOthers());
    this.#asking += 1;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#queue = this.#queue.then(async () => {
      await this.#untilQuiet(hold);
      const alone = { outlasted: false };
      const run = this.#counted(work, alone);
      run.then(resolve, reject);
      if (!(await within(run, this.#limits.longestMs))) {
        alone.outlasted = true;
        await beforeOthers();
      }
      this.#asking -= 1;
      if (this.#asking === 0) this.#letIn(hold);
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

  #holdOthers(): Hold {
    const since = performance.now();
    const { promise: over, resolve } = Promise.withResolvers<undefined>();
    const leftMs = leftAt(this.#patience, since, this.#limits);
    const end = () => {
      hold.end();
    };
    const timer = leftMs === Number.POSITIVE_INFINITY ? undefined : setTimeout(end, leftMs);
    const hold: Hold = {
      ...{ since, over, isOver: false },
      end: () => {
        clearTimeout(timer);
        hold.isOver = true;
        resolve(undefined);
      },
    };
    return hold;
  }

  #letIn(hold: Hold): void {
    const now = performance.now();
    this.#patience = heldUp(this.#patience, now - hold.since, now, this.#limits);
    this.#hold = undefined;
    hold.end();
  }

  #isQuiet(): boolean {
    return [...this.#running].every(({ outlasted }) => outlasted);
  }

  async #untilQuiet(hold: Hold): Promise<void> {
    if (hold.isOver || this.#isQuiet()) return;
    const quiet = new Promise<void>((resolve) => (this.#quiet = resolve));
    const isQuiet = await within(Promise.race([quiet, hold.over]), this.#limits.longestMs);
    if (!isQuiet) for (const run of this.#running) run.outlasted = true;
  }
}

/** Whether something ended, well or not, in time. */
async function within(something: Promise<unknown>, ms: number): Promise<boolean> {
  const ended = something.then(
    () => true,
    () => true,
  );
  if (ms === Number.POSITIVE_INFINITY) return ended;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, ms, false)));
  return Promise.race([ended, late]).finally(() => {
    clearTimeout(timer);
  });
}
