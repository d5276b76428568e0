/**
 * Deliveries waiting for a batch. A batch never holds two deliveries of one key, nor one whose key is still in
 * another batch: copies of a message run one after the other, so that the later one finds what the earlier one did.
 */
export class BatchBuffer<T> {
  #waiting: T[] = [];
  readonly #busy = new Set<string>();
  readonly #keyOf: (item: T) => string;
  readonly #sizeOf: (item: T) => number;

  /** @param sizeOf the bytes of an item; a batch may be bounded by them. */
  constructor(keyOf: (item: T) => string, sizeOf: (item: T) => number = () => 0) {
    this.#keyOf = keyOf;
    this.#sizeOf = sizeOf;
  }

  /** Items that wait, those held back by a busy key included. */
  get size(): number {
    return this.#waiting.length;
  }

  add(item: T): void {
    this.#waiting.push(item);
  }

  /**
   * Takes the next batch, in order of arrival: at most `most` items and, beyond the first one, `mostBytes` bytes. Empty
   * when nothing can go now.
   */
  take(most: number, mostBytes = Number.POSITIVE_INFINITY): T[] {
    const batch: T[] = [];
    const rest: T[] = [];
    let bytes = 0;
    for (const [index, item] of this.#waiting.entries()) {
      bytes += this.#sizeOf(item);
      if (batch.length === most || (batch.length > 0 && bytes > mostBytes)) {
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

  /** Takes all that wait, whatever their keys, for somebody else. */
  takeAll(): T[] {
    return this.#waiting.splice(0);
  }

  /** Frees the keys of a batch that is done. */
  done(batch: readonly T[]): void {
    for (const item of batch) this.#busy.delete(this.#keyOf(item));
  }
}
