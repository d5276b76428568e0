import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createMetrics, Histogram, TalliedHistogram } from '../src/index.ts';

const buckets = [0.5, 1, 10];
const options = { name: 'h', help: 'What it is.', labelNames: ['lane'], buckets };

it('a tallied histogram reads as the one of prom-client that was given the same values', async () => {
  const values = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: -1, max: 12 })), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(values, async (all) => {
      const [ours, theirs] = [createMetrics({ app: 'x' }), createMetrics({ app: 'x' })];
      const tallied = new TalliedHistogram({ ...options, register: ours });
      const histogram = new Histogram({ ...options, registers: [theirs] });
      for (const [lane, value] of all) {
        tallied.tallyOf({ lane }).add(value);
        histogram.observe({ lane }, value);
      }
      expect(await ours.getSingleMetricAsString('h')).toBe(await theirs.getSingleMetricAsString('h'));
    }),
    { numRuns: 20 },
  );
});
