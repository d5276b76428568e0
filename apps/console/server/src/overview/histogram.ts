/** How many values were at most so large, by the upper bounds, ascending; the last bound is Infinity. */
export type Buckets = readonly { readonly bound: number; readonly count: number }[];

/** The buckets of a histogram in metrics in Prometheus' text format, those of all its labels added up. Pure. */
export function bucketsIn(metrics: string, histogram: string): Buckets {
  const counts = new Map<number, number>();
  for (const [, le = '', count] of metrics.matchAll(bucketOf(histogram))) {
    const bound = le === '+Inf' ? Infinity : Number(le);
    counts.set(bound, (counts.get(bound) ?? 0) + Number(count));
  }
  return [...counts].map(([bound, count]) => ({ bound, count })).sort((one, other) => one.bound - other.bound);
}

const bucketOf = (histogram: string) => new RegExp(`^${histogram}_bucket\\{[^}]*le="([^"]+)"[^}]*\\} (\\d+)`, 'gm');

const countAt = (buckets: Buckets, at: number): number => buckets.find(({ bound }) => bound === at)?.count ?? 0;

/** Several histograms with the same bounds as one. Pure. */
export function inAll(some: readonly Buckets[]): Buckets {
  const bounds = [...new Set(some.flatMap((buckets) => buckets.map(({ bound }) => bound)))].sort((a, b) => a - b);
  return bounds.map((bound) => ({ bound, count: some.reduce((sum, buckets) => sum + countAt(buckets, bound), 0) }));
}

/** How many values there are. */
export const countOf = (buckets: Buckets): number => buckets.at(-1)?.count ?? 0;

/**
 * A quantile as Prometheus estimates it: values are taken to lie evenly in their bucket, and what is beyond the largest
 * bound to be as large as that. Null where there are no values. Pure.
 */
export function quantileOf(buckets: Buckets, share: number): number | null {
  const rank = share * countOf(buckets);
  if (rank <= 0) return null;
  let below = { bound: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= rank) {
      if (bucket.bound === Infinity) return below.bound;
      return below.bound + ((bucket.bound - below.bound) * (rank - below.count)) / (bucket.count - below.count);
    }
    below = bucket;
  }
  return below.bound;
}

/** Over how long values are looked at, in milliseconds. */
const WINDOW_MS = 60_000;

/** What came to histograms lately. One that shrinks (its process was started again) begins anew. */
export class Lately {
  readonly #samples = new Map<string, { at: number; buckets: Buckets }[]>();

  /** Remembers a histogram, and answers what came to it within the last minute, as far as it was looked at. */
  add(name: string, buckets: Buckets, at: number): Buckets {
    const grown = (sample: { buckets: Buckets }) =>
      sample.buckets.every(({ bound, count }) => count <= countAt(buckets, bound));
    const known = (this.#samples.get(name) ?? []).filter(grown);
    // One sample from before the window stays: it is where the window begins.
    const firstInside = known.findIndex((sample) => sample.at >= at - WINDOW_MS);
    const kept = firstInside < 0 ? known.slice(-1) : known.slice(Math.max(0, firstInside - 1));
    const samples = kept.at(-1)?.at === at ? kept : [...kept, { at, buckets }];
    this.#samples.set(name, samples);
    const before = samples[0]?.buckets ?? buckets;
    return buckets.map(({ bound, count }) => ({ bound, count: count - countAt(before, bound) }));
  }
}
