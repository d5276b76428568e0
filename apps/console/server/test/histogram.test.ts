import { createMetrics, TalliedHistogram } from '@esteira/observability';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketsIn, countOf, inAll, Lately, quantileOf, type Buckets } from '../src/overview/histogram.ts';

const BOUNDS = [0.1, 1, 10];

/** What a process with these values exposes. */
async function metricsOf(values: Readonly<Record<string, readonly number[]>>): Promise<string> {
  const register = createMetrics({ app: 'test' });
  const options = { name: 'esteira_attempt_seconds', help: 'h', labelNames: ['lane'], buckets: BOUNDS, register };
  const histogram = new TalliedHistogram(options);
  for (const [lane, some] of Object.entries(values)) for (const value of some) histogram.tallyOf({ lane }).add(value);
  return register.metrics();
}

const read = async (values: Readonly<Record<string, readonly number[]>>) =>
  bucketsIn(await metricsOf(values), 'esteira_attempt_seconds');

describe('a histogram of a consumer', () => {
  it('is read from what it exposes, all lanes together, and no other with it', async () => {
    const buckets = await read({ primary: [0.05, 0.5, 20], bulk: [0.07, 5] });
    expect(buckets.map(({ bound, count }) => [bound, count])).toEqual([
      [0.1, 2],
      [1, 3],
      [10, 4],
      [Infinity, 5],
    ]);
    expect(bucketsIn(await metricsOf({ primary: [1] }), 'esteira_attempt')).toEqual([]);
  });

  it('has no quantile without values, and none beyond its largest bound', async () => {
    expect(quantileOf([], 0.5)).toBeNull();
    expect(quantileOf(await read({ primary: [] }), 0.5)).toBeNull();
    expect(quantileOf(await read({ primary: [100, 200] }), 0.99)).toBe(10);
  });

  it('has quantiles that lie in the bucket of the value, whatever the values', async () => {
    const value = fc.double({ min: 0.001, max: 9.9, noNaN: true });
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 50 }), async (values) => {
        const buckets = await read({ primary: values });
        const sorted = values.toSorted((one, other) => one - other);
        for (const share of [0.5, 0.99]) {
          const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
          const upper = BOUNDS.find((bound) => bound >= exact) ?? 0;
          const lower = BOUNDS.findLast((bound) => bound < exact) ?? 0;
          const quantile = quantileOf(buckets, share) ?? -1;
          // Sums of fractions are not exact.
          expect(quantile).toBeGreaterThan(lower - 1e-9);
          expect(quantile).toBeLessThan(upper + 1e-9);
        }
      }),
    );
  });

  it('is added to those of other consumers', async () => {
    const both = inAll([await read({ primary: [0.05, 5] }), await read({ primary: [0.5, 0.5] })]);
    expect(both).toEqual(await read({ primary: [0.05, 5, 0.5, 0.5] }));
    expect(inAll([])).toEqual([]);
  });
});

describe('what came to a histogram lately', () => {
  const buckets = (small: number, all: number): Buckets => [
    { bound: 1, count: small },
    { bound: Infinity, count: all },
  ];

  it('is what came within a minute', () => {
    const lately = new Lately();
    expect(countOf(lately.add('a', buckets(100, 200), 0))).toBe(0);
    expect(lately.add('a', buckets(104, 210), 30_000)).toEqual(buckets(4, 10));
    expect(lately.add('a', buckets(104, 211), 85_000)).toEqual(buckets(4, 11));
    expect(lately.add('a', buckets(104, 213), 91_000)).toEqual(buckets(0, 3));
    expect(countOf(lately.add('b', buckets(1, 1), 91_000))).toBe(0);
  });

  it('begins anew where its process was started again', () => {
    const lately = new Lately();
    lately.add('a', buckets(100, 200), 0);
    expect(countOf(lately.add('a', buckets(1, 2), 1_000))).toBe(0);
    expect(lately.add('a', buckets(2, 4), 2_000)).toEqual(buckets(1, 2));
  });
});
