import FlatQueue from 'flatqueue';
import type { Instant } from './instant.ts';

/** Entries that no longer count are swept out when they are more than those that do, and more than this. */
const FEW = 1_024;

/**
 * When each schedule is due next, the earliest first. flatqueue keeps numbers and keys in two flat arrays: no object a
 * schedule, no comparison by a callback. It can't move what is in it, so an entry that was replaced or removed stays
 * until it comes up, and the map says which ones count. About a µs an operation; 100,000 schedules take 7 MB beside their ids.
 */
export class DueHeap<Key = string> {
  readonly #heap = new FlatQueue<Key>();
  readonly #dueAt = new Map<Key, Instant>();

  /** How many schedules are in it. */
  get size(): number {
    return this.#dueAt.size;
  }

  /** Says when a schedule is due next, whatever was said before. */
  set(key: Key, dueAt: Instant): void {
    if (this.#dueAt.get(key) === dueAt) return;
    this.#dueAt.set(key, dueAt);
    this.#heap.push(key, dueAt);
    this.#sweep();
  }

  /** Forgets a schedule. One that is not in it is fine. */
  delete(key: Key): void {
    if (this.#dueAt.delete(key)) this.#sweep();
  }

  /** When the next schedule is due; null when none is in it. */
  nextAt(): Instant | null {
    this.#dropReplaced();
    return this.#heap.peekValue() ?? null;
  }

  /** Takes out the schedules that are due at `now`, the earliest first, at most `limit`. */
  takeDue(now: Instant, limit: number): Key[] {
    const due: Key[] = [];
    for (let at = this.nextAt(); at !== null && at <= now && due.length < limit; at = this.nextAt()) {
      const key = this.#heap.pop();
      if (key === undefined) break;
      this.#dueAt.delete(key);
      due.push(key);
    }
    return due;
  }

  #dropReplaced(): void {
    for (let key = this.#heap.peek(); key !== undefined; key = this.#heap.peek()) {
      if (this.#dueAt.get(key) === this.#heap.peekValue()) return;
      this.#heap.pop();
    }
  }

  #sweep(): void {
    if (this.#heap.length <= 2 * this.#dueAt.size + FEW) return;
    this.#heap.clear();
    for (const [key, dueAt] of this.#dueAt) this.#heap.push(key, dueAt);
    this.#heap.shrink();
  }
}
