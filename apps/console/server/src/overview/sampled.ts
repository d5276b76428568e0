import { within } from '@esteira/http';
import { explained } from '../explained.ts';

/** What a question may cost its server: a share of the time. One that takes 50 ms is asked every second at most. */
const SHARE = 0.05;
/**
 * The longest a question waits after a slow answer, in milliseconds. How long an answer took tells what it cost only where
 * the machine is idle: on a busy one, one that took 1.5 s would be shown for half a minute, as if it were of now.
 */
const LONGEST_PAUSE_MS = 5_000;
/** The longest an answer may take, in milliseconds. */
const TIMEOUT_MS = 3_000;

/** The last answer to a question that is asked again and again. A question without an answer keeps the one before. */
export interface Sample<T> {
  readonly value: T | undefined;
  /** When `value` was asked for, ISO 8601. */
  readonly asOf: string | undefined;
  /** Why there was no answer the last time; undefined where there was. */
  readonly error: string | undefined;
  /** Since when it is answered, or not answered, ISO 8601; undefined before the first time. */
  readonly since: string | undefined;
}

/** A question to one server. It fails alone, and a slow answer makes it ask less often. */
export class Sampled<T> implements Sample<T> {
  value: T | undefined;
  asOf: string | undefined;
  error: string | undefined;
  since: string | undefined;
  readonly #ask: () => Promise<T>;
  #asking: Promise<void> | undefined;
  /** Whether its server is still at work: what was given up on after three seconds may go on for longer. */
  #isOpen = false;
  #answeredAt = -Infinity;
  /** How long the last answer took, in milliseconds. */
  #tookMs = 0;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  /**
   * Asks where it is time to. Resolves when there is an answer, or none within three seconds; never rejects.
   *
   * @param longestPauseMs how long it may wait after a slow answer
   */
  refresh(longestPauseMs = LONGEST_PAUSE_MS): Promise<void> {
    const due = this.#answeredAt + Math.min(this.#tookMs / SHARE, longestPauseMs);
    if (this.#asking === undefined && (this.#isOpen || performance.now() < due)) return Promise.resolve();
    return (this.#asking ??= this.#refreshed().finally(() => (this.#asking = undefined)));
  }

  async #refreshed(): Promise<void> {
    const started = performance.now();
    const asOf = new Date().toISOString();
    try {
      this.value = await within(TIMEOUT_MS, this.#answer());
      this.asOf = asOf;
      this.#turn(undefined);
      this.#answeredAt = performance.now();
      this.#tookMs = this.#answeredAt - started;
    } catch (error) {
      this.#turn(explained(error));
    }
  }

  async #answer(): Promise<T> {
    this.#isOpen = true;
    try {
      return await this.#ask();
    } finally {
      this.#isOpen = false;
    }
  }

  #turn(error: string | undefined): void {
    if (this.since === undefined || (error === undefined) !== (this.error === undefined)) {
      this.since = new Date().toISOString();
    }
    this.error = error;
  }
}
