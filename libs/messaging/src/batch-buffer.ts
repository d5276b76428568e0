/**
 * Deliveries waiting for a batch. A batch never holds two deliveries of one key, nor one whose key is still in
 * another batch: copies of a message run one after the other, so that the later one finds what the earlier one did.
 */
export class BatchBuffer<T> {
  #waiting: T[] = [];
  readonly #busy = new Set<string>();
  readonly #keyOf: (item: T) => string;

  constructor(keyOf: (item: T) => string) {
    this.#keyOf = keyOf;
  }

  /** Items that wait, those held back by a busy key included. */
  get size(): number {
    return this.#waiting.length;
  }

  add(item: T): void {
    this.#waiting.push(item);
  }

  /** Takes the next batch, in order of arrival; empty when nothing can go now. */
  take(most: number): T[] {
    const batch: T[] = [];
    const rest: T[] = [];
    for (const [index, item] of this.#waiting.entries()) {
      if (batch.length === most) {
        rest.push(...this.#waiting.slice(index));
        break;
      }
      const key = this.#keyOf(item);
      if (this.#busy.has(key)) rest.push(item);
      else {
        this.#busy.add(key);
        batch.push(item);
      }
    }
    this.#waiting = rest;
    return batch;
  }

  /** Frees the keys of a batch that is done. */
  done(batch: readonly T[]): void {
    for (const item of batch) this.#busy.delete(this.#keyOf(item));
  }
}
