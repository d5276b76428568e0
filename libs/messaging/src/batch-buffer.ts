import Denque from 'denque';

/**
 * Deliveries waiting for a batch. A batch never holds two deliveries of one key, nor one whose key is still in
 * another batch: copies of a message run one after the other, so that the later one finds what the earlier one did.
 * Each delivery costs the same, however many wait.
 */
export class BatchBuffer<T> {
  readonly #waiting = new Denque<T>();
  /** Those whose turn came while their key was busy, by key. */
  readonly #held = new Map<string, Denque<T>>();
  #heldCount = 0;
  /** Held no more: they came before all that wait. */
  readonly #freed = new Denque<T>();
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
    return this.#waiting.length + this.#freed.length + this.#heldCount;
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
    let bytes = 0;
    while (batch.length < most) {
      const queue = this.#freed.length > 0 ? this.#freed : this.#waiting;
      const item = queue.peekFront();
      if (item === undefined) break;
      const key = this.#keyOf(item);
      const isBusy = this.#busy.has(key);
      if (!isBusy) bytes += this.#sizeOf(item);
      if (batch.length > 0 && bytes > mostBytes) break;
      queue.shift();
      if (isBusy) this.#hold(key, item);
      else {
        this.#busy.add(key);
        batch.push(item);
      }
    }
    return batch;
  }

  #hold(key: string, item: T): void {
    const held = this.#held.get(key) ?? new Denque<T>();
    held.push(item);
    this.#held.set(key, held);
    this.#heldCount += 1;
  }

  /** Takes all that wait, whatever their keys, for somebody else. */
  takeAll(): T[] {
    const held = [...this.#held.values()].flatMap((items) => items.toArray());
    this.#held.clear();
    this.#heldCount = 0;
    const all = [...this.#freed.toArray(), ...held, ...this.#waiting.toArray()];
    this.#freed.clear();
    this.#waiting.clear();
    return all;
  }

  /** Frees the keys of a batch that is done: of those held back for one the first may go now. */
  done(batch: readonly T[]): void {
    for (const item of batch) {
      const key = this.#keyOf(item);
      this.#busy.delete(key);
      if (this.#heldCount > 0) this.#free(key);
    }
  }

  #free(key: string): void {
    const held = this.#held.get(key);
    const first = held?.shift();
    if (held === undefined || first === undefined) return;
    this.#freed.push(first);
    this.#heldCount -= 1;
    if (held.isEmpty()) this.#held.delete(key);
  }
}
