import { Histogram, type Registry } from 'prom-client';

/** What a histogram is made of. */
export interface TalliedHistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  /** Upper bounds, ascending. */
  readonly buckets: readonly number[];
  readonly register: Registry;
}

/** The values of one combination of labels. */
export class Tally {
  readonly #bounds: readonly number[];
  /** How many values came to each bucket; the last is for those beyond all bounds. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  add(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? 0)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}

/**
 * A histogram for a value of every message. prom-client looks up the labels of each value, which takes a microsecond;
 * here that is done once, and a value is an addition.
 */
export class TalliedHistogram extends Histogram {
  readonly #options: TalliedHistogramOptions;
  readonly #tallies = new Map<string, { readonly labels: Readonly<Record<string, string>>; readonly tally: Tally }>();

  constructor(options: TalliedHistogramOptions) {
    const { name, help, labelNames, buckets, register } = options;
    super({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers: [register] });
    this.#options = options;
  }

  /** Where the values of these labels go: to be asked for once, and kept. */
  tallyOf(labels: Readonly<Record<string, string>>): Tally {
    const key = JSON.stringify(this.#options.labelNames.map((name) => labels[name]));
    const known = this.#tallies.get(key);
    if (known !== undefined) return known.tally;
    const tally = new Tally(this.#options.buckets);
    this.#tallies.set(key, { labels, tally });
    return tally;
  }

  /** What prom-client asks for: `get` makes its answer of this too. */
  getForPromString(): Promise<object> {
    const { name, help } = this.#options;
    const values = [...this.#tallies.values()].flatMap((one) => this.#valuesOf(one));
    return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values });
  }

  #valuesOf({ labels, tally: { counts, sum } }: { labels: Readonly<Record<string, string>>; tally: Tally }) {
    const { name, buckets } = this.#options;
    let count = 0;
    const bounded = [...buckets, '+Inf'].map((le, index) => {
      count += counts[index] ?? 0;
      return { metricName: `${name}_bucket`, labels: { le }, sharedLabels: labels, value: count };
    });
    return [
      ...bounded,
      { metricName: `${name}_sum`, labels: {}, sharedLabels: labels, value: sum },
      { metricName: `${name}_count`, labels: {}, sharedLabels: labels, value: count },
    ];
  }
}
