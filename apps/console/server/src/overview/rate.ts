/** Over how long a rate is taken, in milliseconds: long enough for a number that stands still while work is steady. */
const WINDOW_MS = 5_000;

/** How fast counters grow. A counter that shrinks (its process was started again) begins anew. */
export class Rates {
  readonly #samples = new Map<string, { at: number; count: number }[]>();

  /** Remembers a count and answers its growth per second, rounded to a tenth; 0 until there are two counts. */
  add(name: string, count: number, at: number): number {
    const known = (this.#samples.get(name) ?? []).filter((sample) => sample.count <= count);
    // One sample from before the window stays: it is where the window begins.
    const firstInside = known.findIndex((sample) => sample.at >= at - WINDOW_MS);
    const kept = firstInside < 0 ? known.slice(-1) : known.slice(Math.max(0, firstInside - 1));
    const samples = kept.at(-1)?.at === at ? kept : [...kept, { at, count }];
    this.#samples.set(name, samples);
    const first = samples[0];
    if (first === undefined || first.at === at) return 0;
    return Math.round((10_000 * (count - first.count)) / (at - first.at)) / 10;
  }
}
