import type { CrashesCounted } from '@esteira/dead-letters';
import { heldUp, leftAt, limitsOf, type Patience, type PatienceLimits } from './patience.ts';
import { nextSuspect } from './suspicion.ts';

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

/** One that wants to be alone. */
interface Waiting {
  readonly crashes: CrashesCounted;
  /** Resolves when another may be alone. */
  readonly begin: () => Promise<void>;
}

const NO_CRASHES: CrashesCounted = { alone: 0, beside: 0 };

/**
 * Lets many run together, or one alone: who asks to be alone waits for those that run, and holds back all others; each of
 * both for so long at most. Who is still there afterwards goes on beside them, and is waited for no more. Of those who
 * want to be alone one begins after the other, so that no two of them begin together, and the most suspect of them first;
 * others are held back for so long in all, and then come in beside them.
 */
export class ExclusiveLock {
  readonly #limits: PatienceLimits;
  #patience: Patience;
  readonly #running = new Set<Run>();
  /** Those who want to be alone, and have not begun. */
  readonly #waiting: Waiting[] = [];
  /** What finds out whether somebody wants to. */
  readonly #lookUps = new Set<Promise<unknown>>();
  readonly #chance: () => number;
  #hold: Hold | undefined;
  #quiet: (() => void) | undefined;

  /**
   * @param longestMs for ever where it is not set: alone is alone, from the first to the last moment.
   * @param chance in [0, 1): decides among equals
   */
  constructor(longestMs = Number.POSITIVE_INFINITY, chance: () => number = Math.random) {
    this.#chance = chance;
    this.#limits = limitsOf(longestMs);
    this.#patience = { leftMs: this.#limits.totalMs, at: performance.now() };
  }

  /** Runs beside others, but not beside one that is alone. */
  async shared<T>(work: () => Promise<T>): Promise<T> {
    while (this.#hold !== undefined && !this.#hold.isOver) await this.#hold.over;
    return this.#counted(work, { outlasted: false });
  }

  /** Finds out whether somebody wants to be alone. Who is alone next is chosen when that is known of all that came by then. */
  async lookUp<T>(work: () => Promise<T>): Promise<T> {
    const looking = work();
    this.#lookUps.add(looking);
    try {
      return await looking;
    } finally {
      this.#lookUps.delete(looking);
    }
  }

  /**
   * Runs when nothing else does.
   *
   * @param beforeOthers done before another may be alone while the work goes on; it never rejects.
   * @param crashes of what wants to be alone: who has the most comes first
   */
  exclusive<T>(
    work: () => Promise<T>,
    beforeOthers: () => Promise<void> = () => Promise.resolve(),
    crashes = NO_CRASHES,
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const begin = async () => {
      const alone = { outlasted: false };
      const run = this.#counted(work, alone);
      run.then(resolve, reject);
      if (await within(run, this.#limits.longestMs)) return;
      alone.outlasted = true;
      await beforeOthers();
    };
    this.#waiting.push({ crashes, begin });
    if (this.#hold === undefined) void this.#oneAfterTheOther((this.#hold = this.#holdOthers()));
    return promise;
  }

  async #oneAfterTheOther(hold: Hold): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#untilQuiet(hold);
      await this.#untilLookedUp();
      const suspects = this.#waiting.map(({ crashes }) => crashes);
      const [next] = this.#waiting.splice(nextSuspect(suspects, this.#chance()), 1);
      await next?.begin();
    }
    this.#letIn(hold);
  }

  async #untilLookedUp(): Promise<void> {
    if (this.#lookUps.size === 0) return;
    await Promise.allSettled(this.#lookUps);
    // Whoever wants to be alone asks for it as soon as that is found.
    await new Promise(setImmediate);
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
