/**
 * Which deliveries of a channel may be acked with `multiple`. Delivery tags count 1, 2, 3, …; a tag may be acked
 * together with all below it only when everything below it is settled.
 */
export class AckTracker {
  /** Everything up to here is acked. */
  #ackedUpTo = 0;
  /** Settled and not acked yet, all above `#ackedUpTo`. */
  readonly #settled = new Set<number>();
  /** Acked one by one, above `#ackedUpTo`. */
  readonly #ackedAlone = new Set<number>();

  /** Marks a delivery as settled. */
  settle(tag: number): void {
    if (tag > this.#ackedUpTo && !this.#ackedAlone.has(tag)) this.#settled.add(tag);
  }

  /**
   * The highest tag that is not acked yet and below which everything is settled, if there is one since the last call.
   * Never a tag that was acked alone: the broker knows it no more, and would close the channel over it.
   */
  advance(): number | undefined {
    let highest: number | undefined;
    for (;;) {
      const tag = this.#ackedUpTo + 1;
      if (this.#settled.delete(tag)) highest = tag;
      else if (!this.#ackedAlone.delete(tag)) return highest;
      this.#ackedUpTo = tag;
    }
  }

  /** Settled deliveries above a gap, lowest first, to be acked one by one. From now on they count as acked. */
  takeBeyondGap(): number[] {
    const tags = [...this.#settled].sort((a, b) => a - b);
    this.#settled.clear();
    for (const tag of tags) this.#ackedAlone.add(tag);
    return tags;
  }
}
