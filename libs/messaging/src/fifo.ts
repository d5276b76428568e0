/** So many places at the front are left empty before the rest moves up. */
const MOST_EMPTY = 64;

/**
 * First in, first out. To add and to take cost the same however much waits: what is left moves up only when at least as
 * much has been taken.
 */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** What comes next, and stays. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  /** Takes what comes next. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head > MOST_EMPTY && this.#head >= this.size) this.#moveUp();
    return item;
  }

  /** Takes all. */
  drain(): T[] {
    this.#moveUp();
    return this.#items.splice(0) as T[];
  }

  #moveUp(): void {
    this.#items.splice(0, this.#head);
    this.#head = 0;
  }
}
