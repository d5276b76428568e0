/** What still runs of messages whose session is over. Shared by all sessions of a queue, one after the other. */
export class StillRunning {
  /** Messages that were acked, in whatever session. */
  acked = 0;
  readonly #runs = new Set<Promise<void>>();
  /** Of a message without an id nobody knows whether another is its copy. */
  readonly #byKey = new Map<string, Promise<void>>();
  #afterEach: () => void = () => undefined;

  get size(): number {
    return this.#runs.size;
  }

  /** How many run beside some of them. */
  sizeBeside(some: ReadonlySet<Promise<void>>): number {
    return [...this.#runs].filter((run) => !some.has(run)).length;
  }

  /** @param key undefined where the message has no id. @param run never rejects. */
  add(run: Promise<void>, key: string | undefined): void {
    const over = run.then(() => {
      this.#runs.delete(over);
      if (key !== undefined) this.#byKey.delete(key);
      this.#afterEach();
    });
    this.#runs.add(over);
    if (key !== undefined) this.#byKey.set(key, over);
  }

  /** Resolves when an earlier copy is over; undefined where none runs. */
  copyOf(key: string | undefined): Promise<void> | undefined {
    return key === undefined ? undefined : this.#byKey.get(key);
  }

  /** Calls back after the end of each; in place of who asked before, since one session follows another. */
  afterEach(callback: () => void): void {
    this.#afterEach = callback;
  }
}
