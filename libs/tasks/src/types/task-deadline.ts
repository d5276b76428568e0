/** The longest that a timer takes, in milliseconds. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** The time that an attempt has: it ends with the task's own limit, or when the worker ends it. */
export class TaskDeadline {
  /** Whether the task's own limit has passed. */
  passed = false;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #worker: AbortSignal;
  readonly #onWorker = (): void => {
    this.#controller.abort(this.#worker.reason);
  };

  /** @param worker fires when the worker ends the attempt. */
  constructor(timeoutMs: number, worker: AbortSignal) {
    this.#worker = worker;
    this.#timer = setTimeout(
      () => {
        this.passed = true;
        this.#controller.abort();
      },
      Math.min(timeoutMs, LONGEST_TIMER_MS),
    );
    worker.addEventListener('abort', this.#onWorker, { once: true });
    if (worker.aborted) this.#onWorker();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Lets go of the timer: nobody waits for the end any more. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#worker.removeEventListener('abort', this.#onWorker);
  }
}
