import fc from 'fast-check';
import { expect, it } from 'vitest';
import { firstProbes, windowOf } from '../src/intake-window.ts';

it('a session and those before it never hold more than the prefetch together', () => {
  fc.assert(
    fc.property(fc.nat(100), fc.nat(100), fc.nat(100), (prefetch, elsewhere, probes) => {
      const window = windowOf({ prefetch, elsewhere, probes });
      expect(window).toBeGreaterThanOrEqual(0);
      expect(window + elsewhere).toBeLessThanOrEqual(Math.max(prefetch, elsewhere));
      expect(window).toBeLessThanOrEqual(probes);
    }),
  );
});

it('probes are two, one where only one runs at once, and without end where nothing is in doubt', () => {
  expect([firstProbes(true, 32), firstProbes(true, 1), firstProbes(false, 32)]).toEqual([2, 1, Infinity]);
});
