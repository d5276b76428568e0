/**
 * Which deliveries of a channel may be acked with `multiple`. Delivery tags count 1, 2, 3, …; a tag may be acked
 * together with all below it only when everything below it is settled.
 */
export class AckTracker {
  #ackedUpTo = 0;
  readonly #settled = new Set<number>();

  /** Marks a delivery as settled. */
  settle(tag: number): void {
    if (tag > this.#ackedUpTo) this.#settled.add(tag);
  }

  /** The highest tag below which everything is settled, if it has risen since the last call. */
  advance(): number | undefined {
    let tag = this.#ackedUpTo;
    while (this.#settled.delete(tag + 1)) tag += 1;
    if (tag === this.#ackedUpTo) return undefined;
    this.#ackedUpTo = tag;
    return tag;
  }

  /** Settled deliveries above a gap: to be acked one by one when the channel ends before the gap closes. */
  get beyondGap(): readonly number[] {
    return [...this.#settled].sort((a, b) => a - b);
  }
}
